"""Tasks of the lake queue."""

from contextlib import suppress

from celery import shared_task

from governance.backoff import is_resting
from governance.errors import OperationCancelled
from governance.feed import drain
from governance.services import track
from lake.athena.following import FollowPublish
from lake.backups.tasks import back_up_when_due, create_backup, prune_backups, verify_backup
from lake.services import PublishLake, VacuumLake
from lake.sql.tasks import run_query
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

__all__ = [
    "back_up_when_due",
    "create_backup",
    "follow",
    "prune_backups",
    "publish",
    "run",
    "run_query",
    "vacuum",
    "verify_backup",
]


@shared_task(name="lake.publish")
def publish() -> None:
    """Publish what has changed, until nothing is left."""
    if not is_resting("lake"):
        drain(lambda: not resolve(PublishLake)().is_nothing)


@shared_task(name="lake.run")
def run(run_id: str, *, everything: bool) -> None:
    """What somebody has asked for: publish what has changed, or look at everything."""
    with suppress(OperationCancelled):
        if everything:
            resolve(PublishLake).everything(run_id=run_id)
            return
        with track("pipeline", run_id=run_id):
            publish()


@shared_task(name="lake.follow")
def follow() -> None:
    """Athena's Hive partitions follow what was published. Its run says how it went; publish and vacuum try again."""
    with suppress(LakehouseError):
        resolve(FollowPublish)()


@shared_task(name="lake.vacuum")
def vacuum() -> None:
    """Delete the files that no reader needs any more."""
    resolve(VacuumLake)()
