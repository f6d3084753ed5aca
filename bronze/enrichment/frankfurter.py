"""Exchange rates of an HTTP service."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path

import httpx
import stamina
from hishel import SqliteStorage
from hishel.httpx import CacheTransport

from bronze.enrichment.errors import RatesUnavailable, RatesUnreadable
from bronze.enrichment.timeseries import Timeseries, parse_timeseries

ATTEMPTS = 4
LONGEST_WAIT = 20.0
"""Seconds between two tries at most, whatever `Retry-After` says."""
CONNECT_SECONDS = 5.0
MAX_BYTES = 8 * 1024 * 1024
"""A quarter of a year of thirty currencies has 40 KB."""
BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


@dataclass(frozen=True)
class FrankfurterRates:
    """`GET <url>/2024-01-01..2024-03-31`, one request for each quarter of a year.

    Answers are kept in `cache` and asked for again with their ETag (RFC 9111). A request that fails is tried again,
    later each time and as `Retry-After` says.
    """

    url: str
    cache: Path
    read_seconds: float = 10.0
    """How long each part of an answer may take."""

    @property
    def name(self) -> str:
        return httpx.URL(self.url).host

    def between(self, first: date, last: date) -> Iterator[Timeseries]:
        with self._client() as client:
            for start, end in quarters(first, last):
                yield parse_timeseries(self._fetched(client, f"{start}..{end}"), self.name)

    def _client(self) -> httpx.Client:
        self.cache.mkdir(parents=True, exist_ok=True)
        storage = SqliteStorage(database_path=self.cache / "exchange_rates.db", max_size=64 * 1024 * 1024)
        timeout = httpx.Timeout(self.read_seconds, connect=CONNECT_SECONDS)
        return httpx.Client(
            transport=CacheTransport(httpx.HTTPTransport(), storage=storage, rfc=True), timeout=timeout
        )

    def _fetched(self, client: httpx.Client, period: str) -> bytes:
        with self._told(period):
            for attempt in stamina.retry_context(on=_wait_before_again, attempts=ATTEMPTS, timeout=60.0):
                with attempt:
                    return _body(client, f"{self.url.rstrip('/')}/{period}")
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def _told(self, period: str) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            if _is_temporary(status):
                raise RatesUnavailable(
                    f"{self.name} answers {status} for {period}, {ATTEMPTS} times."
                ) from error
            raise RatesUnreadable(
                f"{self.name} answers {status} for {period}. Is RATE_SOURCE right?"
            ) from error
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise RatesUnavailable(f"{self.name} does not answer for {period}: {reason}.") from error


def quarters(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days from `first` to `last` by calendar quarters: longer periods are thinned out by some services, and requests
    for the same whole quarters are the same."""
    while first <= last:
        month = first.month - (first.month - 1) % 3 + 3
        following = date(first.year + month // 13, (month - 1) % 12 + 1, 1)
        end = min(last, date.fromordinal(following.toordinal() - 1))
        yield first, end
        first = following


def _body(client: httpx.Client, url: str) -> bytes:
    with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
        response.raise_for_status()
        body = b""
        for piece in response.iter_bytes():
            body += piece
            if len(body) > MAX_BYTES:
                raise RatesUnreadable(
                    f"The answer of {response.url.host} is larger than {MAX_BYTES:,} bytes."
                )
        return body


def _is_temporary(status: int) -> bool:
    return status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _wait_before_again(error: Exception) -> bool | float:
    """Whether to try again; the seconds to wait before, if the service has said so."""
    if isinstance(error, httpx.HTTPStatusError):
        after = error.response.headers.get("Retry-After", "")
        if _is_temporary(error.response.status_code) and after.isdecimal():
            return min(float(after), LONGEST_WAIT)
        return _is_temporary(error.response.status_code)
    return isinstance(error, httpx.TransportError)
