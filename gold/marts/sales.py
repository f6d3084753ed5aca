"""Sales marts. Revenue is the amount in the reporting currency; cancelled orders are none, returns reduce it.

Lines whose amount could not be converted for want of an exchange rate are left out and counted.
"""

import polars as pl

CANCELLED = ("cancelled", "canceled")
LOGIN = "login"

IS_REVENUE = ~pl.col("status").str.to_lowercase().is_in(CANCELLED)


def daily_revenue(lines: pl.DataFrame) -> pl.DataFrame:
    """Orders and revenue per day.

    In: `order_id`, `user_id`, `day`, `status`, `amount` (reporting currency, null without a rate), one row per order line.
    """
    return lines.filter(IS_REVENUE).group_by("day").agg(_orders(), _sum("revenue"), _unconverted())


def revenue_by_status(lines: pl.DataFrame) -> pl.DataFrame:
    """Orders, amount and revenue per month (its first day) and status. In: as for `daily_revenue`."""
    return (
        lines.group_by(_month(), "status")
        .agg(_orders(), _sum("amount"), _unconverted())
        .with_columns(pl.when(IS_REVENUE).then("amount").otherwise(0).alias("revenue"))
    )


def monthly_orders(lines: pl.DataFrame) -> pl.DataFrame:
    """Orders per month (its first day), each counted once. In: as for `daily_revenue`, whole months."""
    return lines.filter(IS_REVENUE).group_by(_month()).agg(_orders())


def order_spend(lines: pl.DataFrame) -> pl.DataFrame:
    """Revenue per user, order and day. In: as for `daily_revenue`."""
    return lines.filter(IS_REVENUE).group_by("user_id", "order_id", "day").agg(_sum("revenue"))


def top_spenders(spend: pl.DataFrame) -> pl.DataFrame:
    """Orders, each counted once, and revenue per user. In: rows of `order_spend`."""
    return spend.group_by("user_id").agg(_orders(), pl.col("revenue").sum())


def events_by_type(events: pl.DataFrame) -> pl.DataFrame:
    """Events per day and type. In: `user_id`, `event_type`, `occurred_at` (UTC), one row per event."""
    return events.group_by(_day(), "event_type").agg(pl.len().alias("event_count"))


def user_day_logins(events: pl.DataFrame) -> pl.DataFrame:
    """Logins per user and day, with the time of the last. In: as for `events_by_type`."""
    logins = events.filter(pl.col("event_type") == LOGIN)
    return logins.group_by("user_id", _day()).agg(
        pl.len().alias("login_count"), pl.col("occurred_at").max().alias("last_login_at")
    )


def logins_by_user(days: pl.DataFrame) -> pl.DataFrame:
    """Logins per user, with the time of the last. In: rows of `user_day_logins`."""
    return days.group_by("user_id").agg(pl.col("login_count").sum(), pl.col("last_login_at").max())


def _orders() -> pl.Expr:
    return pl.col("order_id").n_unique().alias("order_count")


def _month() -> pl.Expr:
    return pl.col("day").dt.truncate("1mo").alias("month")


def _sum(name: str) -> pl.Expr:
    return pl.col("amount").sum().alias(name)


def _unconverted() -> pl.Expr:
    return pl.col("amount").is_null().sum().cast(pl.Int64).alias("unconverted")


def _day() -> pl.Expr:
    return pl.col("occurred_at").dt.date().alias("day")
