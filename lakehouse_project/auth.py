"""Who may do what: groups with their permissions, and the ways for a program to log in."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import AbstractBaseUser, Group, Permission, User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from ninja.errors import HttpError
from ninja.security import HttpBasicAuth, SessionAuth
from ninja.security.base import AuthBase

from lakehouse_project.access import jwt, passwords, tokens
from lakehouse_project.access.errors import CsrfFailed, InvalidToken
from lakehouse_project.access.models import ApiToken
from lakehouse_project.kernel.errors import NotFound

READ = ("view",)
WRITE = ("view", "add", "change", "delete")
APPS = ("bronze", "silver", "gold", "search", "lake", "governance")

GROUPS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "viewer": dict.fromkeys(APPS, READ),
    "curator": {**dict.fromkeys(APPS, READ), "bronze": WRITE, "governance": ("view", "view_personal_data")},
    "engineer": {
        **dict.fromkeys(APPS, READ),
        "bronze": WRITE,
        "lake": WRITE,
        "governance": ("view", "start_pipeline"),
    },
    "admin": {
        **dict.fromkeys(APPS, WRITE),
        "auth": WRITE,
        "access": WRITE,
        "lake": (*WRITE, "manage_backups"),
        "governance": (*WRITE, "view_personal_data", "view_secret_data", "start_pipeline"),
    },
}
"""Group -> app -> kinds of permission (the part of a code name before the model, or a whole code name)."""

TOKEN_SCHEMES = ("token", "bearer")


def create_groups() -> None:
    """Make the groups of `GROUPS` and give them their permissions; runs after every migrate."""
    for app in apps.get_app_configs():
        create_permissions(app, verbosity=0)  # they are made per app, and ours may not be the last
    for name, kinds in GROUPS.items():
        group, _created = Group.objects.get_or_create(name=name)
        granted = [
            permission
            for permission in Permission.objects.filter(content_type__app_label__in=kinds).select_related(
                "content_type"
            )
            if _grants(kinds[permission.content_type.app_label], permission.codename)
        ]
        group.permissions.set(granted)


def _grants(kinds: tuple[str, ...], codename: str) -> bool:
    return codename in kinds or (
        codename.split("_", maxsplit=1)[0] in kinds
        and codename not in ("view_personal_data", "view_secret_data")
    )


def issue_token(username: str) -> str:
    """A new API token of the user, in clear. Only its digest is stored. Raises `NotFound`."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no active user {username!r}.")
    _token, clear = tokens.create(user, "command line", lifetime=None)
    return clear


class JwtAuth(AuthBase):
    """`Authorization: Bearer …` with the access token of `POST /api/v1/auth/jwt`."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_bearerFormat = "JWT"  # noqa: N815  a name of OpenAPI

    def __call__(self, request: HttpRequest) -> User | None:
        scheme, token = _credentials(request)
        if scheme != "bearer" or not _is_jwt(token):
            return None
        try:
            request.user = user = jwt.user_of(token)
        except InvalidToken:
            return None
        return user


class TokenAuth(AuthBase):
    """`Authorization: Token …` (or `Bearer …`) with a token of `lakehouse token USER` or `POST /api/v1/auth/tokens`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> ApiToken | None:
        scheme, clear = _credentials(request)
        if scheme not in TOKEN_SCHEMES or _is_jwt(clear):
            return None
        token = tokens.token_of(clear)
        if token is not None:
            request.user = token.user
        return token


def _credentials(request: HttpRequest) -> tuple[str, str]:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), token.strip()


def _is_jwt(token: str) -> bool:
    """Three parts with dots between; an API token has none."""
    return token.count(".") == 2


class BasicAuth(HttpBasicAuth):
    """HTTP Basic, only over TLS or from this machine: it sends the password in clear."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> AbstractBaseUser | None:
        user = (
            passwords.user_of(request, username, password)
            if passwords.is_safe_for_passwords(request)
            else None
        )
        if user is not None:
            request.user = user
        return user


class LoggedInSession(SessionAuth):
    """The session of a browser, with its CSRF token. Without a login there is nothing to protect: that is a 401."""

    def _get_key(self, request: HttpRequest) -> str | None:
        if not request.user.is_authenticated:
            return None
        try:
            return super()._get_key(request)
        except HttpError as error:
            raise CsrfFailed(
                "A session writes with its CSRF token: send the value of the cookie csrftoken in the header X-CSRFToken. "
                "Programs log in by a token."
            ) from error


AUTHENTICATION = [TokenAuth(), JwtAuth(), BasicAuth(), LoggedInSession(csrf=True)]

View = Callable[..., HttpResponse]


def login_or_token(view: View) -> View:
    """For the pages that describe the API: people are sent to the login, programs may send what they log in with, and are
    told if it is missing or not good."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known = request.user.is_authenticated or any(
            way(request) for way in (TokenAuth(), JwtAuth(), BasicAuth())
        )
        if known:
            return view(request, *args, **kwargs)
        if "Authorization" in request.headers or request.path.endswith(".json"):
            return HttpResponse(status=401)
        return redirect_to_login(request.get_full_path())

    return guarded
