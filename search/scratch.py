"""An empty index for a trial, in place of the real one, for this connection alone."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_TABLES = ("search_searchdocument", "search_searchterm")


@contextmanager
def empty_index() -> Iterator[None]:
    """Let temporary tables hide those of the index. PostgreSQL drops them with the connection, however it ends."""
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"CREATE TEMP TABLE {table} (LIKE {table} INCLUDING ALL)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DISCARD TEMP")


def analyze() -> None:
    """Tell the planner what the tables hold: nobody else does that for temporary ones."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(_TABLES)}")
