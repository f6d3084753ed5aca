"""Problem details: the one shape of every error that the API answers (RFC 9457)."""

import http
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import Field, Schema

from lakehouse_project.kernel.errors import FieldError

CONTENT_TYPE = "application/problem+json"

NEWER_NAMES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Of RFC 9110, which Python knows since 3.13."""


def title_of(status: int) -> str:
    return NEWER_NAMES.get(status) or http.HTTPStatus(status).phrase


class ProblemError(Schema):
    """One thing that is wrong. `row`: its position in a batch."""

    pointer: str = Field(examples=["/3/email"])
    field: str
    code: str
    message: str
    row: int | None = None


class Problem(Schema):
    """Every error that the API answers (RFC 9457). `code` is stable; `instance` is the id of the request."""

    type: str = Field(examples=["urn:lakehouse:problem:contract_violation"])
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[ProblemError]


def problem(
    request: HttpRequest,
    status: int,
    *,
    code: str,
    title: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    **more: Any,
) -> JsonResponse:
    """An error response. `instance` is the id of the request, which is in the log as well."""
    body = {
        "type": f"urn:lakehouse:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": f"urn:uuid:{getattr(request, 'request_id', '')}",
        "errors": [error_entry(error) for error in errors],
        **more,
    }
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


def error_entry(error: FieldError) -> dict[str, Any]:
    """One of the `errors` of a problem, and of the result of a row."""
    place = [] if error.row is None else [str(error.row)]
    place += [error.field] if error.field or not place else []
    entry = {
        "pointer": "/" + "/".join(place),
        "field": error.field,
        "code": error.rule,
        "message": error.message,
    }
    return entry if error.row is None else entry | {"row": error.row}
