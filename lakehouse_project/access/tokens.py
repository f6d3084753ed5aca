"""API tokens of a user: made, listed, rotated, deleted. In clear they exist only in the answer that makes them."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone
from knox.crypto import hash_token
from knox.models import get_digest_token
from knox.settings import CONSTANTS

from lakehouse_project.access.models import ApiToken
from lakehouse_project.kernel.errors import NotFound


def token_of(clear: str) -> ApiToken | None:
    """The token, if it is one that has neither expired nor belongs to a user who is not active any more."""
    try:
        digest = hash_token(clear)
    except ValueError:  # it is not made of hexadecimal digits, so it is none of ours
        return None
    for token in ApiToken.objects.select_related("user").filter(digest=digest, user__is_active=True):
        if token.expiry is None or token.expiry > timezone.now():
            token.note_use()
            return token  # type: ignore[no-any-return]
    return None


def create(user: AbstractBaseUser, name: str, lifetime: timedelta | None) -> tuple[ApiToken, str]:
    """A new token, and what it is in clear. Without a lifetime it is good until it is deleted.

    Those of the user that have expired are deleted.
    """
    ApiToken.objects.filter(user=user, expiry__lt=timezone.now()).delete()
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
