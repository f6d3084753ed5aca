"""Who listens to which event: the wiring between the layers, and nothing else."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from lakehouse_project.calls import not_called_yet
from lakehouse_project.celery import app

LISTENERS: Mapping[str, tuple[str, ...]] = {
    "bronze.seed_wanted": ("bronze.seed",),
    "bronze.rates_wanted": ("bronze.fetch_rates",),
    "bronze.file_received": ("bronze.load_file",),
    "bronze.text_wanted": ("bronze.extract_wanted",),
    "bronze.changed": ("silver.refine", "gold.refresh", "search.project"),
    "silver.changed": ("gold.refresh", "search.project", "lake.publish"),
    "gold.changed": ("lake.publish",),
    "lake.changed": ("lake.follow",),
    "search.changed": ("search.mirror",),
    "search.reindex_wanted": ("search.reindex",),
    "search.reconcile_wanted": ("search.reconcile",),
    "silver.run_wanted": ("silver.run",),
    "gold.run_wanted": ("gold.run",),
    "search.run_wanted": ("search.run",),
    "lake.run_wanted": ("lake.run",),
    "lake.query_wanted": ("lake.query",),
    "lake.backup_wanted": ("lake.create_backup",),
    "lake.verification_wanted": ("lake.verify_backup",),
    "lake.prune_wanted": ("lake.prune_backups",),
    "gold.export_wanted": ("gold.write_export",),
}

log = structlog.get_logger(__name__)


class CeleryEventBus:
    """Publishes by sending the listening tasks to the queues of their layers."""

    def publish(self, name: str, **payload: Any) -> None:
        """See `EventBus`. If the broker is down the event is logged and dropped: what has to be done is in the
        database, and the periodic run of each stage finds it there."""
        tasks = LISTENERS[name]
        transaction.on_commit(lambda: _send(tasks, payload))


def _send(tasks: tuple[str, ...], payload: dict[str, Any]) -> None:
    """A task without anything to be told looks for all there is to do, and need not be called twice."""
    try:
        for task in tasks if payload else not_called_yet(tasks):
            app.send_task(task, kwargs=payload, retry=False)
    except (OperationalError, RedisError) as error:
        log.warning("event_not_sent", tasks=tasks, error=str(error))
