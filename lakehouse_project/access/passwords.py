"""Names and passwords, of Basic and of the route for JSON Web Tokens."""

from axes.utils import reset
from django.contrib.auth import authenticate
from django.contrib.auth.models import User, update_last_login
from django.http import HttpRequest

from lakehouse_project.access.errors import UnsafeConnection, WrongLogin

LOOPBACK = ("127.0.0.1", "::1")


def is_safe_for_passwords(request: HttpRequest) -> bool:
    """Over TLS or from this machine: nobody else can read it on its way."""
    return request.is_secure() or request.META.get("REMOTE_ADDR") in LOOPBACK


def user_of(request: HttpRequest, username: str, password: str) -> User | None:
    """The active user of that name and password. Wrong ones are counted, and lock the name out after a few.

    Takes as long for a name that does not exist: Django hashes the password all the same.
    """
    if "\x00" in username:  # no name has it, and PostgreSQL does not take it
        return None
    return authenticate(request, username=username, password=password)


def log_in(request: HttpRequest, username: str, password: str) -> User:
    """The user, whose wrong attempts are forgotten. Raises `UnsafeConnection`, `WrongLogin`."""
    if not is_safe_for_passwords(request):
        raise UnsafeConnection(
            "Send a password over HTTPS, or from this machine: it would be read on its way."
        )
    user = user_of(request, username, password)
    if user is None:
        raise WrongLogin("There is no active user with this name and this password.")
    # The signal of a login would start a session, which a program has no use for.
    reset(username=user.get_username(), ip=request.axes_ip_address)  # type: ignore[attr-defined]  # by its middleware
    update_last_login(User, user)
    return user
