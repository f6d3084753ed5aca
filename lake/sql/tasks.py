"""The task that answers queries."""

from contextlib import suppress

from celery import shared_task

from lake.sql.services import AnswerQuery
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve


@shared_task(name="lake.query")
def run_query(run_id: str) -> None:
    """Its run says how it went; trying again is up to who asked."""
    with suppress(LakehouseError):
        resolve(AnswerQuery)(run_id)
