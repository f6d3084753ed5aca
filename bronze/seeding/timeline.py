"""When things happen: the years covered, with growth, seasons, weekends and good and bad days."""

from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from bronze.seeding.randomness import IntArray, pick

FIRST_DAY = date(2020, 1, 1)
LAST_DAY = date(2024, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
DAY_SECONDS = 86_400
START = (FIRST_DAY - date(1970, 1, 1)).days * DAY_SECONDS
"""First second of the covered years since 1970, UTC."""

END = START + DAYS * DAY_SECONDS
"""The first second after them."""

MONTH_PERCENT = (82, 78, 92, 96, 102, 98, 88, 86, 100, 106, 138, 152)
WEEKDAY_PERCENT = (104, 108, 106, 104, 112, 92, 74)
HOUR_WEIGHTS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 12, 12, 12, 12, 13, 15, 17, 18, 16, 10, 5)


class Timeline:
    """Spreads any number of happenings over the covered years; `rng` decides which days are good ones."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._noise = rng.integers(85, 116, DAYS)

    def moments(self, rng: np.random.Generator, positions: IntArray, total: int) -> IntArray:
        """Ascending seconds since 1970 for the given places (ascending, below `total`) in the row of all happenings."""
        ceiling = int(self._ceilings[-1])
        days = np.searchsorted(self._ceilings, positions * ceiling // total, side="right")
        seconds = pick(rng, HOUR_WEIGHTS, len(days)) * 3600 + rng.integers(0, 3600, len(days))
        return np.sort(START + days * DAY_SECONDS + seconds)

    @cached_property
    def _ceilings(self) -> IntArray:
        days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
        season = np.array([MONTH_PERCENT[day.month - 1] * WEEKDAY_PERCENT[day.weekday()] for day in days])
        growth = 100 + np.arange(DAYS) * 220 // DAYS
        return np.cumsum(growth * season // 100 * self._noise // 100)


def timestamps(seconds: IntArray) -> pl.Series:
    """ISO 8601 in UTC."""
    return pl.from_epoch(pl.Series(seconds), time_unit="s").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
