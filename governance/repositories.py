"""Reading runs."""

from uuid import UUID

from governance.models import PRIVATE, Run
from lakehouse_project.kernel.errors import NotFound
from lakehouse_project.kernel.rows import Rows

COLUMNS = tuple(field.attname for field in Run._meta.concrete_fields)


class Runs:
    """Runs that concern all, newest first: not what somebody looks for on their own account."""

    def rows(self, *, kind: str | None = None, state: str | None = None) -> Rows:
        rows = Run.objects.exclude(kind__in=PRIVATE)
        if kind:
            rows = rows.filter(kind=kind)
        if state:
            rows = rows.filter(state=state)
        return Rows(rows, ("-created_at", "id"), COLUMNS)

    def get(self, run_id: UUID) -> Run:
        """Raises `NotFound`."""
        run = Run.objects.exclude(kind__in=PRIVATE).filter(pk=run_id).first()
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run
