"""Small Delta tables as the lake publishes them: folders year=/month=/day= with unpadded numbers."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import polars as pl

from lake.sql.children import Children
from lake.sql.domain import Limits, TableAddress
from lake.sql.embedded import EmbeddedEngine
from lake.sql.estimating import Estimator, Guard, Tables
from lake.sql.fetching import LocalFiles
from lake.sql.planning import Planner

FIRST_DAY = dt.datetime(2023, 12, 1, tzinfo=dt.UTC)
PARTITIONS = ["year", "month", "day"]


def orders(days: int = 62, per_day: int = 12) -> pl.DataFrame:
    """Orders of December 2023, January 2024 and on: every second hour one."""
    at = [
        FIRST_DAY + dt.timedelta(days=day, hours=2 * hour) for day in range(days) for hour in range(per_day)
    ]
    number = range(len(at))
    return with_partitions(
        pl.DataFrame(
            {
                "order_id": [f"O{each}" for each in number],
                "user_id": [f"U{each % 7}" for each in number],
                "ordered_at": at,
                "status": [("paid", "shipped", "returned")[each % 3] for each in number],
                "amount": pl.Series([Decimal(each % 100) for each in number], dtype=pl.Decimal(18, 2)),
            }
        ),
        "ordered_at",
    )


def with_partitions(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    at = pl.col(column).dt
    return frame.with_columns(
        year=at.year().cast(pl.Int32), month=at.month().cast(pl.Int32), day=at.day().cast(pl.Int32)
    )


def write(
    frame: pl.DataFrame, uri: str | Path, *, options: dict[str, str] | None = None, flat: bool = False
) -> None:
    frame.write_delta(
        str(uri),
        mode="overwrite",
        storage_options=options,
        delta_write_options={} if flat else {"partition_by": PARTITIONS},
    )


@dataclass(frozen=True)
class Lake:
    """Tables at addresses of their own."""

    tables: Sequence[TableAddress]

    def addresses(self) -> Sequence[TableAddress]:
        return self.tables


CHILDREN = Children(memory_mb=256)

ROOMY = Limits(scan_bytes=10**9, seconds=30, memory_mb=256, rows=1000)


def estimator_of(*tables: TableAddress) -> Estimator:
    return estimator_over(Lake(tables))


def estimator_over(tables: Tables) -> Estimator:
    return Estimator(tables=tables, planner=Planner(CHILDREN))


def engine_in(folder: Path, limits: Limits = ROOMY) -> EmbeddedEngine:
    files = LocalFiles(folder=folder / "cache", megabytes=100)
    return EmbeddedEngine(limits=limits, files=files, temporary=folder / "tmp", children=CHILDREN)


ANY = Guard(scan_bytes=ROOMY.scan_bytes)
