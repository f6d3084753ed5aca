"""What of the API will go away, and when: the one table, and how callers are told.

An entry is an `operationId`, or `*` for a whole version. Its answers, errors included, have `Deprecation` (RFC 9745),
`Sunset` (RFC 8594) once a day is set, and a `Link` to what takes its place; the OpenAPI document says `deprecated`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from ninja import NinjaAPI
from ninja.operation import Operation

from lakehouse_project.kernel.addresses import add_link

WHOLE_VERSION = "*"
RunOperation = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Deprecation:
    """`since`, `sunset`: moments in UTC; none: no day is set yet. `successor`: the address of what takes its place, with the
    parts of the path in braces, such as `/api/v2/bronze/users/{key}`."""

    since: datetime
    sunset: datetime | None = None
    successor: str | None = None

    def announce(self, response: HttpResponseBase, path: Mapping[str, Any]) -> None:
        response["Deprecation"] = f"@{int(self.since.astimezone(UTC).timestamp())}"
        if self.sunset is not None:
            response["Sunset"] = http_date(self.sunset.timestamp())
        if self.successor is not None:
            add_link(response, self.successor.format(**path), "successor-version")


DEPRECATED: Mapping[str, Mapping[str, Deprecation]] = {"v1": {}, "v2": {}}
"""By version. Nothing is, so far: version 1 stays beside version 2."""


def announce(api: NinjaAPI, deprecated: Mapping[str, Deprecation]) -> None:
    """Let the answers and the document of `api` tell what is deprecated. Call it before its routers are added."""

    def decorate(run: RunOperation) -> RunOperation:
        operation: Operation = run.__self__  # type: ignore[attr-defined]  # ninja decorates the method of an operation
        found = deprecated.get(str(operation.operation_id)) or deprecated.get(WHOLE_VERSION)
        if found is None:
            return run
        operation.deprecated = True
        return _announcing(run, found)

    api.add_decorator(decorate, mode="view")


def _announcing(run: RunOperation, found: Deprecation) -> RunOperation:
    @wraps(run)
    def announced(request: HttpRequest, **path: Any) -> HttpResponseBase:
        response = run(request, **path)
        found.announce(response, path)
        return response

    return announced
