"""The Celery application of workers and of whoever sends tasks."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging, task_prerun, worker_ready

from lakehouse_project.calls import begun
from lakehouse_project.queues import configure

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lakehouse_project.settings")
# They judge the code, and for that load every page and route: half of the start of a worker, and memory that it keeps.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")

app = configure(Celery("lakehouse"))
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


@task_prerun.connect
def _may_be_called_again(task: Any, **_: Any) -> None:
    begun(task.name)


@worker_ready.connect
def _tell_of_interrupted_runs(**_: Any) -> None:
    from governance.services import cancel_interrupted  # noqa: PLC0415  Django is set up by now

    cancel_interrupted()
