"""Sums and quotients of amounts. All are decimals; quotients are rounded half to even."""

import polars as pl

SUM = pl.Decimal(30, 2)
"""A sum of amounts: more digits than what is summed."""

RATIO = pl.Decimal(38, 4)


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """`part` of `whole` to 4 places, within 0 and 1; 0 of a whole that is not above 0."""
    share = part.cast(RATIO) / _above_zero(whole).cast(RATIO)
    return share.clip(0, 1).fill_null(0)


def average(total: pl.Expr, count: pl.Expr) -> pl.Expr:
    """`total`, a sum, by `count` to 2 places; 0 for a count of 0."""
    return (total / _above_zero(count)).cast(SUM).fill_null(0)


def _above_zero(number: pl.Expr) -> pl.Expr:
    return pl.when(number > 0).then(number)
