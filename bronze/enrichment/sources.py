"""Where exchange rates come from, and a file as such a place; `frankfurter` has the other one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from bronze.enrichment.errors import RatesUnreadable
from bronze.enrichment.timeseries import Timeseries, parse_timeseries


class RateSource(Protocol):
    """Gives rates of days that have any: there are none of weekends and holidays."""

    @property
    def name(self) -> str:
        """For people."""

    def between(self, first: date, last: date) -> Iterator[Timeseries]:
        """The rates of the days from `first` to `last`, in pieces. Raises `RatesUnavailable` or `RatesUnreadable`."""


@dataclass(frozen=True)
class RateFile:
    """An answer of such a service in a file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def between(self, first: date, last: date) -> Iterator[Timeseries]:
        try:
            text = self.path.read_bytes()
        except OSError as error:
            raise RatesUnreadable(f"{self.path} cannot be read: {error.strerror}.") from error
        series = parse_timeseries(text, self.name)
        inside = {day: rates for day, rates in series.rates.items() if first <= day <= last}
        yield series.model_copy(update={"rates": inside})
