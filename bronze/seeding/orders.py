"""Orders and their lines: older ones as flat CSV, the latest as nested JSON."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from bronze.seeding import timeline
from bronze.seeding.files import Block, csv_block, json_number, json_text
from bronze.seeding.noise import CARELESS, roughen
from bronze.seeding.people import Population, user_ids
from bronze.seeding.places import COUNTRIES, UNITS_PER_1000_USD
from bronze.seeding.products import Catalogue, sku_texts
from bronze.seeding.randomness import BoolArray, IntArray, chance, pick
from bronze.seeding.recipe import Recipe, Span
from bronze.seeding.trouble import (
    Rows,
    Trouble,
    becomes,
    cut_short,
    impossible_date,
    missing,
    negative,
    surplus_field,
    three_decimals,
)

FIRST_ORDER = 90_001
CSV_PERCENT = 70

ORDER_COLUMNS = ("order_id", "user_id", "ordered_at", "status", "currency")
LINE_COLUMNS = ("line_number", "sku", "quantity", "unit_price")
CSV_COLUMNS = (
    "order_id",
    "line_number",
    "user_id",
    "ordered_at",
    "status",
    "currency",
    "sku",
    "quantity",
    "unit_price",
)

LINES_WEIGHTS = (34, 27, 17, 11, 6, 3, 2)
QUANTITY_WEIGHTS = (68, 19, 7, 4, 2)
RETURNS_PER_MILLE = 45
RETURN_WITHIN_ORDERS = 300
STRANGERS_PER_MILLE = 4
DISCOUNTS = (0, 5, 10, 15, 20, 30)
DISCOUNT_WEIGHTS = (76, 6, 8, 4, 4, 2)
STATUSES = ("delivered", "shipped", "paid", "pending", "cancelled", "returned")
SETTLED_WEIGHTS = (90, 2, 2, 0, 6)
RECENT_WEIGHTS = (18, 36, 28, 14, 4)
RETURNED = STATUSES.index("returned")
RECENT_SECONDS = 14 * timeline.DAY_SECONDS

LIST_UNITS = np.array([UNITS_PER_1000_USD[country.currency] for country in COUNTRIES])

ORDER_TROUBLES: tuple[Trouble, ...] = (
    missing("user_id"),
    impossible_date("ordered_at"),
    becomes("currency", "EURO", "$", "US$"),
    missing("ordered_at"),
    becomes("status", "#REF!", "?"),
)

LINE_TROUBLES: tuple[Trouble, ...] = (
    three_decimals("unit_price"),
    missing("sku"),
    negative("unit_price"),
    becomes("quantity", "two", "1.5", "n/a"),
    negative("line_number"),
    missing("unit_price"),
)


@dataclass(frozen=True)
class Draw:
    """Orders as arrays, and their lines; `order` is the index of a line's order."""

    first_id: int
    user: IntArray
    ordered_at: IntArray
    status: IntArray
    order: IntArray
    line_number: IntArray
    product: IntArray
    quantity: IntArray
    cents: IntArray


class OrderBook:
    """Makes order lines block by block, in the order of time; the ids of orders run on."""

    def __init__(self, recipe: Recipe, people: Population, catalogue: Catalogue, total: int) -> None:
        self._recipe = recipe
        self._people = people
        self._catalogue = catalogue
        self._days = timeline.Timeline(recipe.stream("order days"))
        self._total = total
        self._next_id = FIRST_ORDER

    def csv_blocks(self, start: int, stop: int) -> Iterator[Block]:
        breaks = (surplus_field(","), cut_short(","))
        for span in self._recipe.spans(start, stop):
            rng = self._recipe.stream("order lines", span.number)
            rows = self._flat(span, rng)
            yield csv_block(rows, rng, breaks if span.number == 0 else ())

    def json_blocks(self, start: int, stop: int) -> Iterator[Block]:
        for span in self._recipe.spans(start, stop):
            rng = self._recipe.stream("orders", span.number)
            yield self._nested(span, rng)

    def _flat(self, span: Span, rng: np.random.Generator) -> Rows:
        draw = self._draw(span, rng)
        orders = self._order_frame(draw, rng)
        frame = pl.concat([orders[draw.order], _line_frame(draw)], how="horizontal").select(CSV_COLUMNS)
        frame = frame.with_columns(_some_with_blank(frame["ordered_at"], rng))
        return Rows.clean(frame).afflict(rng, ORDER_TROUBLES + LINE_TROUBLES).repeat_some(rng)

    def _nested(self, span: Span, rng: np.random.Generator) -> Block:
        draw = self._draw(span, rng)
        orders = Rows.clean(self._order_frame(draw, rng)).afflict(rng, ORDER_TROUBLES, per_mille=8)
        lines = Rows.clean(_line_frame(draw)).afflict(rng, LINE_TROUBLES, per_mille=10)
        dirty = int((orders.dirty[draw.order] | lines.dirty).sum())
        return Block(_nested_json(orders.frame, lines.frame, draw.order), span.size, dirty)

    def _draw(self, span: Span, rng: np.random.Generator) -> Draw:
        sizes, is_return = _order_sizes(span.size, rng)
        firsts = np.cumsum(sizes) - sizes
        ordered_at = self._days.moments(rng, span.start + firsts, self._total)
        user = self._people.customers(rng, ordered_at)
        order = np.repeat(np.arange(len(sizes)), sizes)
        product = self._catalogue.ordered(rng, span.size)
        quantity = pick(rng, QUANTITY_WEIGHTS, span.size) + 1
        discount = np.array(DISCOUNTS)[pick(rng, DISCOUNT_WEIGHTS, span.size)]
        _take_back(rng, is_return, firsts, user=user, copied=(product, discount), quantity=quantity)
        cents = self._list_price(product, user[order]) * (100 - discount) // 100
        status = np.where(is_return, RETURNED, _statuses(ordered_at, rng))
        line_number = np.arange(span.size) - firsts[order] + 1
        return Draw(
            self._take_ids(len(sizes)), user, ordered_at, status, order, line_number, product, quantity, cents
        )

    def _take_ids(self, count: int) -> int:
        """The first of `count` new order ids."""
        first, self._next_id = self._next_id, self._next_id + count
        return first

    def _list_price(self, product: IntArray, user: IntArray) -> IntArray:
        """Hundredths of the currency of the user's country."""
        cents: IntArray = self._catalogue.price_cents[product] * LIST_UNITS[self._people.country_index[user]]
        return cents // 1000

    def _order_frame(self, draw: Draw, rng: np.random.Generator) -> pl.DataFrame:
        count = len(draw.user)
        currencies = pl.Series([country.currency for country in COUNTRIES])
        is_stranger = chance(rng, STRANGERS_PER_MILLE, count)
        strangers = self._people.size + rng.integers(0, 50, count)
        return pl.DataFrame(
            {
                "order_id": pl.Series(np.arange(draw.first_id, draw.first_id + count)).cast(pl.String),
                "user_id": user_ids(np.where(is_stranger, strangers, draw.user)),
                "ordered_at": timeline.timestamps(draw.ordered_at),
                "status": roughen(pl.Series(STATUSES).gather(draw.status), rng, 10, CARELESS),
                "currency": currencies.gather(self._people.country_index[draw.user]),
            }
        )


