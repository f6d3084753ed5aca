"""Tasks of the lake queue."""

from contextlib import suppress

from celery import shared_task

from governance.backoff import is_resting
from governance.feed import drain
from lake.services import PublishLake, VacuumLake
from lake.sql.tasks import run_query
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

__all__ = ["publish", "publish_now", "run_query", "vacuum"]


@shared_task(name="lake.publish")
def publish() -> None:
    """Publish what has changed, until nothing is left."""
    if not is_resting("lake"):
        drain(lambda: not resolve(PublishLake)().is_nothing)


@shared_task(name="lake.publish_now")
def publish_now(run_id: str, *, everything: bool = False) -> None:
    """As somebody asked for. Its run says how it went."""
    service = resolve(PublishLake)
    with suppress(LakehouseError):
        (service.everything if everything else service)(run_id=run_id)


@shared_task(name="lake.vacuum")
def vacuum() -> None:
    """Delete the files that no reader needs any more."""
    resolve(VacuumLake)()
