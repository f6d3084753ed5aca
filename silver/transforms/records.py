"""What the transforms of all data sets share: raw records in, typed rows of one table out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl
import polars.selectors as cs

VALID = "valid"
DELETED = "deleted"


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
