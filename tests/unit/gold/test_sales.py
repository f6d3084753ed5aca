"""Sales marts: frames in, rows out."""

import datetime as dt
from decimal import Decimal

import polars as pl

from gold.marts import sales

MAY_1, MAY_2, JUNE_1 = dt.date(2024, 5, 1), dt.date(2024, 5, 2), dt.date(2024, 6, 1)


def lines(*rows: tuple[str, str, dt.date, str, str | None], currency: str = "USD") -> pl.DataFrame:
    """An amount below 0 is a return. In `currency` every amount is twice as high."""
    schema = {
        "order_id": pl.String,
        "user_id": pl.String,
        "day": pl.Date,
        "status": pl.String,
        "amount": pl.Decimal(18, 2),
    }
    typed = [(*row[:4], None if row[4] is None else Decimal(row[4])) for row in rows]
    amount = pl.col("amount").fill_null(1)
    return pl.DataFrame(typed, schema=schema, orient="row").with_columns(
        pl.lit(currency).alias("currency"),
        pl.when(amount < 0).then(-1).otherwise(1).alias("quantity"),
        (amount * 2).cast(pl.Decimal(18, 2)).alias("given"),
    )


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


def test_what_came_back_is_told_apart_and_a_return_is_no_purchase() -> None:
    spend = sales.order_spend(ORDERS).sort("day", "user_id")
    assert spend.select("order_id", "returned", "is_purchase", "unconverted").rows() == [
        ("o1", Decimal("0.10"), True, 0),
        ("o3", Decimal("0.00"), True, 1),
        ("o4", Decimal("0.00"), True, 0),
    ]
    back = sales.order_spend(lines(("o9", "u1", MAY_1, "returned", "-4.00")))
    assert back.select("revenue", "returned", "is_purchase").rows() == [(Decimal(-4), Decimal(4), False)]


def test_currencies_are_not_added_up() -> None:
    both = pl.concat([ORDERS, lines(("o5", "u3", MAY_2, "paid", "3.00"), currency="EUR")])
    rows = sales.revenue_by_currency(both)
    assert sorted(rows.rows()) == [
        (MAY_1, "EUR", 1, Decimal(6), Decimal(3), 0),
        (MAY_1, "USD", 2, Decimal(22), Decimal(10), 1),
        (JUNE_1, "USD", 1, Decimal(2), Decimal(1), 0),
    ]


def events(*rows: tuple[str, str, dt.datetime]) -> pl.DataFrame:
    schema = {"user_id": pl.String, "event_type": pl.String, "occurred_at": pl.Datetime("us", "UTC")}
    return pl.DataFrame(rows, schema=schema, orient="row")


NOON, NIGHT = (dt.datetime(2024, 5, 1, hour, tzinfo=dt.UTC) for hour in (12, 23))


def test_events_and_logins() -> None:
    happened = events(("u1", "login", NOON), ("u1", "login", NIGHT), ("u2", "view", NOON))
    assert sorted(sales.events_by_type(happened).rows()) == [(MAY_1, "login", 2), (MAY_1, "view", 1)]
    assert sales.logins_by_user(sales.user_days(happened)).rows() == [("u1", 2, NIGHT)]


def test_the_funnel_counts_visits_that_took_the_steps_in_order() -> None:
    later, next_day = NOON + dt.timedelta(minutes=1), NOON + dt.timedelta(days=1)
    happened = events(
        *(("all", kind, NOON) for kind in sales.FUNNEL),
        ("backwards", "purchase", NOON),
        ("backwards", "product_view", later),
        ("twice", "add_to_cart", NOON),
        ("twice", "product_view", later),
        ("twice", "add_to_cart", later),
        ("tomorrow", "product_view", NOON),
        ("tomorrow", "add_to_cart", next_day),
        ("looks around", "login", NOON),
    )
    rows = sales.event_funnel(sales.user_days(happened)).select("day", "step", "name", "visit_count")
    may_1 = [("visit", 5), ("product_view", 4), ("add_to_cart", 2), ("checkout", 1), ("purchase", 1)]
    may_2 = [("visit", 1), ("product_view", 0), ("add_to_cart", 0), ("checkout", 0), ("purchase", 0)]
    expected = [(MAY_1, step, *each) for step, each in enumerate(may_1, 1)]
    assert sorted(rows.rows()) == expected + [(MAY_2, step, *each) for step, each in enumerate(may_2, 1)]


def test_no_events_make_no_funnel() -> None:
    assert sales.event_funnel(sales.user_days(events())).is_empty()