def _order_sizes(lines: int, rng: np.random.Generator) -> tuple[IntArray, BoolArray]:
    """How many lines each order has, `lines` in all, and which orders are returns (of one line)."""
    is_return = chance(rng, RETURNS_PER_MILLE, lines)
    sizes = np.where(is_return, 1, pick(rng, LINES_WEIGHTS, lines) + 1)
    ends = np.cumsum(sizes)
    count = int(np.searchsorted(ends, lines)) + 1
    sizes[count - 1] -= ends[count - 1] - lines
    return sizes[:count], is_return[:count]


def _take_back(
    rng: np.random.Generator,
    is_return: BoolArray,
    firsts: IntArray,
    *,
    user: IntArray,
    copied: tuple[IntArray, ...],
    quantity: IntArray,
) -> None:
    """Make each return (in place) one of the first line of an earlier order by the same user."""
    orders = np.arange(len(is_return))
    sources = np.maximum(orders - rng.integers(1, RETURN_WITHIN_ORDERS, len(orders)), 0)
    is_return &= ~is_return[sources] & (sources < orders)
    back, sources = orders[is_return], sources[is_return]
    user[back] = user[sources]
    for values in copied:
        values[firsts[back]] = values[firsts[sources]]
    quantity[firsts[back]] = -quantity[firsts[sources]]


def _statuses(ordered_at: IntArray, rng: np.random.Generator) -> IntArray:
    count = len(ordered_at)
    is_recent = ordered_at > timeline.END - RECENT_SECONDS
    return np.where(is_recent, pick(rng, RECENT_WEIGHTS, count), pick(rng, SETTLED_WEIGHTS, count))


def _line_frame(draw: Draw) -> pl.DataFrame:
    cents = pl.Series(draw.cents)
    whole, rest = (cents // 100).cast(pl.String), (cents % 100).cast(pl.String).str.zfill(2)
    return pl.DataFrame(
        {
            "line_number": pl.Series(draw.line_number).cast(pl.String),
            "sku": sku_texts(draw.product),
            "quantity": pl.Series(draw.quantity).cast(pl.String),
            "unit_price": whole + "." + rest,
        }
    )


def _some_with_blank(texts: pl.Series, rng: np.random.Generator) -> pl.Series:
    """Some timestamps as spreadsheets write them: with a blank instead of the T."""
    return roughen(texts, rng, 30, (lambda text, _dice: text.replace("T", " ").removesuffix("Z"),))


def _nested_json(orders: pl.DataFrame, lines: pl.DataFrame, order: IntArray) -> str:
    """One order per line, its lines within: numbers as JSON numbers."""
    line = pl.format(
        '{"line_number":{},"sku":{},"quantity":{},"unit_price":{}}'.replace('{"', '{{"') + "}",
        json_number("line_number"),
        json_text("sku"),
        json_number("quantity"),
        json_number("unit_price"),
    )
    nested = lines.select(line.alias("line"), pl.Series("order", order)).group_by(
        "order", maintain_order=True
    )
    joined = nested.agg(pl.col("line").str.join(","))["line"].alias("lines")
    members = pl.concat_str(
        [pl.format('"{}":{}', pl.lit(name), json_text(name)) for name in ORDER_COLUMNS], separator=","
    )
    texts = orders.with_columns(joined).select(
        pl.concat_str(pl.lit("{"), members, pl.lit(',"lines":['), pl.col("lines"), pl.lit("]}"))
    )
    return ",\n".join(texts.to_series())
