"""The rows of a list in an order that leaves nothing open, to be cut into pages (version 1) or slices (version 2)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from operator import or_
from typing import Any, Protocol

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy

from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.slices import InvalidCursor, SliceOf, Window, sliced

Row = Mapping[str, Any]


class Listed(Protocol):
    """What a list is made of."""

    def page(self, window: slice) -> PageOf: ...

    def cut(self, window: Window) -> SliceOf: ...


def statement_of(rows: "QuerySet[Any, Any]") -> tuple[str, Any] | None:
    """SQL and parameters; None where no row can be meant (a number that no column can have) and Django asks nobody."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return None


def unchanged(found: Any) -> Any:
    return found


@dataclass(frozen=True)
class Term:
    """One column or annotation of an order. Nulls come last, whatever the direction."""

    path: str
    is_descending: bool
    may_be_null: bool

    def order(self) -> OrderBy:
        nulls = {"nulls_last": True} if self.may_be_null else {}
        return F(self.path).desc(**nulls) if self.is_descending else F(self.path).asc(**nulls)

    def same(self, value: Any) -> Q:
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})

    def beyond(self, value: Any) -> Q | None:
        """What comes after `value`; None: nothing does."""
        if value is None:
            return None
        found = Q(**{f"{self.path}__{'lt' if self.is_descending else 'gt'}": value})
        return found | Q(**{f"{self.path}__isnull": True}) if self.may_be_null else found


@dataclass(frozen=True)
class Placed:
    """Items, the place of each in the order of their list, and whether others follow."""

    items: Sequence[Any]
    places: Sequence[tuple[Any, ...]]
    has_more: bool


@dataclass(frozen=True)
class Rows:
    """Rows of the database, a `Listed`.

    `ordering`: columns and annotations, a minus before one for descending; the last of them tell any two rows apart.
    `columns`, `expressions`: what of a row is read; `shown` makes the items of it, for all rows of an answer at once.
    """

    queryset: "QuerySet[Any]"
    ordering: Sequence[str]
    columns: Sequence[str]
    expressions: Mapping[str, Any] = field(default_factory=dict)
    shown: Callable[[list[dict[str, Any]]], Sequence[Any]] = unchanged

    def page(self, window: slice) -> PageOf:
        rows = list(self._read(self.ordered, self.columns)[window])
        return PageOf(list(self.shown(rows)), self.queryset.count())

    def cut(self, window: Window) -> SliceOf:
        found = self.placed(list(self.following(window)), window.limit)
        last = found.places[-1] if found.has_more else None
        return SliceOf(list(found.items), last, self.queryset.count() if window.is_counted else None)

    def following(self, window: Window) -> Any:
        """One row more than the window has, which tells whether others follow: what of them is read, and their places."""
        rows = self.ordered
        if window.after is not None:
            rows = _after(rows, self._terms, window.after)
        read = dict.fromkeys([*self.columns, *(term.path for term in self._terms)])
        return self._read(rows, list(read))[: window.limit + 1]

    def placed(self, rows: Sequence[Mapping[str, Any]], limit: int) -> Placed:
        """The items of rows that were read as `following` has them."""
        kept = rows[:limit]
        places = [tuple(row[term.path] for term in self._terms) for row in kept]
        items = self.shown([{name: row[name] for name in (*self.columns, *self.expressions)} for row in kept])
        return Placed(items, places, has_more=len(rows) > limit)

    def each(self, change: Callable[[Any], Any]) -> "Rows":
        """The same, and `change` is done to each item."""
        return self.together(lambda items: [change(item) for item in items])

    def together(self, change: Callable[[Any], Sequence[Any]]) -> "Rows":
        """The same, and `change` is done to the items of an answer."""
        return replace(self, shown=lambda rows: change(self.shown(rows)))

    @cached_property
    def ordered(self) -> "QuerySet[Any]":
        return self.queryset.order_by(*(term.order() for term in self._terms))

    def _read(self, rows: "QuerySet[Any]", columns: Sequence[str]) -> Any:
        return rows.values(*columns, **self.expressions)

    @cached_property
    def _terms(self) -> list[Term]:
        return list(self._told_apart())

    def _told_apart(self) -> Iterator[Term]:
        """An order by one column twice is the first of both: two would contradict each other in a place."""
        names = {name.removeprefix("-"): name for name in reversed(self.ordering)}
        for path in dict.fromkeys(name.removeprefix("-") for name in self.ordering):
            yield Term(path, names[path] != path, self._may_be_null(path))

    def _may_be_null(self, path: str) -> bool:
        """An order that nulls have no part in is one that an index has."""
        if path in self.queryset.query.annotations:
            return True
        try:
            return bool(self.queryset.model._meta.get_field(path).null)
        except FieldDoesNotExist:  # of a related table
            return True


def _after(rows: "QuerySet[Any]", terms: Sequence[Term], place: Sequence[Any]) -> "QuerySet[Any]":
    """The rows after `place`: beyond it in the first column, or the same there and beyond it in the second, and so on."""
    if len(place) != len(terms):
        raise InvalidCursor(
            "The cursor is of an order that this list had before. Leave it out to begin anew."
        )
    found, same = [], Q()
    for term, value in zip(terms, place, strict=True):
        if (beyond := term.beyond(value)) is not None:
            found.append(same & beyond)
        same &= term.same(value)
    return rows.filter(reduce(or_, found)) if found else rows.none()


@dataclass(frozen=True)
class Items:
    """Items that are at hand, a `Listed`, in the ascending order of `place`."""

    items: Sequence[Any]
    place: Callable[[Any], tuple[Any, ...]]
    shown: Callable[[Any], Any] = unchanged

    def each(self, change: Callable[[Any], Any]) -> "Items":
        """The same, and `change` is done to each item."""
        return replace(self, shown=lambda item: change(self.shown(item)))

    def page(self, window: slice) -> PageOf:
        return PageOf([self.shown(item) for item in self.items[window]], len(self.items))

    def cut(self, window: Window) -> SliceOf:
        found = sliced(self.items, window, place=self.place)
        return replace(found, items=[self.shown(item) for item in found.items])
