"""Typesense over HTTP: one request, one answer, and what each failure means.

There is no retry in here: whoever asks knows whether a second try makes sense, and the breaker has to learn of the first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus
from typing import Any

import httpx

from search.errors import (
    CollectionExists,
    CollectionMissing,
    EngineRefused,
    EngineRejected,
    EngineUnavailable,
)

_CONNECT_SECONDS = 2.0
_MOST_ERROR_CHARACTERS = 300
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
_NO_FIELD = "in the schema"
"""Of the sentence with which a field is missed, by a 404 as if it were the collection."""
_REJECTIONS: dict[int, type[EngineRejected]] = {
    HTTPStatus.NOT_FOUND: CollectionMissing,
    HTTPStatus.CONFLICT: CollectionExists,
}


@dataclass(frozen=True, kw_only=True)
class TypesenseClient:
    """`search_seconds` is how long a query may take, `write_seconds` any other request; either for each part of an answer.

    Every method raises EngineUnavailable, EngineRefused (the key) or EngineRejected (the request).
    """

    url: str
    key: str = field(repr=False)
    search_seconds: float = 2.0
    write_seconds: float = 60.0

    def ask(self, method: str, path: str, *, is_query: bool = False, **options: Any) -> Any:
        """The JSON of the answer. `options` are those of httpx: json, params, content."""
        with _translated():
            response = self._http.request(method, path, timeout=self._timeout(is_query=is_query), **options)
        _raise_for(response)
        return _json(response)

    def ask_lines(self, method: str, path: str, **options: Any) -> list[str]:
        """The lines of the answer. They end with a line feed alone: a text may hold other characters that split lines."""
        with _translated():
            response = self._http.request(method, path, timeout=self._timeout(), **options)
        _raise_for(response)
        return response.text.rstrip("\n").split("\n") if response.text.strip() else []

    def stream_lines(self, path: str, params: Mapping[str, str]) -> Iterator[str]:
        """The lines of a long answer as they come. They must be ASCII."""
        with (
            _translated(),
            self._http.stream("GET", path, params=params, timeout=self._timeout()) as response,
        ):
            if response.is_error:
                response.read()
                _raise_for(response)
            yield from response.iter_lines()

    def close(self) -> None:
        self._http.close()

    @cached_property
    def _http(self) -> httpx.Client:
        """Keeps its connections. Proxies of the environment are for the way out, and a search server is near."""
        headers = {"X-TYPESENSE-API-KEY": self.key}
        return httpx.Client(base_url=self.url.rstrip("/"), headers=headers, trust_env=False)

    def _timeout(self, *, is_query: bool = False) -> httpx.Timeout:
        seconds = self.search_seconds if is_query else self.write_seconds
        return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise EngineUnavailable(f"Typesense did not answer in time ({type(error).__name__}).") from error
    except httpx.TransportError as error:
        told = str(error).rstrip(".") or type(error).__name__
        raise EngineUnavailable(f"Typesense cannot be reached: {told}.") from error
    except httpx.DecodingError as error:
        raise EngineUnavailable("Typesense broke off in the middle of an answer.") from error


def _raise_for(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    told = _told(response)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise EngineRefused("Typesense does not accept the key. Check TYPESENSE_API_KEY.")
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise EngineUnavailable(f"Typesense answered {status}: {told}", status=status)
    raise rejection(status, told)


def rejection(status: int, told: str) -> EngineRejected:
    """The error for an answer of class 4xx, or for one part of an answer."""
    kind = EngineRejected if _NO_FIELD in told else _REJECTIONS.get(status, EngineRejected)
    return kind(f"Typesense answered {status}: {told}", status=status)


def _told(response: httpx.Response) -> str:
    """What the server says is wrong, as far as it says so."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    told = answer.get("message", "") if isinstance(answer, dict) else response.text
    return str(told)[:_MOST_ERROR_CHARACTERS] or response.reason_phrase


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise EngineUnavailable("Typesense broke off in the middle of an answer.") from error
