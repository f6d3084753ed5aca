"""Sales marts. Revenue is the amount in the reporting currency; cancelled orders are none, returns reduce it.

Lines whose amount could not be converted for want of an exchange rate are left out and counted.
Amounts are decimals and sums of them exact: what was rounded, was so when it was converted.
"""

import polars as pl

from gold.marts.amounts import SUM

CANCELLED = ("cancelled", "canceled")
LOGIN = "login"

FUNNEL = ("product_view", "add_to_cart", "checkout", "purchase")
"""The types of event that a visit passes on its way to a purchase, in this order; the visit itself comes first."""

STEPS = ("visit", *FUNNEL)

IS_REVENUE = ~pl.col("status").str.to_lowercase().is_in(CANCELLED)


def daily_revenue(lines: pl.DataFrame) -> pl.DataFrame:
    """Orders and revenue per day.

    In: `order_id`, `user_id`, `day`, `status`, `currency`, `quantity` (negative for a return), `given` (amount in
    `currency`), `amount` (the same in the reporting currency, null without a rate), one row per order line.
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


def revenue_by_currency(lines: pl.DataFrame) -> pl.DataFrame:
    """Revenue per month (its first day) and original currency, in both currencies. In: as for `daily_revenue`."""
    return (
        lines.filter(IS_REVENUE)
        .group_by(_month(), "currency")
        .agg(
            _orders(),
            pl.col("given").cast(SUM).sum().alias("revenue"),
            _sum("revenue_reporting"),
            _unconverted(),
        )
    )


def order_spend(lines: pl.DataFrame) -> pl.DataFrame:
    """Revenue per user, order and day, and what of it came back. In: as for `daily_revenue`."""
    is_return = pl.col("quantity") < 0
    return (
        lines.filter(IS_REVENUE)
        .group_by("user_id", "order_id", "day")
        .agg(
            _sum("revenue"),
            (-pl.col("amount").cast(SUM).filter(is_return).sum()).alias("returned"),
            (pl.col("quantity") > 0).any().alias("is_purchase"),
            _unconverted(),
        )
    )


def top_spenders(spend: pl.DataFrame) -> pl.DataFrame:
    """Orders, each counted once, and revenue per user. In: rows of `order_spend`."""
    return spend.group_by("user_id").agg(_orders(), pl.col("revenue").sum())


def events_by_type(events: pl.DataFrame) -> pl.DataFrame:
    """Events per day and type. In: `user_id`, `event_type`, `occurred_at` (UTC), one row per event."""
    return events.group_by(_day(), "event_type").agg(pl.len().alias("event_count"))


def user_days(events: pl.DataFrame) -> pl.DataFrame:
    """What each user did per day, and how far the user came in the funnel. In: as for `events_by_type`."""
    is_login = pl.col("event_type") == LOGIN
    days = events.with_columns(_day())
    visits = days.group_by("user_id", "day").agg(
        pl.len().cast(pl.Int64).alias("event_count"),
        pl.col("occurred_at").max().alias("last_event_at"),
        is_login.sum().cast(pl.Int64).alias("login_count"),
        pl.col("occurred_at").filter(is_login).max().alias("last_login_at"),
    )
    return visits.join(_furthest_steps(days), on=["user_id", "day"], how="left").with_columns(
        pl.col("step").fill_null(1)
    )


def _furthest_steps(events: pl.DataFrame) -> pl.DataFrame:
    """The last step per user and day that was reached at or after the time of the step before it, from step 2 on."""
    visit = ["user_id", "day"]
    reached, steps = None, []
    for number, kind in enumerate(FUNNEL, start=2):
        found = events.filter(pl.col("event_type") == kind).select(*visit, "occurred_at")
        if reached is not None:
            found = found.join(reached, on=visit).filter(pl.col("occurred_at") >= pl.col("reached_at"))
        reached = found.group_by(visit).agg(pl.col("occurred_at").min().alias("reached_at"))
        steps.append(reached.select(*visit, pl.lit(number, pl.Int64).alias("step")))
    return pl.concat(steps).group_by(visit).agg(pl.col("step").max())


def event_funnel(days: pl.DataFrame) -> pl.DataFrame:
    """Visits per day that came as far as each step, 0 for a step that none reached. In: rows of `user_days`."""
    counts = [
        (pl.col("step") >= number).sum().cast(pl.Int64).alias(name)
        for number, name in enumerate(STEPS, start=1)
    ]
    numbers = pl.DataFrame({"name": STEPS, "step": range(1, len(STEPS) + 1)})
    wide = days.group_by("day").agg(counts)
    return wide.unpivot(STEPS, index="day", variable_name="name", value_name="visit_count").join(
        numbers, on="name"
    )


def logins_by_user(days: pl.DataFrame) -> pl.DataFrame:
    """Logins per user who has any, with the time of the last. In: rows of `user_days`."""
    logins = days.filter(pl.col("login_count") > 0)
    return logins.group_by("user_id").agg(pl.col("login_count").sum(), pl.col("last_login_at").max())


def _orders() -> pl.Expr:
    return pl.col("order_id").n_unique().alias("order_count")


def _month() -> pl.Expr:
    return pl.col("day").dt.truncate("1mo").alias("month")


def _sum(name: str) -> pl.Expr:
    return pl.col("amount").cast(SUM).sum().alias(name)


def _unconverted() -> pl.Expr:
    return pl.col("amount").is_null().sum().cast(pl.Int64).alias("unconverted")


def _day() -> pl.Expr:
    return pl.col("occurred_at").dt.date().alias("day")
