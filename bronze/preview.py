"""What a dry run shows: the first rows of the file and the first updates."""

from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl
from django.db import connection

from bronze.domain import FieldChange, PreviewRow, PreviewUpdate
from bronze.history import changed_fields, decoded

SHOWN = 20

UPDATES = """
SELECT record.key, record.line, before.payload, record.payload, record.conflict
FROM bronze_rawrecord AS record
CROSS JOIN LATERAL (
    SELECT payload, status FROM bronze_recordhistory
    WHERE pgh_obj_id = record.id AND source_file_id IS DISTINCT FROM %(file)s
    ORDER BY revision DESC LIMIT 1
) AS before
WHERE record.source_file_id = %(file)s
ORDER BY record.line, record.id LIMIT %(shown)s
"""


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


def _row(row: dict[str, Any]) -> PreviewRow:
    errors = orjson.loads(row["errors"])
    return PreviewRow(
        line=row["line"],
        fields=orjson.loads(row["payload"]),
        raw_text=row["raw_text"],
        status="quarantined" if errors else "valid",
        errors=errors,
    )


def updates_by(file_id: int) -> list[PreviewUpdate]:
    """The first updates that a file has made in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(UPDATES, {"file": file_id, "shown": SHOWN})
        return [_update(*row) for row in cursor.fetchall()]


def _update(key: str, line: int | None, old: Any, new: Any, conflict: Any) -> PreviewUpdate:
    old, new = decoded(old), decoded(new)
    changes = [
        FieldChange(field=name, old=old.get(name), new=new.get(name)) for name in changed_fields(old, new)
    ]
    return PreviewUpdate(key=key, line=line, changes=changes, conflicts=list(decoded(conflict)))
