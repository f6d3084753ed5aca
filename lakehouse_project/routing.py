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
    """The same addresses, those with the same first segment below one entry. The order stays where it matters: before and
    behind an address that begins with a parameter."""
    for is_fixed, group in groupby(entries, key=_begins_fixed):
        yield from (_by_segment if is_fixed else iter)(group)


def _begins_fixed(entry: Entry) -> bool:
    return isinstance(entry, URLPattern) and "<" not in str(entry.pattern).partition("/")[0]


def _by_segment(entries: Iterable[Entry]) -> Iterator[Entry]:
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        segment, slash, _rest = str(entry.pattern).partition("/")
        groups.setdefault((segment, slash), []).append(entry)
    for (segment, slash), group in groups.items():
        if slash:
            below = [_below(entry, segment) for entry in group if isinstance(entry, URLPattern)]
            yield path(f"{segment}/", include(list(nested(below))))
        else:
            yield from group


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


def _below(entry: URLPattern, segment: str) -> URLPattern:
    rest = str(entry.pattern).removeprefix(f"{segment}/")
    return path(rest, entry.callback, entry.default_args, name=entry.name)
