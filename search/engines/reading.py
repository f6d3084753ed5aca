"""Reading from the database."""

from collections.abc import Mapping
from typing import Any

from django.db import connection


def rows(statement: str, params: Mapping[str, Any]) -> list[Any]:
    """All rows of the answer."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
