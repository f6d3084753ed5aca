"""Conversion into the reporting currency."""

import polars as pl

from lakehouse_project.kernel.parsing import MONEY

_EXACT = pl.Decimal(38, 10)
"""Holds an amount (2 places) times a rate (8 places) without rounding."""


def in_reporting_currency(
    rows: pl.DataFrame, rates: pl.DataFrame, *, amount: str, day: pl.Expr
) -> pl.DataFrame:
    """Add column `<amount>_reporting`: `amount` (in column `currency`) by the latest rate on or before `day`, a date.

    Half-even rounding to 2 places; null without a rate or beyond 18 digits. `rates` has `currency`, `date`, `rate` (worth of
    one unit in the reporting currency, which has rate 1 itself) and `until`, the last day on which it holds (null: until the
    next).
    """
    dated = rates.select("currency", _day="date", _rate="rate", _until="until").sort("_day")
    joined = (
        rows.with_columns(_day=day)
        .sort("_day")
        .join_asof(dated, on="_day", by="currency", check_sortedness=False)
    )
    holds = pl.col("_until").is_null() | (pl.col("_day") <= pl.col("_until"))
    converted = (pl.col(amount).cast(_EXACT) * pl.col("_rate")).round(2).cast(MONEY, strict=False)
    named = pl.when(holds).then(converted).alias(f"{amount}_reporting")
    return joined.with_columns(named).drop("_day", "_rate", "_until")
