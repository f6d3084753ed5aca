"""Tasks of the silver queue."""

from celery import shared_task

from governance.feed import drain
from lakehouse_project.kernel.services import resolve
from silver.services import RefineChanges


@shared_task(name="silver.refine")  # type: ignore[untyped-decorator]  # celery has no types
def refine() -> None:
    """Refine what changed in bronze, until nothing is left."""
    drain(lambda: resolve(RefineChanges)() is not None)
