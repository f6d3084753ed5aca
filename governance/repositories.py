"""Reading runs."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q, QuerySet

from governance.models import ADMINISTRATIVE, PRIVATE, Run
from governance.visibility import ANYTHING, hidden
from lakehouse_project.kernel.callers import current_request
from lakehouse_project.kernel.errors import NotFound
from lakehouse_project.kernel.rows import Rows

COLUMNS = tuple(field.attname for field in Run._meta.concrete_fields)


SEES_ALL = "governance.change_run"
"""The permission to see and cancel what others have asked for."""


def visible_runs() -> QuerySet[Run]:
    """Those that are not of a data set that is hidden from the caller, nor for administrators alone."""
    request, names = current_request(), hidden()
    runs = Run.objects.all()
    if names:
        of_hidden = Q(inputs__dataset__in=names) | Q(inputs__source__in=[*_sources(names)])
        of_hidden |= Q(inputs__datasets__has_any_keys=[*names, ANYTHING])
        runs = runs.exclude(pk__in=Run.objects.filter(of_hidden).values("pk"))
    user = getattr(request, "user", None)
    sees_all = request is None or (user is not None and user.has_perm(SEES_ALL))
    return runs if sees_all else runs.exclude(kind__in=ADMINISTRATIVE)


def _sources(names: Iterable[str]) -> Iterator[str]:
    """What exports call the lists of these data sets."""
    for name in names:
        yield f"bronze/{name}"
        yield f"bronze/datasets/{name}/records"


class Runs:
    """Runs that concern all, newest first: not what somebody looks for on their own account."""

    def rows(self, *, kind: str | None = None, state: str | None = None) -> Rows:
        rows = visible_runs().exclude(kind__in=PRIVATE)
        if kind:
            rows = rows.filter(kind=kind)
        if state:
            rows = rows.filter(state=state)
        return Rows(rows, ("-created_at", "id"), COLUMNS)

    def get(self, run_id: UUID) -> Run:
        """Raises `NotFound`."""
        run = visible_runs().exclude(kind__in=PRIVATE).filter(pk=run_id).first()
        if run is None:
            raise NotFound(f"There is no run {run_id}.")
        return run
