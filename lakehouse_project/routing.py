"""Addresses by their beginning: a request is compared with those that begin like its own, and not with some hundred."""

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import groupby
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

Entry = URLPattern | URLResolver


def nested(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same addresses in the same order, neighbours with the same first segment below one entry."""
    for segment, group in groupby(entries, key=_first_segment):
        if segment is None:
            yield from group
        else:
            below = [_below(entry, segment) for entry in group if isinstance(entry, URLPattern)]
            yield path(f"{segment}/", include(list(nested(below))))


def with_head(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same addresses, which answer HEAD as GET (RFC 9110, section 9.3.2); the server leaves the body out."""
    for entry in entries:
        if isinstance(entry, URLPattern):
            entry.callback = _answering_head(entry.callback)
        yield entry


def _answering_head(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **values: Any) -> HttpResponseBase:
        if request.method != "HEAD":
            return view(request, *args, **values)
        request.method = "GET"
        try:
            return view(request, *args, **values)
        finally:
            request.method = "HEAD"

    return answered


def _first_segment(entry: Entry) -> str | None:
    """None if the address has but one, or if it is a parameter."""
    segment, slash, _rest = str(entry.pattern).partition("/")
    is_fixed = isinstance(entry, URLPattern) and slash and "<" not in segment
    return segment if is_fixed else None


def _below(entry: URLPattern, segment: str) -> URLPattern:
    rest = str(entry.pattern).removeprefix(f"{segment}/")
    return path(rest, entry.callback, entry.default_args, name=entry.name)
