"""How tasks travel: one queue per layer, and nothing lost when a worker is killed."""

from typing import Any

from celery import Celery
from kombu.entity import Queue

from lakehouse_project.env import env

QUEUES = ("bronze", "silver", "gold", "search", "lake")
OCR_QUEUE, OCR_TASK = "ocr", "bronze.read_scans"
"""Only with the setting OCR: pages take seconds, and nothing else shall wait for them."""
STAGES = ("bronze.load_received", "silver.refine", "gold.refresh", "search.project", "lake.publish")
VACUUM_TASK, VACUUM_SECONDS = "lake.vacuum", 6 * 3600
MIRROR_STAGE, RECONCILE_TASK = "search.mirror", "search.reconcile"
"""Only with a search server."""
RECONCILE_SECONDS = 3600
RATES_TASK, RATES_SECONDS = "bronze.fetch_rates", 6 * 3600
"""Only with a source of exchange rates, which come once a working day."""
RETENTION_TASK, RETENTION_SECONDS = "governance.forget_operations", 3600
BACKUP_TASK, BACKUP_SECONDS = "lake.back_up_when_due", 900
"""Unless BACKUP_INTERVAL_HOURS is 0; it looks whether the newest backup is as old as that."""
LONGEST_TASK_SECONDS = 6 * 3600


def configure(app: Celery) -> Celery:
    """Set up `app` with the broker of the environment. Tasks are acknowledged once they are done."""
    app.conf.update(
        broker_url=env().broker() or "redis://127.0.0.1:1/0",
        task_queues=[Queue(name) for name in (*QUEUES, OCR_QUEUE)],
        task_default_queue="bronze",
        task_routes={
            OCR_TASK: {"queue": OCR_QUEUE},
            **{f"{name}.*": {"queue": name} for name in QUEUES},
        },
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
        beat_schedule=_schedule(),
        timezone="UTC",
    )
    return app


def _schedule() -> dict[str, Any]:
    is_mirrored = env().typesense_url is not None
    stages = (*STAGES, *([OCR_TASK] if env().ocr else []), *([MIRROR_STAGE] if is_mirrored else []))
    schedule: dict[str, Any] = {
        stage: {"task": stage, "schedule": env().pipeline_interval_seconds, "options": {"expires": 60}}
        for stage in stages
    }
    schedule[RETENTION_TASK] = {
        "task": RETENTION_TASK,
        "schedule": RETENTION_SECONDS,
        "options": {"expires": 600},
    }
    if env().rate_source is not None:
        schedule[RATES_TASK] = {"task": RATES_TASK, "schedule": RATES_SECONDS, "options": {"expires": 600}}
    schedule[VACUUM_TASK] = {"task": VACUUM_TASK, "schedule": VACUUM_SECONDS, "options": {"expires": 600}}
    if env().backup_interval_hours:
        schedule[BACKUP_TASK] = {"task": BACKUP_TASK, "schedule": BACKUP_SECONDS, "options": {"expires": 600}}
    if is_mirrored:
        schedule[RECONCILE_TASK] = {
            "task": RECONCILE_TASK,
            "schedule": RECONCILE_SECONDS,
            "options": {"expires": 600},
        }
    return schedule
