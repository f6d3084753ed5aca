"""What users did: sessions that end on the way from looking to buying."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from bronze.seeding import timeline
from bronze.seeding.files import Block, json_text, line_block
from bronze.seeding.people import Population, user_ids
from bronze.seeding.products import Catalogue, sku_texts
from bronze.seeding.randomness import IntArray, chance, pick
from bronze.seeding.recipe import Recipe, Span
from bronze.seeding.trouble import Rows, Trouble, becomes, half_written, impossible_date, missing
from bronze.seeding.wares import CATEGORIES

STRANGERS_PER_MILLE = 5

SESSIONS: tuple[tuple[int, str], ...] = (
    (20, "login page_view logout"),
    (26, "login page_view product_view"),
    (14, "login search product_view product_view"),
    (8, "login search page_view"),
    (9, "login product_view add_to_cart"),
    (6, "login search product_view add_to_cart checkout"),
    (9, "login product_view add_to_cart checkout purchase"),
    (5, "login search product_view product_view add_to_cart checkout purchase logout"),
    (2, "login page_view support_ticket logout"),
    (2, "login page_view review"),
    (2, "password_reset login page_view"),
    (1, "signup login page_view product_view"),
    (2, "page_view newsletter_signup"),
)
EVENT_TYPES = tuple(sorted({kind for _, session in SESSIONS for kind in session.split()}))

DEVICES = ("phone", "desktop", "tablet")
DEVICE_WEIGHTS = (58, 34, 8)
REFERRERS = ("direct", "search engine", "newsletter", "social", "partner", "ad")
REFERRER_WEIGHTS = (34, 30, 12, 12, 5, 7)
PAGES = ("/", "/sale", "/new", "/help", "/account", "/stores", "/about", "/returns", "/blog/gift-ideas")
TOPICS = ("late delivery", "wrong size", "refund", "broken item", "invoice", "password")
QUERIES = tuple(thing for category in CATEGORIES for thing, _ in category.things) + tuple(
    f"{quality} {category.things[number % len(category.things)][0]}"
    for category in CATEGORIES
    for number, (quality, _) in enumerate(category.qualities)
)

TROUBLES: tuple[Trouble, ...] = (
    missing("user_id"),
    impossible_date("occurred_at"),
    missing("event_type"),
    missing("occurred_at"),
    becomes("event_type", "Page View!", "??", "42"),
    becomes("properties", '"none"', '"device=phone"', "[]"),
)


class EventLog:
    """Makes events block by block; those of a session stand together."""

    def __init__(self, recipe: Recipe, people: Population, catalogue: Catalogue, total: int) -> None:
        self._recipe = recipe
        self._people = people
        self._catalogue = catalogue
        self._days = timeline.Timeline(recipe.stream("event days"))
        self._total = total

    def blocks(self) -> Iterator[Block]:
        for span in self._recipe.spans(0, self._total):
            rng = self._recipe.stream("events", span.number)
            rows = self._rows(span, rng)
            breaks = (half_written,) if span.number == 0 else ()
            yield line_block(_json_lines(rows.frame), rows, rng, breaks)

    def _rows(self, span: Span, rng: np.random.Generator) -> Rows:
        kinds, session = _sessions(span.size, rng)
        firsts = np.flatnonzero(np.diff(session, prepend=-1))
        began = self._days.moments(rng, span.start + firsts, self._total)
        users = self._people.customers(rng, began)
        strangers = self._people.size + rng.integers(0, 50, len(users))
        users = np.where(chance(rng, STRANGERS_PER_MILLE, len(users)), strangers, users)
        frame = pl.DataFrame(
            {
                "event_id": _event_ids(span),
                "user_id": user_ids(users[session]),
                "event_type": pl.Series(EVENT_TYPES).gather(kinds),
                "occurred_at": timeline.timestamps(_moments(began, firsts, session, rng)),
                "properties": self._properties(kinds, session, rng),
            }
        )
        return Rows.clean(frame).afflict(rng, TROUBLES).repeat_some(rng)

    def _properties(self, kinds: IntArray, session: IntArray, rng: np.random.Generator) -> pl.Series:
        """A JSON object for each event; the product is the same all through a session."""
        count, sessions = len(kinds), int(session[-1]) + 1
        product = self._catalogue.ordered(rng, sessions)
        columns = {
            "kind": pl.Series(EVENT_TYPES).gather(kinds),
            "device": pl.Series(DEVICES).gather(pick(rng, DEVICE_WEIGHTS, sessions)[session]),
            "referrer": pl.Series(REFERRERS).gather(pick(rng, REFERRER_WEIGHTS, sessions)[session]),
            "sku": sku_texts(product[session]),
            "cents": pl.Series(self._catalogue.price_cents[product][session]),
            "page": pl.Series(PAGES).gather(rng.integers(0, len(PAGES), count)),
            "query": pl.Series(QUERIES).gather(rng.integers(0, len(QUERIES), count)),
            "topic": pl.Series(TOPICS).gather(rng.integers(0, len(TOPICS), count)),
            "number": pl.Series(rng.integers(1, 6, count)),
        }
        return pl.DataFrame(columns).select(_details()).to_series()


def _sessions(count: int, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Indexes into EVENT_TYPES of `count` events, and the number of the session that each belongs to."""
    kinds = [np.array([EVENT_TYPES.index(kind) for kind in session.split()]) for _, session in SESSIONS]
    lengths = np.array([len(session) for session in kinds])
    flat, starts = np.concatenate(kinds), np.cumsum(lengths) - lengths
    chosen = pick(rng, [weight for weight, _ in SESSIONS], count // 2 + 1)
    sizes = lengths[chosen]
    session = np.repeat(np.arange(len(chosen)), sizes)
    place = np.arange(len(session)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return flat[starts[chosen][session] + place][:count], session[:count]


def _moments(began: IntArray, firsts: IntArray, session: IntArray, rng: np.random.Generator) -> IntArray:
    """Seconds since 1970: each event of a session some seconds to minutes after the one before."""
    passed = np.cumsum(rng.integers(3, 240, len(session)))
    moments: IntArray = np.minimum(began[session] + passed - passed[firsts][session], timeline.END - 1)
    return moments


def _event_ids(span: Span) -> pl.Series:
    numbers = pl.Series(np.arange(span.start + 1, span.stop + 1))
    return numbers.cast(pl.String).str.zfill(7).str.replace("^", "e-")


def _details() -> pl.Expr:
    """What is known of an event depends on its type; the device always is."""
    amount = pl.format("{}.{}", pl.col("cents") // 100, (pl.col("cents") % 100).cast(pl.String).str.zfill(2))
    kind = pl.col("kind")
    product = pl.format(',"sku":{}', json_text("sku"))
    more = (
        pl.when(kind == "login")
        .then(pl.format(',"referrer":{}', json_text("referrer")))
        .when(kind == "page_view")
        .then(pl.format(',"page":{}', json_text("page")))
        .when(kind == "search")
        .then(pl.format(',"query":{},"results":{}', json_text("query"), pl.col("number") * 7))
        .when(kind == "product_view")
        .then(product)
        .when(kind == "add_to_cart")
        .then(pl.format('{},"quantity":{}', product, "number"))
        .when(kind == "purchase")
        .then(pl.format('{},"amount":{},"currency":"USD"', product, amount))
        .when(kind == "review")
        .then(pl.format('{},"rating":{}', product, "number"))
        .when(kind == "support_ticket")
        .then(pl.format(',"topic":{},"tags":["web",{}]', json_text("topic"), json_text("device")))
        .otherwise(pl.lit(""))
    )
    return pl.concat_str(pl.lit('{"device":'), json_text("device"), more, pl.lit("}"))


def _json_lines(frame: pl.DataFrame) -> list[str]:
    texts = ("event_id", "user_id", "event_type", "occurred_at")
    members = [pl.format('"{}":{},', pl.lit(name), json_text(name)) for name in texts]
    line = pl.concat_str(pl.lit("{"), *members, pl.lit('"properties":'), pl.col("properties"), pl.lit("}"))
    return frame.select(line).to_series().to_list()
