"""The Celery application of beat: it only sends task names, so it does without Django and its memory."""

from celery import Celery

from lakehouse_project.queues import configure

app = configure(Celery("lakehouse"))
