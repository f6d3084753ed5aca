"""Frames to and from PostgreSQL by COPY, over Django's own connection.

Inside `transaction.atomic()` the copied rows commit together with everything else of the transaction.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.db import connection
from psycopg import sql

NULL = r"\N"
"""Null on the way in. Backslashes of strings are doubled, so a cell that reads \\N survives."""

ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
"""Characters with a meaning in the text format of COPY, which the server reads faster than CSV."""

NULL_OUT = "\x01"
"""Null on the way out: PostgreSQL quotes strings only where it must, so the mark has to be a control character."""


@dataclass(frozen=True)
class CopyText:
    """The rows of a frame in the text format of COPY."""

    columns: Sequence[str]
    height: int
    text: io.BytesIO


def copy_text(frame: pl.DataFrame) -> CopyText:
    """Write `frame` down for `copy_in`; in a thread, for example, while another copies.

    Nested columns are not accepted: encode them as JSON text first. Binary and NaN are not accepted either.
    """
    buffer = io.BytesIO()
    _escaped(frame).write_csv(
        buffer, include_header=False, separator="\t", null_value=NULL, quote_style="never"
    )
    return CopyText(frame.columns, frame.height, buffer)


def copy_in(table: str | sql.Identifier, rows: pl.DataFrame | CopyText) -> int:
    """Append rows to `table` (columns by name) and return their number."""
    text = rows if isinstance(rows, CopyText) else copy_text(rows)
    if not text.height:
        return 0
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table) if isinstance(table, str) else table,
        sql.SQL(", ").join(map(sql.Identifier, text.columns)),
    )
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.text.getbuffer())
    return text.height


def _escaped(frame: pl.DataFrame) -> pl.DataFrame:
    """Only columns that need it are written anew: looking for a character is cheaper by far than replacing it."""
    odd = frame.select(pl.col(pl.String).str.contains(r"[\\\t\n\r]").any())
    names = [column.name for column in odd if column.item()]
    return frame.with_columns(pl.col(names).str.replace_many(list(ESCAPES), list(ESCAPES.values())))


def array_literal(texts: pl.Series) -> str:
    """The text of a PostgreSQL `text[]`, for a cast; psycopg would take many times as long over each element."""
    quoted = texts.str.replace_many(["\\", '"'], [r"\\", r"\""])
    elements = pl.select(pl.format('"{}"', quoted).fill_null("NULL")).to_series()
    return "{" + ",".join(elements) + "}"


def copy_out(query: str, params: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
    """Run `query` and return its rows as a frame in which every column is a string or null.

    Cast with the expressions of `lakehouse_project.kernel.parsing`. The whole result is held in memory: page the query.
    """
    buffer = io.BytesIO()
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER true, NULL '{NULL_OUT}')"
    with connection.cursor() as cursor, cursor.copy(statement, params) as copy:
        for block in copy:
            buffer.write(block)
    buffer.seek(0)
    return pl.read_csv(buffer, infer_schema=False, null_values=NULL_OUT, empty_string_is_null=False)


def copy_pages(query: str, *, after: str, size: int = 100_000) -> Iterator[pl.DataFrame]:
    """Yield the rows of `query` in pages of `size`, so that memory does not grow with the result.

    `query` holds the placeholders `%(after)s` and `%(size)s` and sorts by column `after`, a positive integer.
    """
    last = 0
    while True:
        page = copy_out(query, {"after": last, "size": size})
        if page.is_empty():
            return
        yield page
        last = int(page[after][-1])
