"""Nested addresses lead where the flat ones lead."""

from functools import partial

import pytest
from django.http import Http404
from django.urls import URLPattern, URLResolver, path
from django.urls.resolvers import RegexPattern

from lakehouse_project.routing import nested


def entry(route: str, name: str) -> URLPattern:
    return path(route, partial(print, name), name=name)  # a view of its own for each


FLAT = [
    entry("docs", "docs"),
    entry("users/<path:key>/restore", "restore"),
    entry("users", "users"),
    entry("users/batch", "batch"),
    entry("users/<path:key>", "user"),
    entry("<slug:any>/last", "last"),
    entry("users/late", "late"),
]
FLAT_RESOLVER, NESTED_RESOLVER = (
    URLResolver(RegexPattern(r"^/"), entries) for entries in (FLAT, list(nested(FLAT)))
)


@pytest.mark.parametrize(
    "address",
    ["docs", "users", "users/batch", "users/1", "users/a/b", "users/a/restore", "jobs/last", "users/last"],
)
def test_the_same_view_with_the_same_parameters(address: str) -> None:
    found, expected = (resolver.resolve(f"/{address}") for resolver in (NESTED_RESOLVER, FLAT_RESOLVER))
    assert (found.func, found.kwargs, found.route) == (expected.func, expected.kwargs, expected.route)


@pytest.mark.parametrize("address", ["users/", "jobs", "jobs/other"])
def test_what_was_not_there_is_not_there(address: str) -> None:
    for resolver in (FLAT_RESOLVER, NESTED_RESOLVER):
        with pytest.raises(Http404):
            resolver.resolve(f"/{address}")


def test_names_lead_back_to_addresses() -> None:
    for name, kwargs in (("docs", {}), ("user", {"key": "a/b"}), ("last", {"any": "jobs"}), ("late", {})):
        reversed_by = [resolver.reverse(name, **kwargs) for resolver in (FLAT_RESOLVER, NESTED_RESOLVER)]
        assert reversed_by[0] == reversed_by[1]
