"""Wrong passwords: those of one name lock it out (django-axes), those from one address keep it waiting.

All ways in come through here: the forms of the pages and of the admin, Basic, and the route for JSON Web Tokens. A name that
does not exist is counted and locked out like one that does.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lakehouse_project.access.models import ServiceAccount
from lakehouse_project.middleware import GetResponse
from lakehouse_project.ratelimits import Standing, address_of, counter

POLICY = "failed_logins"


class DoorBackend:
    """Knows nobody, and stops what is no login of a person, before the password is looked at: a login from an address with
    too many wrong passwords, and one as a service account, whatever password somebody has given it."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str | None = None, **_: Any
    ) -> None:
        if request is not None:
            self._refuse_address(request)
        if ServiceAccount.objects.filter(user__username=username).exists():
            make_password(password)  # takes as long as any other wrong password
            raise PermissionDenied

    def _refuse_address(self, request: HttpRequest) -> None:
        standing = counter().count(POLICY, address_of(request), cost=0)
        if standing is not None and standing.is_over:
            request.login_limit = standing  # type: ignore[attr-defined]
            raise PermissionDenied


@receiver(user_login_failed)
def count_failure(request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None and not hasattr(request, "login_limit"):
        counter().count(POLICY, address_of(request))


class FailedLoginsMiddleware:
    """Answers 429 where the backend has stopped a login."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        standing: Standing | None = getattr(request, "login_limit", None)
        return response if standing is None else _wait(request, standing.wait)


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """What django-axes answers for a name with too many wrong passwords. Every attempt begins the time anew."""
    return _wait(request, int(settings.AXES_COOLOFF_TIME * 3600))


def _wait(request: HttpRequest, seconds: int) -> HttpResponse:
    """A page; the API makes problem+json of it."""
    page = render(request, "429.html", {"minutes": -(-seconds // 60)}, status=429)
    page["Retry-After"] = str(seconds)
    return page
