"""The Celery application: one queue per layer, tasks that survive a killed worker."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging
from kombu import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lakehouse_project.settings")

from lakehouse_project.env import env  # noqa: E402  needs the line above

QUEUES = ("bronze", "silver", "gold", "search")
LONGEST_TASK_SECONDS = 6 * 3600

app = Celery("lakehouse", broker=env().broker() or "redis://127.0.0.1:1/0")
app.conf.update(
    task_queues=[Queue(name) for name in QUEUES],
    task_default_queue="bronze",
    task_routes={f"{name}.*": {"queue": name} for name in QUEUES},
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": LONGEST_TASK_SECONDS, "socket_keepalive": True},
    beat_schedule={
        stage: {"task": stage, "schedule": env().pipeline_interval_seconds, "options": {"expires": 60}}
        for stage in ("bronze.load_received", "silver.refine", "gold.refresh", "search.project")
    },
    timezone="UTC",
)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery would replace the handlers that the settings have set up."""


@celeryd_init.connect
def _take_back_lost_tasks(**_: Any) -> None:
    """Return what a killed worker held. No worker lives yet at this moment, and tasks are idempotent.

    Without it such a task would wait for the visibility timeout, which is as long as the longest task.
    """
    with app.connection_for_read() as connection:
        channel = connection.default_channel
        channel.visibility_timeout = 0
        channel.qos.restore_visible(num=None, interval=1)
