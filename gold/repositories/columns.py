"""Columns and parameters of the queries of the marts."""

from collections.abc import Sequence
from typing import Any

import polars as pl


def as_list(values: Sequence[Any] | None) -> list[Any] | None:
    """The array that a query takes; None, which stands for all, stays None."""
    return None if values is None else list(values)


def timestamp(column: str) -> pl.Expr:
    """Datetime in UTC of PostgreSQL's text, which leaves out the fraction of a whole second."""
    text = pl.col(column).str.strip_suffix("+00")
    return pl.coalesce(
        text.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False)
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f")
    )
