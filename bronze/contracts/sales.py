"""Contracts of the sales data sets: products, orders, events and the exchange rates that make amounts comparable."""

import datetime as dt
from decimal import Decimal
from typing import Any

from bronze.contracts.base import About, Contract, Reference, column
from bronze.contracts.people import CURRENCY


class Product(Contract):
    """What is sold."""

    about = About("products", "Products", key=("sku",), file_names=("product",))

    sku: str = column("Stock keeping unit.", example="SKU-0001", max_length=64, aliases=("product_id",))
    name: str = column(
        "Name of the product.", example="Trail running shoe", aliases=("product", "title"), max_length=200
    )
    description: str = column(
        "What a customer reads about it.",
        example="Light shoe with a firm grip on wet rock.",
        max_length=20_000,
    )
    category: str = column("Category.", example="Shoes", max_length=120)
    price: Decimal = column("List price.", example="89.90", minimum=Decimal(0))
    currency: str = column("Currency of the price, ISO 4217.", example="USD", pattern=CURRENCY)


class OrderLine(Contract):
    """Lines of orders. JSON orders with a list `lines` are unnested: each line inherits the fields of its order."""

    about = About(
        "order_lines",
        "Order lines",
        key=("order_id", "line_number"),
        record_path="lines",
        file_names=("orders", "order", "order_line"),
    )

    order_id: str = column("Identifier of the order.", example="90001", max_length=64)
    line_number: int = column(
        "Position within the order, from 1.", example=1, minimum=Decimal(1), aliases=("line",)
    )
    user_id: str = column("Customer.", example="1001", max_length=64, reference=Reference("users"))
    ordered_at: dt.datetime = column("When it was ordered.", example="2024-05-17T18:20:00Z")
    status: str = column("Status of the order, a word.", example="paid", pattern=r"^[A-Za-z][\w \-]{0,39}$")
    currency: str = column("Currency of the price, ISO 4217.", example="USD", pattern=CURRENCY)
    sku: str = column("Product.", example="SKU-0001", max_length=64, reference=Reference("products"))
    quantity: int = column("Pieces; negative for a return.", example=2)
    unit_price: Decimal = column("Price of one piece.", example="89.90", minimum=Decimal(0))


class Event(Contract):
    """What users did: logins, page views, searches, purchases."""

    about = About("events", "Events", key=("event_id",), file_names=("event",))

    event_id: str = column("Identifier of the event.", example="e-000001", max_length=64, aliases=("id",))
    user_id: str = column("User who acted.", example="1001", max_length=64, reference=Reference("users"))
    event_type: str = column(
        "Kind of event, a lower-case word.",
        example="login",
        pattern=r"^[a-z][a-z0-9_.\-]{0,63}$",
        aliases=("type",),
    )
    occurred_at: dt.datetime = column(
        "When it happened.", example="2024-05-17T18:19:02Z", aliases=("timestamp",)
    )
    properties: dict[str, Any] | None = column(
        "Free details of the event.", example={"device": "phone"}, default=None
    )


class ExchangeRate(Contract):
    """Daily rates: one unit of `currency` is worth `rate` units of the reporting currency."""

    about = About(
        "exchange_rates", "Exchange rates", key=("date", "currency"), file_names=("rates", "exchange_rate")
    )

    date: dt.date = column("Day of the rate.", example="2024-05-17")
    currency: str = column("Currency, ISO 4217.", example="EUR", pattern=CURRENCY)
    rate: Decimal = column(
        "Units of the reporting currency for one unit.",
        example="1.0865",
        minimum=Decimal("0.00000001"),
        scale=8,
    )
