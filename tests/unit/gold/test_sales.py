"""Sales marts: frames in, rows out."""

import datetime as dt
from decimal import Decimal

import polars as pl

from gold.marts import sales

MAY_1, MAY_2, JUNE_1 = dt.date(2024, 5, 1), dt.date(2024, 5, 2), dt.date(2024, 6, 1)


def lines(*rows: tuple[str, str, dt.date, str, str | None]) -> pl.DataFrame:
    schema = {
        "order_id": pl.String,
        "user_id": pl.String,
        "day": pl.Date,
        "status": pl.String,
        "amount": pl.Decimal(18, 2),
    }
    typed = [(*row[:4], None if row[4] is None else Decimal(row[4])) for row in rows]
    return pl.DataFrame(typed, schema=schema, orient="row")


ORDERS = lines(
    ("o1", "u1", MAY_1, "paid", "10.10"),
    ("o1", "u1", MAY_1, "paid", "-0.10"),
    ("o2", "u1", MAY_2, "Cancelled", "500.00"),
    ("o3", "u2", MAY_2, "paid", None),
    ("o4", "u1", JUNE_1, "shipped", "1.00"),
)


def test_revenue_is_without_cancelled_orders_and_less_returns() -> None:
    assert sorted(sales.daily_revenue(ORDERS).rows()) == [
        (MAY_1, 1, Decimal("10.00"), 0),
        (MAY_2, 1, Decimal("0.00"), 1),
        (JUNE_1, 1, Decimal("1.00"), 0),
    ]


def test_status_keeps_the_amount_of_cancelled_orders_apart() -> None:
    rows = sales.revenue_by_status(ORDERS).select("month", "status", "order_count", "amount", "revenue")
    assert sorted(rows.rows()) == [
        (MAY_1, "Cancelled", 1, Decimal("500.00"), Decimal("0.00")),
        (MAY_1, "paid", 2, Decimal("10.00"), Decimal("10.00")),
        (JUNE_1, "shipped", 1, Decimal("1.00"), Decimal("1.00")),
    ]


def test_top_spenders_are_sums_of_their_orders() -> None:
    spend = sales.order_spend(ORDERS)
    assert sorted(sales.top_spenders(spend).rows()) == [
        ("u1", 2, Decimal("11.00")),
        ("u2", 1, Decimal("0.00")),
    ]


def test_an_order_of_several_days_counts_once_per_row() -> None:
    order = lines(*(("o1", "u1", day, "paid", "1.00") for day in (MAY_1, MAY_2, JUNE_1)))
    assert sorted(sales.monthly_orders(order).rows()) == [(MAY_1, 1), (JUNE_1, 1)]
    assert sorted(sales.daily_revenue(order)["order_count"]) == [1, 1, 1]
    assert sales.top_spenders(sales.order_spend(order)).rows() == [("u1", 1, Decimal("3.00"))]


def test_events_and_logins() -> None:
    noon, night = (dt.datetime(2024, 5, 1, hour, tzinfo=dt.UTC) for hour in (12, 23))
    events = pl.DataFrame(
        [("u1", "login", noon), ("u1", "login", night), ("u2", "view", noon)],
        schema={"user_id": pl.String, "event_type": pl.String, "occurred_at": pl.Datetime("us", "UTC")},
        orient="row",
    )
    assert sorted(sales.events_by_type(events).rows()) == [(MAY_1, "login", 2), (MAY_1, "view", 1)]
    assert sales.logins_by_user(sales.user_day_logins(events)).rows() == [("u1", 2, night)]
