"""Tasks of the gold queue."""

from contextlib import suppress

from celery import shared_task

from gold.services import RefreshMarts, RefreshViews, WriteFiles
from governance.backoff import is_resting
from governance.errors import OperationCancelled
from governance.feed import drain
from governance.services import track
from lakehouse_project.kernel.services import resolve


@shared_task(name="gold.refresh")
def refresh() -> None:
    """Bring marts, views and files up to date; returns at once where nothing has changed."""
    if not is_resting("marts"):
        drain(lambda: resolve(RefreshMarts)().total > 0)
    resolve(RefreshViews)()
    resolve(WriteFiles)()


@shared_task(name="gold.run")
def run(run_id: str, *, everything: bool) -> None:
    """What somebody has asked for: compute what has changed, or all."""
    with suppress(OperationCancelled):
        if not everything:
            with track("pipeline", run_id=run_id):
                refresh()
            return
        resolve(RefreshMarts).everything(run_id=run_id)
        resolve(RefreshViews)()
        resolve(WriteFiles)()
