"""Tasks of the silver queue."""

from contextlib import suppress

from celery import shared_task

from governance.backoff import is_resting
from governance.feed import FeedBusy
from lakehouse_project.kernel.services import resolve
from silver.services import ForgetChanges, RefineChanges


@shared_task(name="silver.refine")
def refine() -> None:
    """Refine until nothing is left. If another run is at work it does so, and this one has nothing to do."""
    if is_resting("refine"):
        return
    with suppress(FeedBusy):
        for _ in iter(resolve(RefineChanges), None):
            pass
    resolve(ForgetChanges)()
