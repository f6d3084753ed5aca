"""Pages that begin behind a row: `first` rows after a cursor, in an order that leaves nothing open.

Other than a page number, a cursor neither skips nor repeats a row while others are written, and the last page costs what the
first one does.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any

from django.db.models import F, OrderBy, Q

from lakehouse_project.kernel.errors import FieldError, InvalidInput
from lakehouse_project.kernel.filters import READERS, Column, Listing

Row = Mapping[str, Any]

FIRST = 50
MOST = 1000


class InvalidCursor(InvalidInput):
    """A cursor that no page of this order has given."""

    code = "invalid_cursor"


@dataclass(frozen=True)
class Term:
    """One part of an order. `path`: the column or annotation.

    Rows without a value come last, or where `nulls_last` is off first of a descending order, as PostgreSQL has it.
    """

    column: Column
    path: str
    is_descending: bool = False
    nulls_last: bool = False

    @property
    def name(self) -> str:
        return f"-{self.column.name}" if self.is_descending else self.column.name

    @property
    def order(self) -> OrderBy:
        nulls = True if self.nulls_last else None
        return OrderBy(F(self.path), descending=self.is_descending, nulls_last=nulls)

    @property
    def begins_with_nulls(self) -> bool:
        return self.is_descending and not self.nulls_last

    def beyond(self, value: Any) -> Q | None:
        """What comes behind rows with this value, None for none. Nothing comes behind rows without one that stand last."""
        is_null = Q(**{f"{self.path}__isnull": True})
        if value is None:
            return ~is_null if self.begins_with_nulls else None
        further = Q(**{f"{self.path}__{'lt' if self.is_descending else 'gt'}": value})
        return further if self.begins_with_nulls else further | is_null

    def level(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})


@dataclass(frozen=True)
class Wanted:
    """The rows that a caller wants of a list: `first` of those behind the cursor `after`."""

    listing: Listing = Listing()  # noqa: RUF009  frozen
    first: int = FIRST
    after: str | None = None


@dataclass(frozen=True)
class Slice:
    """Rows with the cursor of each, and whether others follow."""

    rows: Sequence[Row]
    cursors: Sequence[str]
    has_next: bool


def slice_of(
    rows: Sequence[Row], places: Sequence[Sequence[Any]], terms: Sequence[Term], first: int
) -> Slice:
    """`rows`: one more than `first`, if there is one. `places`: of each row the values of `terms`."""
    cursors = [cursor(terms, place) for place in places[:first]]
    return Slice(rows[:first], cursors, has_next=len(rows) > first)


def behind(terms: Sequence[Term], after: str | None) -> Q:
    """The condition that a row comes behind the cursor. Raises `InvalidCursor`."""
    if after is None:
        return Q()
    further = _further(terms, _values(terms, after))
    return Q(pk__in=()) if further is None else further


def _further(terms: Sequence[Term], values: Sequence[Any]) -> Q | None:
    """Further by the first term, or level with it and further by the others."""
    if not terms:
        return None
    beyond, others = terms[0].beyond(values[0]), _further(terms[1:], values[1:])
    level = None if others is None else terms[0].level(values[0]) & others
    return beyond | level if beyond and level else beyond or level


def cursor(terms: Sequence[Term], values: Sequence[Any]) -> str:
    """Opaque to callers: the order, so that none is used with another one, and the values of a row."""
    place = [",".join(term.name for term in terms), *map(_text, values)]
    text = json.dumps(place, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _values(terms: Sequence[Term], after: str) -> list[Any]:
    try:
        order, *texts = _decoded(after)
        if order != ",".join(term.name for term in terms):
            raise _invalid(f"The cursor {after[:40]!r} belongs to another order or list.")
        return list(_read(terms, texts))
    except (ValueError, TypeError, AttributeError, OverflowError, InvalidOperation, RecursionError) as error:
        raise _invalid(f"{after[:40]!r} is no cursor that an answer has given.") from error


def _decoded(after: str) -> list[Any]:
    return list(json.loads(base64.urlsafe_b64decode(f"{after}{'=' * (-len(after) % 4)}")))


def _read(terms: Sequence[Term], texts: Sequence[Any]) -> Iterator[Any]:
    for term, text in zip(terms, texts, strict=True):
        if text is not None and b"\x00" in text.encode():
            raise ValueError
        yield text if text is None else READERS[term.column.kind](text, term.column)


def _invalid(message: str) -> InvalidCursor:
    return InvalidCursor(message, errors=[FieldError("after", InvalidCursor.code, message)])
