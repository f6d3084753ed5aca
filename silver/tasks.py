from celery import shared_task

from lakehouse_project.kernel.errors import TransientError
from lakehouse_project.kernel.services import resolve
from silver.services import RefineChanges


@shared_task(name="silver.refine", autoretry_for=(TransientError,), max_retries=5, retry_backoff=2)  # type: ignore[untyped-decorator]
def refine() -> dict[str, int]:
    """Refine what changed in bronze; return the counts of the run."""
    result = resolve(RefineChanges)()
    return result.counts if result else {}
