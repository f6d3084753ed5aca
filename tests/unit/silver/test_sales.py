from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from lakehouse_project.kernel.parsing import MONEY, RATE
from silver.transforms import sales
from silver.transforms.money import in_reporting_currency
from tests.unit.silver.test_people import records

LINE = {
    "order_id": "o1",
    "line_number": "1",
    "user_id": "7",
    "sku": "s1",
    "ordered_at": "2021-03-01T10:00:00Z",
    "status": "Paid",
    "quantity": "3",
    "unit_price": "0.10",
    "currency": "usd",
}


def test_an_order_line_has_its_exact_amount() -> None:
    line = sales.order_lines(records(LINE)).rows.row(0, named=True)
    assert line["amount"] == Decimal("0.30")
    assert (line["status"], line["currency"]) == ("paid", "USD")


def test_a_return_has_a_negative_amount() -> None:
    assert sales.order_lines(records({**LINE, "quantity": "-2"})).rows["amount"].item() == Decimal("-0.20")


def test_an_amount_beyond_18_digits_rejects_the_record_and_not_the_batch() -> None:
    refined = sales.order_lines(
        records(LINE, {**LINE, "line_number": "2", "quantity": str(2**62), "unit_price": "999999999999.99"})
    )
    assert (refined.rows.height, refined.rejected) == (1, 1)


RATES = pl.DataFrame(
    {
        "currency": ["EUR", "EUR", "JPY", "USD"],
        "date": [date(2021, 1, 10), date(2021, 1, 20), date(2021, 1, 1), date(1, 1, 1)],
        "rate": [Decimal("1.25"), Decimal("1.5"), Decimal("0.00912345"), Decimal(1)],
        "until": [None, date(2021, 2, 19), None, None],
    },
    schema_overrides={"rate": RATE},
)


@pytest.mark.parametrize(
    ("amount", "currency", "day", "expected"),
    [
        ("10.00", "EUR", date(2021, 1, 10), "12.50"),
        ("10.00", "EUR", date(2021, 1, 19), "12.50"),
        ("10.00", "EUR", date(2021, 1, 20), "15.00"),
        ("10.00", "EUR", date(2021, 2, 19), "15.00"),
        ("10.00", "EUR", date(2021, 2, 20), None),  # the rate is too old by then
        ("10.00", "EUR", date(2021, 1, 9), None),
        ("10.00", "CHF", date(2021, 1, 20), None),
        ("10.00", "USD", date(1999, 1, 1), "10.00"),
        ("0.10", "EUR", date(2021, 1, 10), "0.12"),  # 0.125 to the even cent
        ("0.30", "EUR", date(2021, 1, 10), "0.38"),  # 0.375 to the even cent
        ("-0.10", "EUR", date(2021, 1, 10), "-0.12"),
        ("1000000.00", "JPY", date(2021, 1, 2), "9123.45"),
        ("9999999999999999.00", "EUR", date(2021, 1, 20), None),
    ],
)
def test_conversion(amount: str, currency: str, day: date, expected: str | None) -> None:
    rows = pl.DataFrame(
        {"amount": [Decimal(amount)], "currency": [currency], "day": [day]},
        schema_overrides={"amount": MONEY},
    )
    converted = in_reporting_currency(rows, RATES, amount="amount", day=pl.col("day"))["amount_reporting"]
    assert converted.dtype == MONEY
    assert converted.item() == (Decimal(expected) if expected else None)


def test_conversion_without_any_rates() -> None:
    rows = pl.DataFrame(
        {"amount": [Decimal(1)], "currency": ["EUR"], "day": [date(2021, 1, 1)]},
        schema_overrides={"amount": MONEY},
    )
    converted = in_reporting_currency(rows, RATES.clear(), amount="amount", day=pl.col("day"))
    assert converted["amount_reporting"].item() is None
