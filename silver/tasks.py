"""Tasks of the silver queue."""

from contextlib import suppress

from celery import shared_task

from governance.backoff import is_resting
from governance.errors import OperationCancelled
from governance.feed import FeedBusy
from governance.services import track
from lakehouse_project.kernel.services import resolve
from silver.services import ForgetChanges, RebuildStar, RefineChanges


@shared_task(name="silver.refine")
def refine() -> None:
    """Refine until nothing is left. If another run is at work it does so, and this one has nothing to do."""
    if is_resting("refine"):
        return
    with suppress(FeedBusy):
        for _ in iter(resolve(RefineChanges), None):
            pass
    resolve(ForgetChanges)()


@shared_task(name="silver.run")
def run(run_id: str, *, everything: bool) -> None:
    """What somebody has asked for: refine what is new, or all."""
    with suppress(OperationCancelled):
        if everything:
            resolve(RebuildStar)(run_id=run_id)
            return
        with track("pipeline", run_id=run_id):
            refine()
