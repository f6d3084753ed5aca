"""Small helpers to compose SQL over tables and columns that only the specification knows."""

from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import connection
from psycopg import sql

from lakehouse_project.kernel.copy import copy_in

Part = str | sql.Composable


def compose(template: str, **parts: Part) -> sql.Composed:
    """Fill `template`: a string is the name of a table or column, anything else is SQL."""
    return sql.SQL(template).format(
        **{name: sql.Identifier(part) if isinstance(part, str) else part for name, part in parts.items()}
    )


def execute(template: str, params: Any = None, **parts: Part) -> int:
    """Run one statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(compose(template, **parts), params)
        return int(cursor.rowcount)


def fetch(template: str, params: Any = None, **parts: Part) -> list[tuple[Any, ...]]:
    """Run one query and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(compose(template, **parts), params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def columns(names: Iterable[str], of: str = "") -> sql.Composable:
    """The columns `names` (of the table alias `of`), separated by commas."""
    return sql.SQL(", ").join(sql.Identifier(of, name) if of else sql.Identifier(name) for name in names)


def same(names: Iterable[str]) -> sql.Composable:
    """Condition that the rows `n` and `f` agree in the columns `names`."""
    return sql.SQL(" AND ").join(compose("n.{name} = f.{name}", name=name) for name in names)


def stage(table: str, rows: pl.DataFrame, keys: Iterable[str], *, prefix: str = "stage") -> str:
    """Copy `rows` into an emptied temporary table with columns as `table` has them; return its name.

    `keys` are the columns that it will be joined by. With one `prefix` a table is always staged with the same columns.
    """
    name = f"{prefix}_{table}"
    execute(
        "CREATE TEMP TABLE IF NOT EXISTS {stage} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA",
        stage=name,
        table=table,
        columns=columns(rows.columns),
    )
    execute("TRUNCATE {stage}", stage=name)
    copy_in(name, rows)
    execute("ANALYZE {stage} ({keys})", stage=name, keys=columns(keys))
    return name
