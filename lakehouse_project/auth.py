"""Who may do what: groups with their permissions, and the ways for a program to log in."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.auth import authenticate
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import AbstractBaseUser, Group, Permission, User
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from ninja.security import HttpBasicAuth, SessionAuth
from ninja.security.base import AuthBase
from rest_framework.exceptions import AuthenticationFailed

from lakehouse_project.kernel.errors import NotFound

READ = ("view",)
WRITE = ("view", "add", "change", "delete")
APPS = ("bronze", "silver", "gold", "search", "governance")

GROUPS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "viewer": dict.fromkeys(APPS, READ),
    "curator": {**dict.fromkeys(APPS, READ), "bronze": WRITE, "governance": ("view", "view_personal_data")},
    "engineer": {**dict.fromkeys(APPS, READ), "bronze": WRITE},
    "admin": {
        **dict.fromkeys(APPS, WRITE),
        "auth": WRITE,
        "governance": (*WRITE, "view_personal_data", "view_secret_data"),
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
    """A new API token of the user. Only its digest is stored. Raises `NotFound`."""
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no active user {username!r}.")
    _instance, token = AuthToken.objects.create(user)
    return str(token)


class TokenAuth(AuthBase):
    """`Authorization: Token …` (or `Bearer …`) with a token of `lakehouse token USER`."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> AbstractBaseUser | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in TOKEN_SCHEMES:
            return None
        try:
            user, _auth = TokenAuthentication().authenticate_credentials(token.strip().encode())
        except AuthenticationFailed:
            return None
        request.user = user
        return user  # type: ignore[no-any-return]


class BasicAuth(HttpBasicAuth):
    """HTTP Basic, only over TLS or from this machine: it sends the password in clear."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> AbstractBaseUser | None:
        if not (request.is_secure() or request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")):
            return None
        if "\x00" in username:  # no name has it, and PostgreSQL does not take it
            return None
        user = authenticate(request, username=username, password=password)
        if user is not None:
            request.user = user
        return user


class LoggedInSession(SessionAuth):
    """The session of a browser, with its CSRF token. Without a login there is nothing to protect: that is a 401."""

    def _get_key(self, request: HttpRequest) -> str | None:
        return super()._get_key(request) if request.user.is_authenticated else None


AUTHENTICATION = [TokenAuth(), BasicAuth(), LoggedInSession(csrf=True)]

View = Callable[..., HttpResponse]


def login_or_token(view: View) -> View:
    """For the pages that describe the API: people are sent to the login, programs may send what they log in with."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        known = request.user.is_authenticated or any(way(request) for way in (TokenAuth(), BasicAuth()))
        return view(request, *args, **kwargs) if known else redirect_to_login(request.get_full_path())

    return guarded
