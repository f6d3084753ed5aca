"""Exchange rates that somebody else publishes, as a file of the data set `exchange_rates`."""

import csv
import math
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bronze.domain import ReceivedFile
from bronze.enrichment.errors import BadPeriod, RatesUnavailable
from bronze.enrichment.repositories import DATASET, StoredRates
from bronze.enrichment.sources import RateSource
from bronze.enrichment.timeseries import Rate, rates_in
from bronze.services.receiving import ReceiveFile
from governance.backoff import rest_left
from lakehouse_project.kernel.errors import NotConfigured

RUN = "rates"
FIRST_PERIOD = timedelta(days=366)
OVERLAP = timedelta(days=7)
"""Days that are fetched again: what was published may have been corrected."""
EXPECTED_GAP = timedelta(days=5)
"""Rates are published on working days; a longer silence is told."""


@dataclass(frozen=True)
class FetchedRates:
    """`file`: None if the source has nothing of these days. `rates`: how many."""

    file: ReceivedFile | None
    rates: int
    last_day: date | None
    note: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """For the run."""
        return {"rates": self.rates, **({"file": self.file.id} if self.file else {})}


@dataclass(frozen=True, kw_only=True)
class FetchRates:
    """Bring the rates of the days since the last known ones from `source` into bronze. Doing it again changes nothing."""

    receive: ReceiveFile
    stored: StoredRates
    source: RateSource | None
    reporting_currency: str

    def __call__(
        self,
        *,
        since: date | None = None,
        until: date | None = None,
        source: RateSource | None = None,
        user_id: int | None = None,
    ) -> FetchedRates:
        """`source`: another one than is set up. Without `since`: from a week before the last known rate, or of a year.

        Raises `NotConfigured` without a source, `BadPeriod`, `RatesUnavailable` (nothing is kept then, and what is stored
        stays in use), or `RatesUnreadable`.
        """
        chosen = source or self._configured()
        first, last = self._period(since, until)
        rates = [
            rate
            for series in chosen.between(first, last)
            for rate in rates_in(series, self.reporting_currency, chosen.name)
        ]
        if not rates:
            return FetchedRates(None, 0, None, f"{chosen.name} has no rates from {first} to {last}.")
        newest = max(rate.day for rate in rates)
        note = "" if last - newest <= EXPECTED_GAP else f"The newest rates of {chosen.name} are of {newest}."
        return FetchedRates(self._received(rates, chosen, user_id), len(rates), newest, note)

    def check(self, *, since: date | None, until: date | None) -> None:
        """Raises what can be said before the source is asked: `NotConfigured`, `BadPeriod`, or `RatesUnavailable` while
        the source is left alone because it has just failed."""
        source = self._configured()
        self._period(since, until)
        if seconds := math.ceil(rest_left(RUN).total_seconds()):
            raise RatesUnavailable(
                f"{source.name} has just failed; it is asked again in {seconds} s.", retry_after=seconds
            )

    def _configured(self) -> RateSource:
        if self.source is None:
            raise NotConfigured(
                "Set RATE_SOURCE to the address of a service such as https://api.frankfurter.dev/v1, or to a saved file."
            )
        return self.source

    def _period(self, since: date | None, until: date | None) -> tuple[date, date]:
        last = until or datetime.now(UTC).date()
        first = since or self._known_until(last) - OVERLAP
        if first > last:
            raise BadPeriod(f"The period from {first} to {last} has no days.")
        return first, last

    def _known_until(self, last: date) -> date:
        """The last day of which the data set has a rate, a year ago if it has none."""
        return min(self.stored.last_day() or last - FIRST_PERIOD, last)

    def _received(self, rates: Iterable[Rate], source: RateSource, user_id: int | None) -> ReceivedFile:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "exchange_rates.csv"
            with path.open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out)
                writer.writerow(["date", "currency", "rate"])
                writer.writerows([rate.day, rate.currency, f"{rate.rate:f}"] for rate in rates)
            name = f"exchange rates of {source.name}.csv"
            return self.receive(path, name=name, via="enrichment", dataset=DATASET, user_id=user_id)
