"""What a dry run shows: the first rows of the file and the first updates."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl
from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

from bronze.domain import FieldChange, PreviewRow, PreviewUpdate, Reason
from bronze.errors import DatasetBusy
from bronze.history import changed_fields, decoded
from bronze.incoming import NO_ERRORS
from bronze.readers import RowBatch
from bronze.transactions import rolled_back

SHOWN = 20
LONGEST_WAIT = "3s"

UPDATES = """
SELECT record.key, record.line, before.payload, record.payload, record.conflict
FROM bronze_rawrecord AS record
CROSS JOIN LATERAL (
    SELECT payload, status FROM bronze_recordhistory
    WHERE pgh_obj_id = record.id AND source_file_id IS DISTINCT FROM %(file)s
    ORDER BY revision DESC LIMIT 1
) AS before
WHERE record.source_file_id = %(file)s AND record.status <> 'deleted'
ORDER BY record.line, record.id LIMIT %(shown)s
"""

REPLACEMENTS = """
SELECT record.key, record.line, before.payload, record.payload, '{}'
FROM unnest(%(ids)s::bigint[], %(lines)s::bigint[]) AS returned (id, line)
JOIN bronze_rawrecord AS before ON before.id = returned.id
JOIN bronze_rawrecord AS record ON record.source_file_id = %(file)s AND record.line = returned.line
                               AND record.status <> 'deleted'
ORDER BY record.line, record.id LIMIT %(shown)s
"""
"""Rows that have come back of the quarantine under another key, against what they were there."""


@contextmanager
def dry_run() -> Iterator[None]:
    """A transaction that leaves nothing behind. Raises `DatasetBusy` where it would have to wait for another one."""
    try:
        with rolled_back():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise DatasetBusy(
            "Another file is being loaded into this data set, so that what this one would do cannot be told now. "
            "Try again in a while."
        ) from error


@dataclass
class RowSample:
    """The first rows of a file, in `bronze.incoming.INCOMING_SCHEMA`."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    _height: int = 0

    def add(self, rows: pl.DataFrame) -> None:
        if self._height < SHOWN:
            first = rows.sort("line", maintain_order=True, nulls_last=True).head(SHOWN - self._height)
            self.frames.append(first)
            self._height += first.height

    def rows(self) -> list[PreviewRow]:
        return [_row(row) for frame in self.frames for row in frame.to_dicts()]


@dataclass
class Reasons:
    """Which rules the rows break, and how often."""

    _found: dict[tuple[str, str], Reason] = field(default_factory=dict)

    def add(self, rows: pl.DataFrame) -> None:
        """Rows in `bronze.incoming.INCOMING_SCHEMA`."""
        bad = rows.filter(pl.col("errors") != NO_ERRORS).select("line", "errors")
        for line, errors in bad.iter_rows():
            for error in orjson.loads(errors):
                self._count(line, error)

    def _count(self, line: int | None, error: dict[str, Any]) -> None:
        key = error["field"], error["rule"]
        known = self._found.get(key)
        self._found[key] = (
            known.model_copy(update={"count": known.count + 1})
            if known
            else Reason(field=key[0], rule=key[1], count=1, example=error["message"], line=line)
        )

    def most_frequent_first(self) -> list[Reason]:
        return sorted(self._found.values(), key=lambda reason: -reason.count)


@dataclass
class FirstRows:
    """The batches of a file up to some number of rows; then `is_whole` is false."""

    limit: int | None
    is_whole: bool = True

    def of(self, batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
        taken = 0
        for batch in batches:
            if self.limit is not None and taken >= self.limit:
                self.is_whole = False
                return
            taken += batch.rows.height + len(batch.broken)
            yield batch


def _row(row: dict[str, Any]) -> PreviewRow:
    errors = orjson.loads(row["errors"])
    return PreviewRow(
        line=row["line"],
        fields=orjson.loads(row["payload"]),
        raw_text=row["raw_text"],
        status="quarantined" if errors else "valid",
        errors=errors,
    )


def updates_by(file_id: int, replaced: Mapping[int, int]) -> list[PreviewUpdate]:
    """The first updates that a file has made in this transaction. `replaced`: records that have given way -> line of the
    row that took their place."""
    named: dict[str, Any] = {
        "file": file_id,
        "shown": SHOWN,
        "ids": list(replaced),
        "lines": list(replaced.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(UPDATES, named)
        found = {row[:2]: row for row in cursor.fetchall()}
        cursor.execute(REPLACEMENTS, named)
        found = {row[:2]: row for row in cursor.fetchall()} | found
    rows = sorted(found.values(), key=lambda row: (row[1] is None, row[1]))
    return [_update(*row) for row in rows[:SHOWN]]


def _update(key: str, line: int | None, old: Any, new: Any, conflict: Any) -> PreviewUpdate:
    old, new = decoded(old), decoded(new)
    changes = [
        FieldChange(field=name, old=old.get(name), new=new.get(name)) for name in changed_fields(old, new)
    ]
    return PreviewUpdate(key=key, line=line, changes=changes, conflicts=list(decoded(conflict)))
