"""Keyset pagination of version 2: `cursor`, `limit` -> `{"items": [...], "next": ..., "count": ...}`.

A cursor holds the place of the last row in the order of the list. What follows is found by comparing with it, so that rows
which come or go meanwhile neither hide others nor show them twice, and a slice far down costs what the first one costs.
"""

import base64
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from ninja import Field, Schema

from lakehouse_project.kernel.addresses import add_link
from lakehouse_project.kernel.errors import FieldError, PermanentError

Item = TypeVar("Item")

LIMIT = 50
MAX_LIMIT = 1000
LONGEST_CURSOR = 8192
OF_THE_SLICE = ("cursor", "limit", "with_count", "fields")
"""Parameters that do not say which rows there are, nor in which order."""


class InvalidCursor(PermanentError):
    """A cursor that the list did not give."""

    code = "invalid_cursor"


class SliceQuery(Schema):
    """The part of the query string that chooses a slice."""

    cursor: Annotated[
        str | None,
        Field(
            max_length=LONGEST_CURSOR,
            description="Where to go on: as `next` of the last answer has it, with the same filters and order.",
        ),
    ] = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT, description="Items of the answer at most.")] = LIMIT
    with_count: Annotated[
        bool, Field(description="Whether to count all items; otherwise `count` is null.")
    ] = False


class Slice(Schema, Generic[Item]):
    """Some items. `next`: the address of those that follow, null at the end."""

    items: list[Item]
    next: str | None
    count: int | None = Field(description="All items, if asked for by `with_count=true`.")


@dataclass(frozen=True)
class Window:
    """Which slice: `limit` items that follow the place `after`, None for the beginning."""

    limit: int
    after: tuple[Any, ...] | None = None
    is_counted: bool = False


@dataclass(frozen=True)
class SliceOf:
    """A slice of plain values, as repositories return it. `last`: the place of its last item, None if nothing follows."""

    items: list[Any]
    last: tuple[Any, ...] | None
    count: int | None = None


Cut = Callable[[Window], SliceOf]


class Asked(Protocol):
    """`SliceQuery`, or one like it."""

    cursor: str | None
    limit: int

    @property
    def with_count(self) -> bool: ...


def answer(request: HttpRequest, response: HttpResponse, query: Asked, cut: Cut) -> dict[str, Any]:
    """The slice that a caller asks for. Raises `InvalidCursor`."""
    after = None if query.cursor is None else _opened(request, query.cursor)
    found = cut(Window(query.limit, after, query.with_count))
    following = None if found.last is None else _following(request, found.last)
    if following is not None:
        add_link(response, following, "next")
    return {"items": found.items, "next": following, "count": found.count}


def sliced(items: Sequence[Any], window: Window, *, place: Callable[[Any], tuple[Any, ...]]) -> SliceOf:
    """The slice of a list that is at hand, in the ascending order of `place`."""
    begin = 0
    if window.after is not None:
        begin = next((at for at, item in enumerate(items) if place(item) > window.after), len(items))
    found = list(items[begin : begin + window.limit])
    is_last = begin + window.limit >= len(items)
    return SliceOf(found, None if is_last else place(found[-1]), len(items) if window.is_counted else None)


# --- cursors ------------------------------------------------------------------------------------------------------
# Encrypted, because the place in an order by personal fields is personal data and addresses are logged; and bound to the
# list with its filters and order, because the place in another list would give some of its rows in silence.


def seal(place: tuple[Any, ...], of: bytes) -> str:
    """The cursor of a place in the list that `of` names."""
    text = json.dumps(place, default=_plain, separators=(",", ":"))
    return base64.urlsafe_b64encode(_cipher().encrypt(text.encode(), [of])).decode().rstrip("=")


def unseal(cursor: str, of: bytes) -> tuple[Any, ...] | None:
    """The place of a cursor; None if it is none of the list that `of` names."""
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return tuple(json.loads(_cipher().decrypt(sealed, [of])))
    except (ValueError, InvalidTag):
        return None


def _following(request: HttpRequest, place: tuple[Any, ...]) -> str:
    query = request.GET.copy()
    query["cursor"] = seal(place, _list(request))
    return f"{quote(request.path)}?{query.urlencode()}"


def _opened(request: HttpRequest, cursor: str) -> tuple[Any, ...]:
    place = unseal(cursor, _list(request))
    if place is None:
        message = (
            "The cursor is not one of this list with these filters and this order. Take the address in `next` as it is, "
            "or leave the cursor out to begin anew."
        )
        raise InvalidCursor(message, errors=[FieldError("cursor", "invalid_cursor", message)])
    return place


def _cipher() -> AESSIV:
    return AESSIV(salted_hmac("lakehouse.cursor", b"", algorithm="sha512").digest())


def _list(request: HttpRequest) -> bytes:
    chosen = sorted((name, values) for name, values in request.GET.lists() if name not in OF_THE_SLICE)
    return json.dumps([request.path, chosen]).encode() + sha256(request.body).digest()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else str(value)
