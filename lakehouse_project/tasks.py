"""Where Celery finds the tasks of the composition."""

from lakehouse_project.exports.tasks import write_export

__all__ = ["write_export"]
