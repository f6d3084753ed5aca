"""API tokens of a user: made, listed, rotated, deleted. In clear they exist only in the answer that makes them."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.models import get_digest_token
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed

from lakehouse_project.access.models import ApiToken
from lakehouse_project.kernel.errors import NotFound


def token_of(clear: str) -> ApiToken | None:
    """The token, if it is one that has neither expired nor belongs to a user who is not active any more."""
    try:
        _user, token = TokenAuthentication().authenticate_credentials(clear.encode())
    except AuthenticationFailed:
        return None
    token.note_use()
    return token  # type: ignore[no-any-return]


def create(user: AbstractBaseUser, name: str, lifetime: timedelta | None) -> tuple[ApiToken, str]:
    """A new token, and what it is in clear. Without a lifetime it is good until it is deleted."""
    token, clear = ApiToken.objects.create(user, expiry=lifetime, name=name)
    return token, clear


def tokens_of(user: AbstractBaseUser) -> QuerySet[ApiToken]:
    """Newest first."""
    return ApiToken.objects.filter(user=user).order_by("-created", "id")  # type: ignore[no-any-return]


def rotate(user: AbstractBaseUser, token_id: UUID) -> tuple[ApiToken, str]:
    """Another secret for the same token; the old one is refused from now on, and the lifetime begins anew.

    Raises `NotFound`.
    """
    token = _own(user, token_id)
    lifetime = token.expiry and token.expiry - token.created
    token.digest, clear = get_digest_token()
    token.token_key = clear[: CONSTANTS.TOKEN_KEY_LENGTH]
    token.created = timezone.now()
    token.expiry = lifetime and token.created + lifetime
    token.last_used_at = None
    token.save()
    return token, clear


def delete(user: AbstractBaseUser, token_id: UUID) -> None:
    """Raises `NotFound`."""
    _own(user, token_id).delete()


def _own(user: AbstractBaseUser, token_id: UUID) -> ApiToken:
    token = tokens_of(user).filter(pk=token_id).first()
    if token is None:
        raise NotFound(f"{user.get_username()} has no token with the id {token_id}.")
    return token
