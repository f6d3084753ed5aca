"""`Idempotency-Key`: a request that is sent again is answered again, and done once.

The answer is stored in the transaction of the write, so there is never one without the other. A request that failed
wrote nothing and leaves nothing: sent again it is tried again. Answers are kept for a day, encrypted with the key that
the client sent and `SECRET_KEY`, because they may show what the tables hide.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Protocol

from cryptography.fernet import Fernet, InvalidToken
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from ninja import Status
from pydantic import BaseModel

from governance.models import StoredAnswer
from lakehouse_project.kernel.errors import Conflict, InvalidInput

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
LONGEST_KEY = 255
FORGOTTEN_AT_ONCE = 100
SHOWN_HEADERS = ("Location", "ETag", "Retry-After")

View = Callable[..., Status[Any]]


class Asked(Protocol):
    """A request, as far as telling it from others is concerned."""

    @property
    def user(self) -> Any: ...

    @property
    def method(self) -> str | None: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...

    def get_full_path(self) -> str: ...


class IdempotencyKeyReused(InvalidInput):
    """The key came with another request before."""

    code = "idempotency_key_reused"


class IdempotencyKeyInUse(Conflict):
    """A request with this key is being answered right now."""

    code = "idempotency_key_in_use"


def idempotent(view: View) -> View:
    """Let callers of `view` send an `Idempotency-Key`. Put it under the check of the caller's permission.

    The view takes `(request, response, …)` and returns a `Status` with a model or JSON values. With a key it runs in a
    transaction, and a repeated request gets the first answer with the header `Idempotency-Replayed: true`.
    """

    @wraps(view)
    def once(request: Asked, response: HttpResponse, **values: Any) -> Status[Any]:
        key = request.headers.get(HEADER)
        if key is None:
            return view(request, response=response, **values)
        _require_valid(key)
        with transaction.atomic():
            return _answer(request, response, key, lambda: view(request, response=response, **values))

    return once


def _answer(request: Asked, response: HttpResponse, key: str, view: Callable[[], Status[Any]]) -> Status[Any]:
    lookup = _digest("lookup", f"{request.user.pk}:{key}".encode()).hex()
    _lock(lookup)
    _forget_old(lookup)
    stored = StoredAnswer.objects.filter(lookup=lookup).first()
    if stored is not None:
        return _replay(stored, request, response, key)
    user: Any = request.user  # no AnonymousUser: the route has asked for a login
    result = view()
    StoredAnswer(
        lookup=lookup,
        user=user,
        request=_request_line(request)[:500],
        fingerprint=_fingerprint(request),
        status=result.status_code,
        headers={name: response[name] for name in SHOWN_HEADERS if name in response},
        body=_cipher(request, key).encrypt(_json(result.value)),
    ).save()
    return result


def _replay(stored: StoredAnswer, request: Asked, response: HttpResponse, key: str) -> Status[Any]:
    if stored.fingerprint != _fingerprint(request):
        raise IdempotencyKeyReused(
            f"The {HEADER} was sent with another request before ({stored.request}). Use a new key for a new request."
        )
    try:
        body = json.loads(_cipher(request, key).decrypt(bytes(stored.body)))
    except InvalidToken as error:
        raise IdempotencyKeyReused(
            "The request was done, but SECRET_KEY has changed since and its answer cannot be read."
        ) from error
    for name, value in {**stored.headers, REPLAYED: "true"}.items():
        response[name] = value
    return Status(stored.status, body)


def _require_valid(key: str) -> None:
    if not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise InvalidInput(f"{HEADER} must be 1 to {LONGEST_KEY} printable ASCII characters.")


def _lock(lookup: str) -> None:
    """Raises `IdempotencyKeyInUse` if another transaction has the key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"idempotency:{lookup}"])
        (is_mine,) = cursor.fetchone()
    if not is_mine:
        raise IdempotencyKeyInUse(f"A request with this {HEADER} is being answered. Ask again in a moment.")


def _forget_old(lookup: str) -> None:
    """Delete answers that are too old: the one asked for, and some that nobody else is deleting."""
    old = StoredAnswer.objects.filter(created_at__lt=timezone.now() - KEPT)
    old.filter(lookup=lookup).delete()
    free = old.select_for_update(skip_locked=True).values_list("pk", flat=True)
    StoredAnswer.objects.filter(pk__in=list(free[:FORGOTTEN_AT_ONCE])).delete()


def _request_line(request: Asked) -> str:
    return f"{request.method} {request.get_full_path()}"


def _fingerprint(request: Asked) -> str:
    return _digest("fingerprint", _request_line(request).encode() + b"\n" + request.body).hex()


def _cipher(request: Asked, key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_digest("answer", f"{request.user.pk}:{key}".encode())))


def _digest(purpose: str, value: bytes) -> bytes:
    return salted_hmac(f"lakehouse.idempotency.{purpose}", value, algorithm="sha256").digest()


def _json(value: Any) -> bytes:
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, cls=DjangoJSONEncoder).encode()
