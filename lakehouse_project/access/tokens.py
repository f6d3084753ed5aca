"""API tokens of a user: made, listed, rotated, deleted. In clear they exist only in the answer that makes them."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import connection
from django.db.models import Model, QuerySet
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
    token = _with_user(digest)
    if token is None or (token.expiry is not None and token.expiry < timezone.now()):
        return None
    token.note_use()
    return token


def _with_user(digest: str) -> ApiToken | None:
    """The token and its user, if that one is active. Every request asks, and the ORM takes longer to write the query than
    the database to answer it; so it is written once."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_USER, [digest])
        row = cursor.fetchone()
    if row is None:
        return None
    token = ApiToken.from_db(connection.alias, _TOKEN_FIELDS, row[: len(_TOKEN_FIELDS)])
    token.user = User.from_db(connection.alias, _USER_FIELDS, row[len(_TOKEN_FIELDS) :])
    return token  # type: ignore[no-any-return]


def _columns(model: type[Model]) -> list[str]:
    """All of them, in the order of the fields, with the table."""
    return [f'"{model._meta.db_table}"."{field.column}"' for field in model._meta.concrete_fields]


_TOKEN_FIELDS, _USER_FIELDS = (
    [field.attname for field in model._meta.concrete_fields] for model in (ApiToken, User)
)
_WITH_USER = f"""
SELECT {", ".join([*_columns(ApiToken), *_columns(User)])}
FROM {ApiToken._meta.db_table} JOIN auth_user ON auth_user.id = user_id WHERE digest = %s AND auth_user.is_active
"""  # noqa: S608  columns of models


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
