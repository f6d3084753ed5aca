"""Frames as Parquet files, and the statistics of them that the Delta log keeps."""

import hashlib
import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

ROWS_PER_FILE = 1_000_000
ROWS_PER_GROUP = 131_072
LONGEST_TEXT = 64
"""Limits of texts that are longer are left out of the statistics: they would be cut, and a cut maximum is none."""


@dataclass(frozen=True)
class ParquetFile:
    """A file that is ready to be stored. `stats` is the JSON of the Delta log."""

    content: bytes
    sha256: str
    rows: int
    stats: str


def parquet_files(frame: pl.DataFrame) -> Iterator[ParquetFile]:
    """The rows, in their order, as files with zstd and statistics. The same rows give the same bytes."""
    for part in frame.iter_slices(ROWS_PER_FILE):
        buffer = io.BytesIO()
        part.write_parquet(buffer, compression="zstd", statistics=True, row_group_size=ROWS_PER_GROUP)
        content = buffer.getvalue()
        yield ParquetFile(content, hashlib.sha256(content).hexdigest(), part.height, stats_of(part))


def stats_of(frame: pl.DataFrame) -> str:
    """Rows, nulls, least and greatest values, as the Delta protocol has them ("Per-file Statistics")."""
    limited = [column for column in frame if column.dtype != pl.Boolean]
    least = {column.name: _as_json(column.min(), is_upper=False) for column in limited}
    most = {column.name: _as_json(column.max(), is_upper=True) for column in limited}
    return json.dumps(
        {
            "numRecords": frame.height,
            "minValues": {name: value for name, value in least.items() if value is not None},
            "maxValues": {name: value for name, value in most.items() if value is not None},
            "nullCount": {column.name: column.null_count() for column in frame},
        }
    )


def _as_json(value: Any, *, is_upper: bool) -> Any:
    """None where there is no limit, or none that can be told exactly enough."""
    match value:
        case datetime():
            return _milliseconds(value, is_upper=is_upper)
        case date():
            return value.isoformat()
        case Decimal() | float():
            return float(value) if _is_exact(value) else None
        case str():
            return value if len(value) <= LONGEST_TEXT else None
    return value


def _milliseconds(value: datetime, *, is_upper: bool) -> str:
    """Some readers keep whole milliseconds only: the lower limit is rounded down, the upper one up."""
    whole = value.replace(microsecond=value.microsecond // 1000 * 1000)
    if is_upper and whole != value:
        whole += timedelta(milliseconds=1)
    return f"{whole.astimezone(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


def _is_exact(value: Decimal | float) -> bool:
    return math.isfinite(value) and Decimal(repr(float(value))) == Decimal(str(value))
