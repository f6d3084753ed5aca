"""Middleware: a request id in every answer, a login in front of every page, a name on every change."""

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware as StructlogRequest
from pghistory.middleware import HistoryMiddleware as PghistoryMiddleware

from lakehouse_project.kernel.addresses import is_api
from lakehouse_project.kernel.callers import answering
from lakehouse_project.problems import as_problem
from lakehouse_project.ratelimits import address_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give each request an id, shown in the header `X-Request-ID`, in problem details and in the log."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ApiProblemMiddleware:
    """Below /api/ and /graphql/ every error is problem+json: also those that Django and its other middleware answer as a
    page, such as a method that a route does not have or an account that is locked after too many wrong passwords."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = "json" not in response.get("Content-Type", "")
        return (
            as_problem(request, response)
            if is_page and response.status_code >= 400 and is_api(request)
            else response
        )


class CallerMiddleware:
    """What answers a request knows who asks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with answering(request):
            return self.get_response(request)


class UploadsMiddleware:
    """No temporary file outlives its request: Django forgets the one that was being written when a sender went away."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            if request.content_type == "multipart/form-data":
                for handler in request.upload_handlers:
                    handler.upload_interrupted()


class LengthRequiredMiddleware:
    """A body without a length is refused: one that was cut off on its way would look like a whole one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and not request.META.get("CONTENT_LENGTH"):
            return HttpResponse("Send the length of the body (Content-Length).", status=411)
        return self.get_response(request)


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Every page asks for a login; the API answers 401 by itself, so it is left to its own authentication."""

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponse | None:
        if is_api(request):
            return None
        return super().process_view(request, *args)  # type: ignore[arg-type, return-value]

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        """A script would put the login into its page: the whole browser goes there instead."""
        to_login = super().handle_no_permission(request, view_func)
        if "HX-Request" not in request.headers:
            return to_login
        return HttpResponse("Log in.", status=401, headers={"HX-Redirect": to_login["Location"]})


class ContentSecurityPolicyMiddleware:
    """What a page may load and run. Answers with a policy of their own, as documents and the description of the API have it,
    keep it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", _policy(request))
        return response


_CLOSED = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
_OWN_PAGES = f"default-src 'self'; {_CLOSED}"
_ADMIN = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; script-src 'self' 'unsafe-eval'; "
    f"{_CLOSED}"
)
_DATA = "default-src 'none'; frame-ancestors 'none'"


def _policy(request: HttpRequest) -> str:
    """Our pages run and show nothing but our own files, and an answer in JSON is no page. The admin sets styles in its
    elements, and its scripts (Alpine) compute the expressions of its templates. No page runs a script of its own
    text."""
    if is_api(request):
        return _DATA
    return _ADMIN if request.path.startswith("/admin/") else _OWN_PAGES


class RequestLogMiddleware(StructlogRequest):
    """The log has the address of a request without its query, in which people look for people, and where it comes from as
    the limits see it."""

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=address_of(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class HistoryMiddleware(PghistoryMiddleware):
    """The history of a record says who changed it, and whether in the admin or over the API.

    The user of a token is known only later; the base class notes it then.
    """

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, "reason": "api" if is_api(request) else "admin edit"}
