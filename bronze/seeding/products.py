"""The catalogue: what can be ordered, and the file of products."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from bronze.seeding.files import SeedFile
from bronze.seeding.randomness import IntArray, bell, pick, zipf_weights
from bronze.seeding.trouble import Rows, Trouble, becomes, missing, negative
from bronze.seeding.wares import CATEGORIES, RANGES, Category

COLUMNS = ("sku", "name", "description", "category", "price", "currency")

TROUBLES: tuple[Trouble, ...] = (
    missing("description"),
    negative("price"),
    becomes("currency", "US$", "dollars"),
    missing("name"),
    missing("category"),
    missing("price"),
)


@dataclass(frozen=True)
class Catalogue:
    """Element i tells of the product with the number i + 1; prices in cents of US dollars."""

    category: IntArray
    variant: IntArray
    price_cents: IntArray
    _by_popularity: IntArray

    @classmethod
    def draw(cls, rng: np.random.Generator, count: int) -> "Catalogue":
        category = rng.integers(0, len(CATEGORIES), count)
        bounds = np.array([kind.prices for kind in CATEGORIES])[category]
        luck = bell(rng, 0, 1000, count)
        dollars = bounds[:, 0] + (bounds[:, 1] - bounds[:, 0]) * luck * luck // 1_000_000
        cents = dollars * 100 + np.array([90, 99, 50, 0])[pick(rng, (5, 4, 2, 2), count)]
        return cls(category, rng.permutation(1 << 20)[:count], cents, rng.permutation(count))

    @property
    def size(self) -> int:
        return len(self.category)

    def name(self, product: int) -> str:
        (thing, _), (quality, _), _, line = self._parts(product)
        return f"{line} {quality} {thing}"

    def thing(self, product: int) -> str:
        return self._parts(product)[0][0]

    def description(self, product: int) -> str:
        (_, about_thing), (_, about_quality), use, _ = self._parts(product)
        return f"{about_thing} {about_quality} {use}"

    def category_of(self, product: int) -> Category:
        return CATEGORIES[int(self.category[product])]

    def ordered(self, rng: np.random.Generator, count: int) -> IntArray:
        """Products as customers choose them: few bestsellers, a long tail."""
        return self._by_popularity[pick(rng, self._popularity, count)]

    @cached_property
    def _popularity(self) -> IntArray:
        return zipf_weights(self.size, 8)

    def _parts(self, product: int) -> tuple[tuple[str, str], tuple[str, str], str, str]:
        kind, dice = self.category_of(product), int(self.variant[product])
        dice, thing = divmod(dice, len(kind.things))
        dice, quality = divmod(dice, len(kind.qualities))
        dice, line = divmod(dice, len(RANGES))
        return kind.things[thing], kind.qualities[quality], kind.uses[dice % len(kind.uses)], RANGES[line]


def sku_texts(products: IntArray) -> pl.Series:
    return pl.Series("sku", products + 1).cast(pl.String).str.zfill(4).str.replace("^", "SKU-")


def product_rows(catalogue: Catalogue, rng: np.random.Generator) -> Rows:
    frame = pl.DataFrame(list(_products(catalogue)), schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return Rows.clean(frame).afflict(rng, TROUBLES)


def _products(catalogue: Catalogue) -> Iterator[tuple[str, ...]]:
    skus = sku_texts(np.arange(catalogue.size)).to_list()
    for number, (sku, cents) in enumerate(zip(skus, catalogue.price_cents.tolist(), strict=True)):
        name, category = catalogue.name(number), catalogue.category_of(number).name
        price = f"{cents // 100}.{cents % 100:02}"
        yield sku, name[0].upper() + name[1:], catalogue.description(number), category, price, "USD"


def write_products(folder: Path, rows: Rows) -> SeedFile:
    """Parquet with the price as a decimal, as a shop system would export it."""
    path = folder / "products.parquet"
    rows.frame.with_columns(pl.col("price").cast(pl.Decimal(18, 2))).write_parquet(path, compression="zstd")
    return SeedFile(path, "products", rows.frame.height, rows.dirty_rows)
