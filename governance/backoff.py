"""Rest after failures: a stage that fails is tried less and less often, until it works again."""

from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone

from governance.models import Run

STAGES = frozenset({"refine", "marts", "projection", "lake"})
"""The kinds of runs that are tried again by themselves, every few seconds."""

FIRST_REST = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=5)
DOUBLINGS = 10
"""More than it takes to come to the longest rest."""


def is_resting(kind: str, at: datetime | None = None) -> bool:
    """Whether the last runs of `kind` have failed and it is too early, at `at` (else now), to try again."""
    return rest_left(kind, at) > timedelta()


def rest_left(kind: str, at: datetime | None = None) -> timedelta:
    """How long it is too early; nothing where it is not."""
    failures, last = _failures(kind)
    until = last + rest_after(failures) if last else None
    return max(until - (at or timezone.now()), timedelta()) if until else timedelta()


def failures_in_a_row(kind: str) -> int:
    """How many runs of `kind` have failed since one of them did not."""
    return _failures(kind)[0]


def rest_after(failures: int) -> timedelta:
    """Twice as long after each failure in a row, up to `LONGEST_REST`."""
    doublings: int = 1 << min(failures - 1, DOUBLINGS)
    return min(FIRST_REST * doublings, LONGEST_REST)


def _failures(kind: str) -> tuple[int, datetime | None]:
    """How many, and when the last of them ended."""
    runs = Run.objects.filter(kind=kind)
    worked = runs.exclude(state__in=[Run.State.FAILED, Run.State.RUNNING]).order_by("-created_at").first()
    failed = runs.filter(state=Run.State.FAILED)
    if worked:
        failed = failed.filter(created_at__gt=worked.created_at)
    return failed.count(), failed.aggregate(last=Max("finished_at"))["last"]
