"""One table from error codes to HTTP statuses, for every route and for what the framework raises itself."""

import errno
import http
from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from lakehouse_project.kernel.errors import FieldError, LakehouseError, TransientError
from lakehouse_project.kernel.problem import problem
from lakehouse_project.kernel.unfit import sentence_of

log = structlog.get_logger(__name__)

STATUS: Mapping[str, int] = {
    "unknown_parameter": 400,
    "invalid_precondition": 400,
    "wrong_login": 401,
    "invalid_token": 401,
    "forbidden": 403,
    "unsafe_connection": 403,
    "not_found": 404,
    "unknown_dataset": 404,
    "record_not_found": 404,
    "file_not_found": 404,
    "document_not_found": 404,
    "revision_not_found": 404,
    "staged_file_gone": 404,
    "nothing_rejected": 404,
    "conflict_not_found": 404,
    "operation_not_found": 404,
    "no_result": 404,
    "unknown_source": 404,
    "original_missing": 410,
    "conflict": 409,
    "dataset_exists": 409,
    "dataset_fixed": 409,
    "dataset_in_use": 409,
    "record_exists": 409,
    "record_in_use": 409,
    "file_not_loaded": 409,
    "file_not_failed": 409,
    "batch_conflict": 409,
    "idempotency_key_in_use": 409,
    "operation_finished": 409,
    "operation_open": 409,
    "precondition_failed": 412,
    "file_too_large": 413,
    "unsupported_file_type": 415,
    "range_not_satisfiable": 416,
    "transient_error": 503,
    "storage_unavailable": 503,
    "storage_full": 507,
    "records_busy": 503,
    "file_changed": 503,
    "dataset_busy": 503,
    "not_configured": 503,
    "rates_unavailable": 503,
    "search_unavailable": 503,
    "search_refused": 503,
    "search_mirror_busy": 503,
}
"""Every other code is 422: the request was understood, and its content cannot be taken."""

CREATE_DATASET = "Over the API: POST /api/v1/bronze/datasets."

HOW: Mapping[str, str] = {
    "precondition_failed": 'Then send If-Match: "{revision}".',
    "unknown_dataset": CREATE_DATASET,
    "unrecognised_dataset": f"{CREATE_DATASET} The data set of a file is the field `dataset` of the form.",
}
"""What callers of the API do next: errors themselves speak to people of the admin and of the command line as well."""

UNAUTHORIZED = 401
UNPROCESSABLE = 422
RETRY_SECONDS = 5
WAYS_IN = 'Token realm="lakehouse", Bearer realm="lakehouse", Basic realm="lakehouse"'

FRAMEWORK: Mapping[int, tuple[str, str]] = {
    404: ("not_found", "There is nothing at this address. See /api/v1/docs."),
    405: (
        "method_not_allowed",
        "This address does not have that method; the header Allow lists those it has.",
    ),
    411: (
        "length_required",
        "Send the length of the body (Content-Length), or what comes out of a pipe through `lakehouse ingest -`.",
    ),
    429: ("too_many_attempts", "Too many wrong passwords: this account is locked for a while."),
}
"""Code and detail of what the framework answers by itself."""


def status_of(error: LakehouseError) -> int:
    return STATUS.get(error.code, UNPROCESSABLE)


def register(api: NinjaAPI) -> None:
    """Make every error of `api` a problem+json answer."""
    api.add_exception_handler(LakehouseError, _domain_error)
    api.add_exception_handler(AuthenticationError, _not_logged_in)
    api.add_exception_handler(ValidationError, _invalid_request)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(Http404, _not_found)
    api.add_exception_handler(RequestDataTooBig, _too_big)
    api.add_exception_handler(SuspiciousOperation, _suspicious)
    api.add_exception_handler(MultiPartParserError, _suspicious)
    api.add_exception_handler(UnreadablePostError, _incomplete)
    api.add_exception_handler(OSError, _no_room)
    api.add_exception_handler(Exception, _unexpected)


def as_problem(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    """The problem+json for an error page of the framework."""
    status = page.status_code
    code, detail = FRAMEWORK.get(status, ("request_error", _title(status)))
    answer = problem(request, status, code=code, title=_title(status), detail=detail)
    for name in ("Allow", "Retry-After"):
        if name in page:
            answer[name] = page[name]
    return answer


def _domain_error(request: HttpRequest, error: Any) -> HttpResponse:
    status = status_of(error)
    answer = problem(
        request, status, code=error.code, title=_title(status), detail=_detail(error), errors=error.errors
    )
    if isinstance(error, TransientError):
        answer["Retry-After"] = str(RETRY_SECONDS)
    if status == UNAUTHORIZED:
        answer["WWW-Authenticate"] = WAYS_IN
    return answer


def _detail(error: LakehouseError) -> str:
    how = HOW.get(error.code, "").format_map(error.context)
    return f"{error.message} {how}".rstrip()


def _not_logged_in(request: HttpRequest, _error: Any) -> HttpResponse:
    detail = (
        "Log in, or send `Authorization: Token …` (`lakehouse token USER` makes one) or `Authorization: Bearer …` "
        "(POST /api/v1/auth/jwt). One that was sent has expired or was never good."
    )
    response = problem(request, 401, code="not_authenticated", title=_title(401), detail=detail)
    response["WWW-Authenticate"] = WAYS_IN
    return response


def _invalid_request(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [_unfit(entry) for entry in error.errors]
    detail = "; ".join(f"{entry.field} {entry.message}" for entry in errors)
    return problem(request, 422, code="invalid_request", title=_title(422), detail=detail, errors=errors)


def _unfit(entry: Mapping[str, Any]) -> FieldError:
    """What a schema says of a part of a request. Within a body the place is what the client wrote, without the name that the
    route has for the whole of it."""
    part, *place_in_it = map(str, entry["loc"])
    place = "/".join(place_in_it[1:] if part == "body" else place_in_it) or part
    return FieldError(place, entry["type"], sentence_of(entry["type"], entry.get("ctx", {}), entry["msg"]))


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(
        request, error.status_code, code="request_error", title=_title(error.status_code), detail=str(error)
    )


def _not_found(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(
        request, 404, code="not_found", title=_title(404), detail=f"There is nothing at {request.path}."
    )


def _too_big(request: HttpRequest, _error: Any) -> HttpResponse:
    detail = "The body is too large for this route. Send files to /api/v1/bronze/files."
    return problem(request, 413, code="body_too_large", title=_title(413), detail=detail)


def _suspicious(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(request, 400, code="bad_request", title=_title(400), detail=str(error))


def _incomplete(request: HttpRequest, _error: Any) -> HttpResponse:
    """Mostly nobody is there any more to read it."""
    detail = "The body ended before it was whole. Nothing of it was kept: send it again."
    return problem(request, 400, code="incomplete_body", title=_title(400), detail=detail)


def _no_room(request: HttpRequest, error: Any) -> HttpResponse:
    """A body or an answer that could not be written to the disk."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _unexpected(request, error)
    log.error("disk_full", path=request.path, file=error.filename)
    detail = "The server has no room left on its disk. Nothing was kept: send it again once there is room."
    return problem(request, 507, code="storage_full", title=_title(507), detail=detail)


def _unexpected(request: HttpRequest, error: Any) -> HttpResponse:
    log.error("request_failed", path=request.path, exc_info=error)
    detail = "Something went wrong on our side. The log has it under the id in `instance`."
    return problem(request, 500, code="internal_error", title=_title(500), detail=detail)


def _title(status: int) -> str:
    return http.HTTPStatus(status).phrase
