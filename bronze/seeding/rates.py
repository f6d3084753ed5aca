"""Daily exchange rates to the US dollar: the level of each year's start, days in between, and some nerves."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import numpy as np
import polars as pl

from bronze.seeding import timeline
from bronze.seeding.trouble import Rows, Trouble, becomes, missing, negative

MICRO_USD: Mapping[str, tuple[int, ...]] = {
    "EUR": (1_121_000, 1_222_000, 1_137_000, 1_070_000, 1_104_000, 1_035_000),
    "GBP": (1_326_000, 1_367_000, 1_353_000, 1_209_000, 1_273_000, 1_252_000),
    "INR": (14_010, 13_690, 13_440, 12_090, 12_020, 11_680),
    "CAD": (770_000, 785_000, 791_000, 738_000, 755_000, 695_000),
    "BRL": (248_500, 192_500, 179_500, 189_000, 206_000, 161_900),
    "CHF": (1_033_000, 1_130_000, 1_096_000, 1_081_000, 1_188_000, 1_101_000),
    "JPY": (9_210, 9_685, 8_690, 7_627, 7_093, 6_360),
    "MXN": (52_840, 50_240, 48_720, 51_280, 58_930, 48_020),
}
"""Millionths of a US dollar for one unit, on 1 January of 2020 to 2025."""

SELDOM_USED = ("CHF", "JPY", "MXN")
"""Nobody orders in these, so that only their rates are spoilt and every order can be converted."""

NERVES_PPM = 9_000
MEMORY_DAYS = 12

TROUBLES: tuple[Trouble, ...] = (
    negative("rate"),
    becomes("rate", "n/a", "1,0865", "#DIV/0!"),
    missing("rate"),
    Trouble("date", lambda value, _dice: value.replace("-", "/")),
    Trouble("currency", lambda value, _dice: f"{value}?"),
)


def rate_rows(rng: np.random.Generator) -> Rows:
    """Every day of the covered years for every currency."""
    frame = pl.DataFrame(
        list(_rates(rng)), schema=dict.fromkeys(("date", "currency", "rate"), pl.String), orient="row"
    )
    return Rows.clean(frame).afflict(rng, TROUBLES, among=frame["currency"].is_in(SELDOM_USED).to_numpy())


def _rates(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    days = [timeline.FIRST_DAY + timedelta(days=number) for number in range(timeline.DAYS)]
    for currency, levels in MICRO_USD.items():
        for number, (day, nerves) in enumerate(zip(days, _nerves(rng), strict=True)):
            place, before, after = number * 5, *_levels_around(number, levels)
            micro = before + (after - before) * (place % timeline.DAYS) // timeline.DAYS
            nano = micro * (1_000_000 + nerves) // 1_000
            yield str(day), currency, f"{nano // 10**9}.{nano % 10**9 // 10:08}"


def _levels_around(number: int, levels: tuple[int, ...]) -> tuple[int, int]:
    year = number * 5 // timeline.DAYS
    return levels[year], levels[year + 1]


def _nerves(rng: np.random.Generator) -> list[int]:
    """Deviation per day in millionths: a moving mean, so that neighbouring days are alike."""
    shocks = rng.integers(-NERVES_PPM, NERVES_PPM + 1, timeline.DAYS + MEMORY_DAYS)
    sums = np.cumsum(shocks)
    moving: list[int] = ((sums[MEMORY_DAYS:] - sums[:-MEMORY_DAYS]) * 2 // MEMORY_DAYS).tolist()
    return moving
