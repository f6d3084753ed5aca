"""Tasks of the search queue."""

from celery import shared_task

from governance.backoff import is_resting
from governance.feed import drain
from lakehouse_project.kernel.services import resolve
from search.services import ProjectChanges


@shared_task(name="search.project")
def project() -> None:
    """Bring the index up to date, until nothing is left."""
    if not is_resting("projection"):
        drain(lambda: resolve(ProjectChanges)().total > 0)
