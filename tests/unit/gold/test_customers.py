"""Customer marts: frames in, rows out."""

import datetime as dt
from decimal import Decimal

import polars as pl

from gold.marts import customers
from gold.marts.amounts import SUM

JAN, MARCH = dt.date(2024, 1, 1), dt.date(2024, 3, 1)
NOON = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)


def spend(*rows: tuple[str, str, dt.date, str, str, bool, int]) -> pl.DataFrame:
    schema = {
        "user_id": pl.String,
        "order_id": pl.String,
        "day": pl.Date,
        "revenue": SUM,
        "returned": SUM,
        "is_purchase": pl.Boolean,
        "unconverted": pl.Int64,
    }
    typed = [(*row[:3], Decimal(row[3]), Decimal(row[4]), *row[5:]) for row in rows]
    return pl.DataFrame(typed, schema=schema, orient="row")


PROFILES = pl.DataFrame(
    {
        "user_id": ["u1"],
        "created_on": [JAN],
        "city": ["Ulm"],
        "country": ["DE"],
        "employer": ["Acme"],
        "job": ["Clerk"],
        "employed_since": [JAN],
        "salary": [Decimal("10.00")],
    },
    schema_overrides={"salary": SUM},
)
DAYS = pl.DataFrame(
    {
        "user_id": ["u1"],
        "event_count": [3],
        "login_count": [0],
        "last_event_at": [NOON],
        "last_login_at": [None],
    },
    schema_overrides={"last_login_at": pl.Datetime("us", "UTC"), "last_event_at": pl.Datetime("us", "UTC")},
)
DOCUMENTS = pl.DataFrame({"sha256": ["a", "b"], "user_id": ["u1", "u3"]})


def one(user: str, *rows: tuple[str, str, dt.date, str, str, bool, int]) -> dict[str, object]:
    found = customers.customer_360(PROFILES, spend(*rows), DAYS, DOCUMENTS)
    (row,) = found.filter(pl.col("user_id") == user).to_dicts()
    return row


def test_everybody_whom_anything_names_is_there_once() -> None:
    found = customers.customer_360(
        PROFILES, spend(("u2", "o1", JAN, "1.00", "0.00", True, 0)), DAYS, DOCUMENTS
    ).sort("user_id")
    assert found.select("user_id", "is_known", "document_count", "event_count", "order_count").rows() == [
        ("u1", True, 1, 3, 0),
        ("u2", False, 0, 0, 1),
        ("u3", False, 1, 0, 0),
    ]


def test_an_order_of_two_days_counts_once_and_a_return_is_no_purchase() -> None:
    row = one(
        "u1",
        ("u1", "o1", JAN, "10.00", "0.00", True, 0),
        ("u1", "o1", JAN.replace(day=2), "0.05", "0.00", True, 1),
        ("u1", "o2", MARCH, "-2.00", "2.00", False, 0),
    )
    assert (row["order_count"], row["revenue"], row["returned"]) == (2, Decimal("8.05"), Decimal("2.00"))
    assert (row["first_order_on"], row["last_order_on"]) == (JAN, JAN.replace(day=2))
    assert row["average_order"] == Decimal("4.02")  # 4.025, half to even
    assert row["return_rate"] == Decimal("0.1990")  # 2.00 of 10.05
    assert row["unconverted"] == 1


def test_the_return_rate_stays_within_nothing_and_all() -> None:
    assert one("u1", ("u1", "o1", JAN, "-5.00", "6.00", True, 0))["return_rate"] == 1
    assert one("u1", ("u1", "o1", JAN, "-5.00", "5.00", False, 0))["return_rate"] == 0
    assert one("u1")["return_rate"] == one("u1")["average_order"] == 0


def cells(*bought: tuple[str, dt.date], last: dt.date = MARCH) -> list[tuple[object, ...]]:
    orders = spend(*((user, f"{user}{day}", day, "1.00", "0.00", True, 0) for user, day in bought))
    months = customers.user_months(orders)
    rows = customers.cohort_retention(months, pl.Series("last", [last], pl.Date))
    return sorted(rows.select("cohort", "months_since", "user_count", "cohort_size", "share").rows())


def test_cohorts_have_a_cell_of_0_for_a_month_in_which_nobody_came_back() -> None:
    bought = [("a", JAN), ("a", MARCH.replace(day=31)), ("b", JAN.replace(day=31)), ("c", JAN), ("d", MARCH)]
    assert cells(*bought) == [
        (JAN, 0, 3, 3, Decimal(1)),
        (JAN, 1, 0, 3, Decimal(0)),
        (JAN, 2, 1, 3, Decimal("0.3333")),
        (MARCH, 0, 1, 1, Decimal(1)),
    ]


def test_cohorts_of_the_far_future_do_not_count_yet() -> None:
    assert [row[:2] for row in cells(("a", MARCH), ("b", dt.date(9999, 12, 31)))] == [(MARCH, 0)]


def test_nobody_bought_anything() -> None:
    assert cells() == []
    returned = spend(("a", "o1", JAN, "-1.00", "1.00", False, 0))
    assert customers.user_months(returned).is_empty()
