"""Addresses of the API, in the version that the caller uses."""

import re

from django.http import HttpRequest, HttpResponseBase

VERSIONS = ("v1", "v2")
_VERSION = re.compile(rf"/api/({'|'.join(VERSIONS)})(?=/|$)")


def is_api(request: HttpRequest) -> bool:
    """Whether programs ask: REST or GraphQL."""
    return f"{request.path}/".startswith(("/api/", "/graphql/"))


def api_root(request: HttpRequest) -> str:
    """`/api/v2` for a request below it; version 1 for any other."""
    found = _VERSION.match(request.path)
    return found[0] if found else "/api/v1"


def in_version(request: HttpRequest, path: str) -> str:
    """The address of `path`, such as `/runs/…`, in the version of the request."""
    return f"{api_root(request)}{path}"


def add_link(response: HttpResponseBase, target: str, relation: str) -> None:
    """Add to the header `Link` (RFC 8288), which may hold several."""
    link = f'<{target}>; rel="{relation}"'
    response["Link"] = f"{response['Link']}, {link}" if "Link" in response else link
