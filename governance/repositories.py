"""Reading runs."""

from uuid import UUID

from django.db.models import QuerySet

from governance.models import Run
from governance.visibility import hidden
from lakehouse_project.kernel.errors import NotFound
from lakehouse_project.kernel.pagination import PageOf


def visible_runs() -> QuerySet[Run]:
    """Those that are not of a data set that is hidden from the caller."""
    names = list(hidden())
    return Run.objects.exclude(inputs__dataset__in=names) if names else Run.objects.all()


class Runs:
    """Runs, newest first."""

    def page(self, window: slice, *, kind: str | None = None, state: str | None = None) -> PageOf:
        rows = visible_runs()
        if kind:
            rows = rows.filter(kind=kind)
        if state:
            rows = rows.filter(state=state)
        return PageOf(list(rows[window]), rows.count())

    def get(self, run_id: UUID) -> Run:
        """Raises `NotFound`."""
        run = visible_runs().filter(pk=run_id).first()
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run
