"""Transforms of the sales data sets: raw records as text in, typed rows out."""

import polars as pl

from lakehouse_project.kernel.parsing import (
    MONEY,
    RATE,
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_integer,
    present,
)
from silver.transforms.records import Refined, facts, members
from silver.transforms.text import conform, conform_code, tidy


def products(records: pl.DataFrame) -> Refined:
    """Rows of `dim_product`."""
    return members(
        records,
        ["sku"],
        sku=present(pl.col("sku")),
        name=tidy(pl.col("name")),
        description=present(pl.col("description")),
        category=tidy(pl.col("category")),
        price=parse_decimal(pl.col("price")),
        currency=conform_code(pl.col("currency")),
    )


def order_lines(records: pl.DataFrame) -> Refined:
    """Rows of `fact_order_line` without surrogate keys. An amount too large for 18 digits rejects its record."""
    quantity, unit_price = parse_integer(pl.col("quantity")), parse_decimal(pl.col("unit_price"))
    return facts(
        records,
        ["order_id", "line_number"],
        order_id=present(pl.col("order_id")),
        line_number=parse_integer(pl.col("line_number")),
        user_id_natural=present(pl.col("user_id")),
        sku_natural=present(pl.col("sku")),
        ordered_at=parse_datetime(pl.col("ordered_at")),
        status=conform(pl.col("status")).str.to_lowercase(),
        quantity=quantity,
        unit_price=unit_price,
        amount=(unit_price * quantity).cast(MONEY, strict=False),
        currency=conform_code(pl.col("currency")),
    )


def events(records: pl.DataFrame) -> Refined:
    """Rows of `fact_event` with the `event_type` by name and without surrogate keys."""
    return facts(
        records,
        ["event_id"],
        event_id=present(pl.col("event_id")),
        user_id_natural=present(pl.col("user_id")),
        event_type=conform(pl.col("event_type")),
        occurred_at=parse_datetime(pl.col("occurred_at")),
    )


def exchange_rates(records: pl.DataFrame) -> Refined:
    """Rows of `exchange_rate`."""
    return facts(
        records,
        ["currency", "date"],
        date=parse_date(pl.col("date")),
        currency=conform_code(pl.col("currency")),
        rate=parse_decimal(pl.col("rate"), RATE),
    )
