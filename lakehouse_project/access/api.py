"""Routes of access: JSON Web Tokens for a password, and the API tokens of the caller."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Status

from bronze.api.routes import refusals
from lakehouse_project.access import jwt, passwords, tokens
from lakehouse_project.access.models import ApiToken
from lakehouse_project.access.schemas import (
    IssuedToken,
    JwtPair,
    NewToken,
    PasswordLogin,
    RefreshToken,
    TokenOut,
)
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import Forbidden
from lakehouse_project.kernel.rows import Listed, Rows
from lakehouse_project.kernel.versions import NoFilters, Versions

versions = Versions(tags=["auth"])


@versions.post(
    "/jwt",
    auth=None,
    response={200: JwtPair} | refusals(401, 403, 422, 429),
    operation_id="log_in",
    summary="A pair of JSON Web Tokens for a name and a password",
    description="Over HTTPS or from the machine itself. Five wrong passwords lock the name out for a quarter of an hour.",
)
def log_in(request: HttpRequest, response: HttpResponse, login: PasswordLogin) -> dict[str, Any]:
    reject_unknown(request, ())
    user = passwords.log_in(request, login.username, login.password)
    return _pair(response, jwt.new_login(user))


@versions.post(
    "/jwt/refresh",
    auth=None,
    response={200: JwtPair} | refusals(401, 422),
    operation_id="refresh_login",
    summary="The next pair for a refresh token",
    description="The refresh token is used up by it. One that comes a second time is in two hands: the login ends for both.",
)
def refresh_login(request: HttpRequest, response: HttpResponse, token: RefreshToken) -> dict[str, Any]:
    reject_unknown(request, ())
    return _pair(response, jwt.next_pair(token.refresh))


@versions.post(
    "/jwt/revoke",
    auth=None,
    response={204: None} | refusals(401, 422),
    operation_id="log_out",
    summary="Log out: end the login of a refresh token, its access tokens included",
)
def log_out(request: HttpRequest, token: RefreshToken) -> Status[None]:
    reject_unknown(request, ())
    jwt.revoke(token.refresh)
    return Status(204, None)


@versions.list("/tokens", item=TokenOut, operation_id="list_tokens", summary="Your API tokens, newest first")
def list_tokens(request: HttpRequest, query: NoFilters) -> Listed:
    found = tokens.tokens_of(request.user)  # type: ignore[arg-type]  # the route asks for a login
    return Rows(found, ("-created", "id"), tuple(TokenOut.model_fields))


@versions.post(
    "/tokens",
    response={201: IssuedToken} | refusals(403, 422),
    operation_id="create_token",
    summary="A new API token of yours",
    description="`token` is shown this once. It takes a login by password, session or JSON Web Token: an API token that "
    "got into wrong hands cannot make others.",
)
def create_token(request: HttpRequest, response: HttpResponse, new: NewToken) -> Status[dict[str, Any]]:
    reject_unknown(request, ())
    require_person(request)
    lifetime = None if new.expires_in_days is None else timedelta(days=new.expires_in_days)
    return Status(201, issued(response, *tokens.create(request.user, new.name, lifetime)))  # type: ignore[arg-type]


@versions.post(
    "/tokens/{token_id}/rotate",
    response={200: IssuedToken} | refusals(403, 404),
    operation_id="rotate_token",
    summary="Another secret for a token of yours; the old one is refused at once",
    description="Name and id stay, its lifetime begins anew. It takes a login by password, session or JSON Web Token.",
)
def rotate_token(request: HttpRequest, response: HttpResponse, token_id: UUID) -> dict[str, Any]:
    reject_unknown(request, ())
    require_person(request)
    return issued(response, *tokens.rotate(request.user, token_id))  # type: ignore[arg-type]


@versions.delete(
    "/tokens/{token_id}",
    response={204: None} | refusals(403, 404),
    operation_id="delete_token",
    summary="Delete a token of yours; it is refused at once",
    description="It takes a login by password, session or JSON Web Token.",
)
def delete_token(request: HttpRequest, token_id: UUID) -> Status[None]:
    reject_unknown(request, ())
    require_person(request)
    tokens.delete(request.user, token_id)  # type: ignore[arg-type]
    return Status(204, None)


def require_person(request: HttpRequest) -> None:
    """Raise `Forbidden` for a caller with an API token."""
    if isinstance(getattr(request, "auth", None), ApiToken):
        raise Forbidden("An API token cannot change tokens: log in by password, session or JSON Web Token.")


def _pair(response: HttpResponse, pair: jwt.Pair) -> dict[str, Any]:
    response["Cache-Control"] = "no-store"
    return {
        "access": pair.access,
        "refresh": pair.refresh,
        "expires_in": int(jwt.LIFETIMES["access"].total_seconds()),
    }


def issued(response: HttpResponse, token: ApiToken, clear: str) -> dict[str, Any]:
    """The answer that shows a token, this once."""
    response["Cache-Control"] = "no-store"
    known = {name: getattr(token, name) for name in TokenOut.model_fields}
    return {**known, "token": clear}
