"""Tasks of the lake queue."""

from lake.sql.tasks import run_query

__all__ = ["run_query"]
