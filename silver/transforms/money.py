"""Conversion into the reporting currency."""

import polars as pl

from lakehouse_project.kernel.parsing import MONEY, RATE

_EXACT = pl.Decimal(38, 10)
"""Holds an amount (2 places) times a rate (8 places) without rounding."""


def in_reporting_currency(
    rows: pl.DataFrame, rates: pl.DataFrame, *, reporting: str, amount: str, day: str, to: str
) -> pl.DataFrame:
    """Add column `to`: `amount` (in column `currency`) by the latest rate on or before the date in column `day`.

    Half-even rounding to 2 places; null without a rate or beyond 18 digits. `rates` has `currency`, `date`, `rate` (worth of
    one unit); the reporting currency needs none.
    """
    dated = rates.select("currency", pl.col("date").alias(day), pl.col("rate").alias("_rate"))
    joined = rows.sort(day).join_asof(dated.sort(day), on=day, by="currency", check_sortedness=False)
    rate = pl.when(pl.col("currency") == reporting).then(pl.lit(1).cast(RATE)).otherwise("_rate")
    converted = (pl.col(amount).cast(_EXACT) * rate).round(2).cast(MONEY, strict=False)
    return joined.with_columns(converted.alias(to)).drop("_rate")
