"""What the transforms of all data sets share: raw records in, typed rows of one table out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
import polars.selectors as cs

from lakehouse_project.kernel.parsing import parse_datetime

VALID = "valid"
DELETED = "deleted"
QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Refined:
    """Typed rows of one batch. `rejected` counts valid records that lack a required value once they are typed,
    `duplicate` those that gave way to another record with the same natural key."""

    rows: pl.DataFrame
    rejected: int
    duplicate: int


def members(
    records: pl.DataFrame, natural: Sequence[str], *, optional: Sequence[str] = (), **values: pl.Expr
) -> Refined:
    """Rows of a dimension: `is_active` for valid records, inactive for deleted ones as far as they can be read."""
    typed = records.filter(pl.col("record_status").is_in([VALID, DELETED])).select(
        "raw_record_id", is_active=pl.col("record_status") == VALID, **values
    )
    typed = typed.with_columns(_within_calendar(name) for name in typed.select(cs.temporal()).columns)
    complete = typed.drop_nulls([name for name in typed.columns if name not in optional])
    rows = _one_per_key(complete, natural)
    return Refined(
        rows,
        rejected=int(typed["is_active"].sum()) - int(complete["is_active"].sum()),
        duplicate=complete.height - rows.height,
    )


def facts(
    records: pl.DataFrame, natural: Sequence[str], *, optional: Sequence[str] = (), **values: pl.Expr
) -> Refined:
    """Rows of a fact table: valid records only."""
    valid = records.filter(pl.col("record_status") == VALID)
    refined = members(valid, natural, optional=optional, **values)
    return replace(refined, rows=refined.rows.drop("is_active"))


def _within_calendar(name: str) -> pl.Expr:
    """Null for a year 0 or 10000, where a time zone may lead to: no other program knows those years."""
    return pl.when(pl.col(name).dt.year().is_between(1, 9999)).then(pl.col(name)).alias(name)


def _one_per_key(rows: pl.DataFrame, natural: Sequence[str]) -> pl.DataFrame:
    """An active record before one that is gone, then the one with the highest id."""
    return rows.sort("is_active", "raw_record_id").unique(natural, keep="last", maintain_order=True)


def is_empty(name: str) -> pl.Expr:
    """Whether column `name` says nothing: null, or a text without any character."""
    column = pl.col(name)
    return column.is_null() | (column.cast(pl.String) == "")


def newest(records: pl.DataFrame) -> datetime | None:
    """When the last of `records` changed. Their texts are all of one time zone, and so in order."""
    last = records.select(parse_datetime(pl.col("recorded_at").max()))
    moment: datetime | None = last.item()
    return moment
