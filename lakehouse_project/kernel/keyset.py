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

    def beyond(self, value: Any) -> Q:
        """What comes behind `value`, None for none."""
        is_null = Q(**{f"{self.path}__isnull": True})
        if value is None:
            return ~is_null if self.begins_with_nulls else Q(pk__in=())
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


def slice_of(rows: Sequence[Row], terms: Sequence[Term], first: int) -> Slice:
    """`rows`: one more than `first`, if there is one, with the values of the paths of `terms`."""
    shown = rows[:first]
    cursors = [cursor(terms, [row[term.path] for term in terms]) for row in shown]
    return Slice(shown, cursors, has_next=len(rows) > first)


def behind(terms: Sequence[Term], after: str | None) -> Q:
    """The condition that a row comes behind the cursor. Raises `InvalidCursor`."""
    return Q() if after is None else _further(terms, _values(terms, after))


def _further(terms: Sequence[Term], values: Sequence[Any]) -> Q:
    """Further by the first term, or level with it and further by the others."""
    (term, *others), (value, *rest) = terms, values
    if not others:
        return term.beyond(value)
    return term.beyond(value) | (term.level(value) & _further(others, rest))


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
