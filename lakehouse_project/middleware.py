"""Middleware: a request id in every answer, a login in front of every page, a name on every change."""

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.http import HttpRequest, HttpResponse
from pghistory.middleware import HistoryMiddleware as PghistoryMiddleware

from lakehouse_project.problems import as_problem

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
            if is_page and response.status_code >= 400 and _is_api(request)
            else response
        )


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


def _is_api(request: HttpRequest) -> bool:
    return f"{request.path}/".startswith(("/api/", "/graphql/"))


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Every page asks for a login; the API answers 401 by itself, so it is left to its own authentication."""

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponse | None:
        if _is_api(request):
            return None
        return super().process_view(request, *args)  # type: ignore[arg-type, return-value]

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> Any:
        """A script would put the login into its page: the whole browser goes there instead."""
        to_login = super().handle_no_permission(request, view_func)
        if "HX-Request" not in request.headers:
            return to_login
        return HttpResponse("Log in.", status=401, headers={"HX-Redirect": to_login["Location"]})


class ContentSecurityPolicyMiddleware:
    """Our pages run no script and show no style but our own files; the admin needs more, and the description of the API
    says so itself."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _is_api(request):
            if "json" in response.get("Content-Type", ""):
                response.setdefault("Content-Security-Policy", _NOTHING)
        elif not request.path.startswith("/admin/"):
            response.setdefault("Content-Security-Policy", _POLICY)
        return response


_NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""An answer in JSON is no page, whoever opens it as one."""
_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


class HistoryMiddleware(PghistoryMiddleware):
    """The history of a record says who changed it, and whether in the admin or over the API.

    The user of a token is known only later; the base class notes it then.
    """

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk, "reason": "api" if _is_api(request) else "admin edit"}
