"""Reading runs."""

from uuid import UUID

from governance.models import PRIVATE, Run
from lakehouse_project.kernel.errors import NotFound
from lakehouse_project.kernel.pagination import PageOf


class Runs:
    """Runs that concern all, newest first: not what somebody looks for on their own account."""

    def page(self, window: slice, *, kind: str | None = None, state: str | None = None) -> PageOf:
        rows = Run.objects.exclude(kind__in=PRIVATE)
        if kind:
            rows = rows.filter(kind=kind)
        if state:
            rows = rows.filter(state=state)
        return PageOf(list(rows[window]), rows.count())

    def get(self, run_id: UUID) -> Run:
        """Raises `NotFound`."""
        run = Run.objects.exclude(kind__in=PRIVATE).filter(pk=run_id).first()
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run
