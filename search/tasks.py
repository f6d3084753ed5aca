"""Tasks of the search queue."""

from celery import shared_task

from lakehouse_project.kernel.services import resolve
from search.services import ProjectChanges


@shared_task(name="search.project")  # type: ignore[untyped-decorator]
def project(**_event: object) -> dict[str, int]:
    """Bring the index up to date; returns passages by what became of them."""
    return vars(resolve(ProjectChanges)())
