"""Tasks of the gold queue."""

from celery import shared_task

from gold.services import RefreshMarts, RefreshViews, WriteFiles
from governance.backoff import is_resting
from governance.feed import drain
from lakehouse_project.kernel.services import resolve


@shared_task(name="gold.refresh")
def refresh() -> None:
    """Bring marts, views and files up to date; returns at once where nothing has changed."""
    if not is_resting("marts"):
        drain(lambda: resolve(RefreshMarts)().total > 0)
    resolve(RefreshViews)()
    resolve(WriteFiles)()
