"""Frames of silver, and of bronze's documents, that marts are computed from."""

import datetime as dt
from collections.abc import Sequence

import polars as pl

from gold import extracts
from gold.domain import Scope
from gold.repositories.columns import as_list, timestamp
from lakehouse_project.kernel.copy import copy_out
from lakehouse_project.kernel.parsing import MONEY, parse_date, parse_integer


class StarFrames:
    """Read on Django's default connection."""

    def hires(self, years: Sequence[int] | None) -> pl.DataFrame:
        """`hired_at`, `department_id`, `department`, `job` of the hires of `years`."""
        frame = copy_out(extracts.HIRES, {"years": as_list(years)})
        return frame.with_columns(timestamp("hired_at"), parse_integer(pl.col("department_id")))

    def departments(self) -> pl.DataFrame:
        """`department_id`, `department` of the active departments."""
        return copy_out(extracts.DEPARTMENTS).with_columns(parse_integer(pl.col("department_id")))

    def users(self, users: Sequence[str] | None) -> pl.DataFrame:
        """`user_id`, `city`, `country`, `postal_code`, `bank`, `created_on` of the current versions of active users."""
        return copy_out(extracts.USERS, {"users": as_list(users)}).with_columns(
            parse_date(pl.col("created_on"))
        )

    def employments(self, users: Sequence[str] | None) -> pl.DataFrame:
        """The employments of `users`, with the columns that `gold.marts.people.user_profiles` asks for."""
        frame = copy_out(extracts.EMPLOYMENTS, {"users": as_list(users)})
        return frame.with_columns(parse_date(pl.col("start_date", "end_date")), pl.col("salary").cast(MONEY))

    def order_lines(self, days: Sequence[dt.date]) -> pl.DataFrame:
        """The order lines of `days`, with the columns that `gold.marts.sales.daily_revenue` asks for."""
        frame = copy_out(extracts.ORDER_LINES, {"days": list(days), "dates": _date_keys(days)})
        return frame.with_columns(
            parse_date(pl.col("day")),
            pl.col("quantity").cast(pl.Int64),
            pl.col("given", "amount").cast(MONEY),
        )

    def logged_events(self, days: Sequence[dt.date]) -> pl.DataFrame:
        """`user_id`, `event_type`, `occurred_at` of the events of `days`."""
        frame = copy_out(extracts.EVENTS, {"days": list(days), "dates": _date_keys(days)})
        return frame.with_columns(timestamp("occurred_at"))

    def documents(self, scope: Scope) -> pl.DataFrame:
        """`sha256`, `user_id` of the documents in `scope` that belong to somebody."""
        return copy_out(extracts.DOCUMENTS, {"documents": as_list(scope.values)})


def _date_keys(days: Sequence[dt.date]) -> list[int]:
    return [0, *(day.year * 10_000 + day.month * 100 + day.day for day in days)]
