"""JSON Web Tokens: a short-lived access token, and a refresh token that can be used once.

Every token names the login it came of. The row of that login is asked with each request, so that log-out, another
password and a deactivated user count at once, and not only when the token expires.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import jwt
import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from lakehouse_project.access.errors import InvalidToken
from lakehouse_project.access.models import JwtLogin

log = structlog.get_logger(__name__)

Kind = Literal["access", "refresh"]

LIFETIMES: Mapping[Kind, timedelta] = {"access": timedelta(minutes=15), "refresh": timedelta(days=7)}
CLOCK_SKEW = timedelta(seconds=5)
ALGORITHM = "HS256"
CLAIMS = ("aud", "exp", "iat", "jti", "sid", "sub")
SWEEP = 100
"""At most so many expired logins are deleted with each new one."""


@dataclass(frozen=True)
class Pair:
    """What a program logs in with, and what it gets the next pair with."""

    access: str
    refresh: str


def new_login(user: User) -> Pair:
    """The first pair of a login."""
    _sweep()
    login = JwtLogin.objects.create(
        user=user,
        refresh_id=uuid4(),
        password_mark=user.get_session_auth_hash(),
        expires_at=timezone.now() + LIFETIMES["refresh"],
    )
    return _pair(login)


def next_pair(refresh: str) -> Pair:
    """A new pair for a refresh token, which is used up by it. Raises `InvalidToken`.

    One that has been used before is in two hands: the whole login ends, for both of them.
    """
    claims = _claims(refresh, "refresh")
    login = _login(claims)
    fresh, expires_at = uuid4(), timezone.now() + LIFETIMES["refresh"]
    # Of two at the same time the database lets one through.
    unused = JwtLogin.objects.filter(pk=login.pk, refresh_id=claims["jti"])
    if not unused.update(refresh_id=fresh, expires_at=expires_at):
        log.warning("refresh_token_replayed", user=login.user.pk, login=str(login.pk))
        login.delete()
        raise InvalidToken("This refresh token was used before, so its login has ended. Log in again.")
    login.refresh_id = fresh
    return _pair(login)


def revoke(refresh: str) -> None:
    """End the login of a refresh token, its access tokens included. One that has ended already is fine.

    Raises `InvalidToken` for what is no refresh token of ours.
    """
    claims = _claims(refresh, "refresh", may_be_expired=True)
    JwtLogin.objects.filter(pk=claims["sid"]).delete()


def user_of(access: str) -> User:
    """Whose access token it is. Raises `InvalidToken`."""
    return _login(_claims(access, "access")).user


def _login(claims: Mapping[str, Any]) -> JwtLogin:
    login = JwtLogin.objects.select_related("user").filter(pk=claims["sid"]).first()
    if login is None or not _is_good(login, claims):
        raise InvalidToken("The login of this token has ended. Log in again.")
    return login


def _is_good(login: JwtLogin, claims: Mapping[str, Any]) -> bool:
    return (
        str(login.user.pk) == claims["sub"]
        and login.user.is_active
        and constant_time_compare(login.password_mark, login.user.get_session_auth_hash())
    )


def _claims(token: str, kind: Kind, *, may_be_expired: bool = False) -> Mapping[str, Any]:
    try:
        claims = jwt.decode(
            token,
            _key(),
            algorithms=[ALGORITHM],
            audience=_audience(kind),
            leeway=CLOCK_SKEW,
            options={"require": list(CLAIMS), "verify_exp": not may_be_expired},
        )
        return {**claims, "sid": UUID(claims["sid"]), "jti": UUID(claims["jti"])}
    except (jwt.InvalidTokenError, ValueError) as error:
        raise InvalidToken(f"This is no {kind} token, or it has expired. Log in again.") from error


def _pair(login: JwtLogin) -> Pair:
    return Pair(access=_token(login, "access", uuid4()), refresh=_token(login, "refresh", login.refresh_id))


def _token(login: JwtLogin, kind: Kind, token_id: UUID) -> str:
    now: datetime = timezone.now()
    claims = {
        "aud": _audience(kind),
        "sub": str(login.user.pk),
        "sid": str(login.pk),
        "jti": str(token_id),
        "iat": now,
        "exp": now + LIFETIMES[kind],
    }
    return jwt.encode(claims, _key(), algorithm=ALGORITHM)


def _audience(kind: Kind) -> str:
    """An access token is no refresh token, and the other way round."""
    return f"lakehouse:{kind}"


def _key() -> bytes:
    """Of its own, so that nothing else that is signed with the secret key is ever a token."""
    return salted_hmac(
        "lakehouse_project.access.jwt", ALGORITHM, settings.SECRET_KEY, algorithm="sha256"
    ).digest()


def _sweep() -> None:
    expired = JwtLogin.objects.filter(expires_at__lt=timezone.now() - CLOCK_SKEW)
    JwtLogin.objects.filter(pk__in=expired.values("pk")[:SWEEP]).delete()
