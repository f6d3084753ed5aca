"""Tasks of governance."""

from celery import shared_task

from governance.operations.services import ForgetOperations
from lakehouse_project.kernel.services import resolve


@shared_task(name="governance.forget_operations")
def forget_operations() -> None:
    """Remove what ended long ago, with its files, and give up what nobody took up."""
    resolve(ForgetOperations)()
