"""A small star schema: who bought what, and when."""

import datetime as dt
from decimal import Decimal

from silver.models import DimDate, DimLocation, DimProduct, DimUser, FactOrderLine
from silver.repositories.unknown import add_unknown_members

LINES, USERS, PRODUCTS, DAYS = 60, 7, 5, 3
NOON = dt.datetime(2024, 5, 17, 12, tzinfo=dt.UTC)


def fill() -> None:
    add_unknown_members()
    days = [_day(dt.date(2024, 5, 17) + dt.timedelta(days=number)) for number in range(DAYS)]
    places = [
        DimLocation.objects.create(country="DE", postal_code=f"{n}", city=f"City {n}") for n in range(3)
    ]
    users = [_user(number, places[number % 3]) for number in range(USERS)]
    products = [_product(number) for number in range(PRODUCTS)]
    for number in range(LINES):
        price = Decimal(number % 10) + Decimal("0.50")
        FactOrderLine.objects.create(
            raw_record_id=number + 1,
            order_id=f"o{number // 4}",
            line_number=number % 4 + 1,
            user_id_natural=f"u{number % USERS}",
            sku_natural=f"sku-{number % PRODUCTS}",
            ordered_at=NOON + dt.timedelta(days=number % DAYS, microseconds=number % 2),
            status=("paid", "shipped", "cancelled")[number % 3],
            quantity=number % 4 + 1,
            unit_price=price,
            amount=price * (number % 4 + 1),
            currency="EUR",
            amount_reporting=None if number % 6 == 0 else price,
            date=days[number % DAYS],
            user=users[number % USERS],
            product=products[number % PRODUCTS],
        )


def _day(day: dt.date) -> DimDate:
    iso = day.isocalendar()
    return DimDate.objects.create(
        key=int(f"{day:%Y%m%d}"),
        date=day,
        year=day.year,
        quarter=2,
        month=day.month,
        day=day.day,
        iso_year=iso.year,
        iso_week=iso.week,
        weekday=iso.weekday,
        is_weekend=iso.weekday > 5,
        fiscal_year=day.year,
        fiscal_quarter=2,
    )


def _user(number: int, place: DimLocation) -> DimUser:
    return DimUser.objects.create(
        user_id=f"u{number}",
        version=1,
        full_name=f"Name {number}",
        email=f"name{number}@example.org",
        city=place.city,
        postal_code=place.postal_code,
        country="DE",
        location=place,
        created_at=NOON,
        valid_from=NOON,
    )


def _product(number: int) -> DimProduct:
    return DimProduct.objects.create(
        sku=f"sku-{number}",
        name=f"Product {number}",
        description="",
        category="books" if number % 2 else "tools",
        price=Decimal("9.90"),
        currency="EUR",
    )
