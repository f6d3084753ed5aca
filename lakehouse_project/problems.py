"""One table from error codes to HTTP statuses, for every route and for what the framework raises itself."""

import errno
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError, ValidationErrorContext

from governance.idempotency import IdempotencyKeyInUse
from governance.operations.schemas import RETRY_AFTER
from lakehouse_project.kernel.addresses import api_root, in_version
from lakehouse_project.kernel.errors import FieldError, LakehouseError, TransientError
from lakehouse_project.kernel.parameters import misspelled
from lakehouse_project.kernel.problem import problem, title_of
from lakehouse_project.kernel.unfit import sentence_of
from lakehouse_project.ratelimits import too_many

log = structlog.get_logger(__name__)

STATUS: Mapping[str, int] = {
    "unknown_parameter": 400,
    "invalid_precondition": 400,
    "invalid_query": 400,
    "query_too_large": 400,
    "invalid_cursor": 400,
    "malformed_body": 400,
    "wrong_login": 401,
    "invalid_token": 401,
    "forbidden": 403,
    "unsafe_connection": 403,
    "csrf_failed": 403,
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
    "precondition_required": 428,
    "file_too_large": 413,
    "unsupported_file_type": 415,
    "range_not_satisfiable": 416,
    "unsupported_media_type": 415,
    "transient_error": 503,
    "storage_unavailable": 503,
    "unknown_table": 404,
    "lake_unavailable": 503,
    "publish_conflict": 503,
    "storage_corrupted": 503,
    "bucket_unavailable": 503,
    "object_changed": 503,
    "lake_query_not_found": 404,
    "lake_empty": 404,
    "lake_result_not_ready": 409,
    "athena_unavailable": 503,
    "athena_forbidden": 503,
    "athena_not_set_up": 503,
    "backup_not_found": 404,
    "backup_busy": 409,
    "restore_refused": 409,
    "backup_failed": 503,
    "backup_program_missing": 503,
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
"""Every other code is 422: the request was understood, and its content cannot be taken. What may work later is 503."""

CREATE_DATASET = "Over the API: POST {api}/bronze/datasets."

HOW: Mapping[str, str] = {
    "precondition_failed": 'Then send If-Match: "{revision}".',
    "unknown_dataset": CREATE_DATASET,
    "unrecognised_dataset": f"{CREATE_DATASET} The data set of a file is the field `dataset` of the form.",
}
"""What callers of the API do next: errors themselves speak to people of the admin and of the command line as well."""

WAIT = "Ask {api}/operations/{operation} until it has ended, or cancel it there."
"""What they do next where `operation` is what is in the way."""

UNAUTHORIZED = 401
RANGE_NOT_SATISFIABLE = 416
UNPROCESSABLE = 422
UNAVAILABLE = 503
RETRY_SECONDS = 5
WAYS_IN = 'Token realm="lakehouse", Bearer realm="lakehouse", Basic realm="lakehouse"'

NOT_LOGGED_IN = (
    "Log in, or send `Authorization: Token …` (`lakehouse token USER` makes one) or `Authorization: Bearer …` "
    "(POST {api}/auth/jwt). One that was sent has expired or was never good."
)

FRAMEWORK: Mapping[int, tuple[str, str]] = {
    401: ("not_authenticated", NOT_LOGGED_IN),
    404: ("not_found", "There is nothing at this address. See {api}/docs."),
    405: (
        "method_not_allowed",
        "This address does not have that method; the header Allow lists those it has.",
    ),
    411: (
        "length_required",
        "Send the length of the body (Content-Length), or what comes out of a pipe through `lakehouse ingest -`.",
    ),
    429: (
        "too_many_attempts",
        "Too many wrong passwords: wait as many seconds as Retry-After says, and send the right one.",
    ),
}
"""Code and detail of what the framework answers by itself."""


def status_of(error: LakehouseError) -> int:
    return STATUS.get(error.code, UNAVAILABLE if isinstance(error, TransientError) else UNPROCESSABLE)


class UnfitRequest(ValidationError):
    """What the framework raises for parameters and bodies. `query`: the schema of the query string, if that is wrong."""

    def __init__(self, errors: list[dict[str, Any]], contexts: Sequence[ValidationErrorContext[Any]]) -> None:
        super().__init__(errors)
        queries = (each.model for each in contexts if each.model.__ninja_param_source__ == "query")
        self.query = next(
            (field.annotation for each in queries for field in each.model_fields.values()), None
        )


def register(api: NinjaAPI) -> None:
    """Make every error of `api` a problem+json answer."""
    api.add_exception_handler(LakehouseError, _domain_error)
    api.add_exception_handler(AuthenticationError, _not_logged_in)
    api.add_exception_handler(ValidationError, _invalid_request)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(Throttled, _throttled)
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
    code, detail = FRAMEWORK.get(status, ("request_error", title_of(status)))
    detail = detail.format(api=api_root(request))
    answer = problem(request, status, code=code, title=title_of(status), detail=detail)
    if status == UNAUTHORIZED:
        answer["WWW-Authenticate"] = WAYS_IN
    for name in ("Allow", "Retry-After"):
        if name in page:
            answer[name] = page[name]
    return answer


def _domain_error(request: HttpRequest, error: Any) -> HttpResponse:
    status = status_of(error)
    detail = detail_of(request, error)
    answer = problem(
        request, status, code=error.code, title=title_of(status), detail=detail, errors=error.errors
    )
    for name, value in _headers(request, error, status):
        answer[name] = value
    return answer


def _headers(request: HttpRequest, error: LakehouseError, status: int) -> Iterator[tuple[str, str]]:
    """How to log in, how large a file is, when to come back, and where to look meanwhile."""
    if status == UNAUTHORIZED:
        yield "WWW-Authenticate", WAYS_IN
    if status == RANGE_NOT_SATISFIABLE:
        yield "Content-Range", f"bytes */{error.context['size']}"
    if isinstance(error, TransientError):
        yield "Retry-After", str(error.context.get("retry_after", RETRY_SECONDS))
    if isinstance(error, IdempotencyKeyInUse):
        yield "Retry-After", str(RETRY_AFTER)
    if "operation" in error.context:
        yield "Location", in_version(request, f"/operations/{error.context['operation']}")
        yield "Retry-After", str(RETRY_AFTER)


def detail_of(request: HttpRequest, error: LakehouseError) -> str:
    """What the error says, and what callers of the API do next."""
    how = WAIT if "operation" in error.context else HOW.get(error.code, "")
    how = how.format_map({"api": api_root(request), **error.context})
    return f"{error.message} {how}".rstrip()


def _not_logged_in(request: HttpRequest, _error: Any) -> HttpResponse:
    detail = NOT_LOGGED_IN.format(api=api_root(request))
    response = problem(request, 401, code="not_authenticated", title=title_of(401), detail=detail)
    response["WWW-Authenticate"] = WAYS_IN
    return response


def _invalid_request(request: HttpRequest, error: Any) -> HttpResponse:
    errors = [_unfit(entry) for entry in error.errors]
    errors += misspelled(request.GET, getattr(error, "query", None))
    detail = "; ".join(f"{entry.field} {entry.message}" for entry in errors)
    return problem(request, 422, code="invalid_request", title=title_of(422), detail=detail, errors=errors)


def _unfit(entry: Mapping[str, Any]) -> FieldError:
    """What a schema says of a part of a request. Within a body the place is what the client wrote, without the name that the
    route has for the whole of it."""
    part, *place_in_it = map(str, entry["loc"])
    place = "/".join(place_in_it[1:] if part == "body" else place_in_it) or part
    return FieldError(place, entry["type"], sentence_of(entry["type"], entry.get("ctx", {}), entry["msg"]))


def _http_error(request: HttpRequest, error: Any) -> HttpResponse:
    """The framework wraps what is wrong with a body into an error of its own."""
    if isinstance(error.__cause__, LakehouseError | RequestDataTooBig | UnreadablePostError):
        return _cause(request, error.__cause__)
    return problem(
        request, error.status_code, code="request_error", title=title_of(error.status_code), detail=str(error)
    )


def _throttled(request: HttpRequest, _error: Any) -> HttpResponse:
    return too_many(request)


def _cause(request: HttpRequest, error: Exception) -> HttpResponse:
    handlers = {RequestDataTooBig: _too_big, UnreadablePostError: _incomplete}
    return handlers.get(type(error), _domain_error)(request, error)


def _not_found(request: HttpRequest, _error: Any) -> HttpResponse:
    return problem(
        request, 404, code="not_found", title=title_of(404), detail=f"There is nothing at {request.path}."
    )


def _too_big(request: HttpRequest, _error: Any) -> HttpResponse:
    detail = f"The body is too large for this route. Send files to {api_root(request)}/bronze/files."
    return problem(request, 413, code="body_too_large", title=title_of(413), detail=detail)


def _suspicious(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(request, 400, code="bad_request", title=title_of(400), detail=str(error))


def _incomplete(request: HttpRequest, _error: Any) -> HttpResponse:
    """Mostly nobody is there any more to read it."""
    detail = "The body ended before it was whole. Nothing of it was kept: send it again."
    return problem(request, 400, code="incomplete_body", title=title_of(400), detail=detail)


def _no_room(request: HttpRequest, error: Any) -> HttpResponse:
    """A body or an answer that could not be written to the disk."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _unexpected(request, error)
    log.error("disk_full", path=request.path, file=error.filename)
    detail = "The server has no room left on its disk. Nothing was kept: send it again once there is room."
    return problem(request, 507, code="storage_full", title=title_of(507), detail=detail)


def _unexpected(request: HttpRequest, error: Any) -> HttpResponse:
    log.error("request_failed", path=request.path, exc_info=error)
    detail = "Something went wrong on our side. The log has it under the id in `instance`."
    return problem(request, 500, code="internal_error", title=title_of(500), detail=detail)
