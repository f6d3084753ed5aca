"""The search query: a filter tree over whitelisted fields, and the builder that makes it from text.

Values are data from end to end: the builder turns them into typed values, an engine passes them as parameters.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias

from lakehouse_project.kernel.errors import FieldError, InvalidInput
from search.domain import ENTITIES, FIELDS, Field, Fusion, Kind, Mode
from search.errors import NoSuchRecord, UnknownField

Value: TypeAlias = str | int

MAX_CHARACTERS = 2000
"""Of a text to search; the engines read no further."""
MAX_PAGE_SIZE = 250
"""What every engine can answer at once."""
MAX_WINDOW = 10_000
"""The last hit that paging reaches."""
MAX_SORTS = 3
"""As many fields as every engine can sort by at once."""
RELEVANCE = "relevance"
COMPARISONS = ("gte", "gt", "lte", "lt")
_MAX_NUMBER = 1 << 62


@dataclass(frozen=True)
class Eq:
    """The field has this value."""

    field: str
    value: Value


@dataclass(frozen=True)
class In:
    """The field has one of these values."""

    field: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Range:
    """The field lies between the bounds that are given."""

    field: str
    gte: Value | None = None
    gt: Value | None = None
    lte: Value | None = None
    lt: Value | None = None


@dataclass(frozen=True)
class Not:
    of: "Filter"


@dataclass(frozen=True)
class And:
    of: tuple["Filter", ...]


@dataclass(frozen=True)
class Or:
    of: tuple["Filter", ...]


Filter: TypeAlias = Eq | In | Range | Not | And | Or


@dataclass(frozen=True)
class Sort:
    """By a field; entities without a value come last."""

    field: str
    is_descending: bool = False


@dataclass(frozen=True, kw_only=True)
class SearchQuery:
    """What an engine is asked. Only `QueryBuilder` makes one, so every field in it is known and every value typed."""

    text: str = ""
    mode: Mode = Mode.HYBRID
    fusion: Fusion | None = None
    """None: what the engine does unasked."""
    entities: tuple[str, ...] = ENTITIES
    filter: Filter | None = None
    facets: tuple[str, ...] = ()
    sort: tuple[Sort, ...] = ()
    page: int = 1
    page_size: int = 20
    highlight: bool = True
    is_personal_shown: bool = False
    like: str = ""
    """Key of a record of the one entity that is searched: what is asked for is others that are like it."""

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size


def fields_of(entities: Iterable[str]) -> Mapping[str, Field]:
    """The fields that at least one of `entities` has."""
    return {name: each for entity in entities for name, each in FIELDS[entity].items()}


@dataclass(frozen=True)
class QueryBuilder:
    """Builds a query step by step; each step returns a new builder and raises InvalidInput for what cannot be."""

    query: SearchQuery = field(default_factory=SearchQuery)

    def text(self, text: str) -> "QueryBuilder":
        """Signs alone, without a letter or digit, ask for nothing."""
        return self._with(text=text.strip() if any(sign.isalnum() for sign in text) else "")

    def mode(self, name: str) -> "QueryBuilder":
        if name not in set(Mode):
            raise _refused("mode", f"mode is one of {', '.join(Mode)}.", name)
        return self._with(mode=Mode(name))

    def fusion(self, name: str | None) -> "QueryBuilder":
        if name is not None and name not in set(Fusion):
            raise _refused("fusion", f"fusion is one of {', '.join(Fusion)}.", name)
        return self._with(fusion=None if name is None else Fusion(name))

    def entities(self, names: Sequence[str]) -> "QueryBuilder":
        """Search these entities alone, in the singular or the plural; all if there is no name. Call it first."""
        chosen = dict.fromkeys(_entity(name) for name in names)
        return self._with(entities=tuple(chosen) or ENTITIES)

    def equals(self, name: str, values: Sequence[str]) -> "QueryBuilder":
        """The field has one of `values`, given as text."""
        typed = tuple(self.typed(name, value) for value in values)
        return self.where(Eq(name, typed[0]) if len(typed) == 1 else In(name, typed))

    def compares(self, name: str, comparison: str, value: str) -> "QueryBuilder":
        """The field is `gte`, `gt`, `lte` or `lt` `value`."""
        if comparison not in COMPARISONS:
            raise _refused(name, f"A comparison is one of {', '.join(COMPARISONS)}.", comparison)
        return self.where(Range(name, **{comparison: self.typed(name, value)}))

    def where(self, condition: Filter) -> "QueryBuilder":
        """Narrow down by `condition` as well, whose values are typed already."""
        self._check(condition)
        before = self.query.filter
        return self._with(filter=condition if before is None else And((before, condition)))

    def facets(self, names: Sequence[str]) -> "QueryBuilder":
        for name in names:
            if name != "entity" and not self._field(name).is_facet:
                raise _refused("facets", f"{name} has too many different values to be counted.", name)
        return self._with(facets=tuple(dict.fromkeys(names)))

    def all_facets(self) -> "QueryBuilder":
        """Count every field that is a facet, and the entities."""
        known = fields_of(self.query.entities)
        return self._with(facets=("entity", *(name for name, each in known.items() if each.is_facet)))

    def sort(self, names: Sequence[str]) -> "QueryBuilder":
        """By fields, `-` before the name for descending. `relevance` is what is done without this."""
        sorts = [Sort(name.removeprefix("-"), name.startswith("-")) for name in names if name != RELEVANCE]
        if len(sorts) > MAX_SORTS:
            raise _refused("sort", f"At most {MAX_SORTS} fields can be sorted by.", ",".join(names))
        for each in sorts:
            if each.field != "title":
                self._field(each.field)
        return self._with(sort=tuple(sorts))

    def page(self, number: int, size: int) -> "QueryBuilder":
        if number < 1 or not 1 <= size <= MAX_PAGE_SIZE or number * size > MAX_WINDOW:
            raise _refused(
                "page",
                f"page counts from 1, page_size is at most {MAX_PAGE_SIZE}, and paging ends at hit {MAX_WINDOW}.",
                str(number),
            )
        return self._with(page=number, page_size=size)

    def highlight(self, *, wanted: bool) -> "QueryBuilder":
        return self._with(highlight=wanted)

    def personal(self, *, is_shown: bool) -> "QueryBuilder":
        """Whether names may be searched and shown: for those with the permission alone."""
        return self._with(is_personal_shown=is_shown)

    def like(self, entity: str, key: str, limit: int) -> "QueryBuilder":
        """At most `limit` others of `entity` that are like the record with this key. Call it first.

        Raises NoSuchRecord for what is no entity and for what cannot be a key.
        """
        named = entity_named(entity)
        if "\x00" in key:
            raise NoSuchRecord("No key holds a zero byte.")
        return self._with(entities=(named,), like=key, page_size=limit, highlight=False)

    def build(self) -> SearchQuery:
        return self.query

    def _with(self, **changes: object) -> "QueryBuilder":
        return QueryBuilder(replace(self.query, **changes))  # type: ignore[arg-type]

    def _field(self, name: str) -> Field:
        known = fields_of(self.query.entities)
        if name not in known:
            choice = ", ".join(known) or "none"
            raise UnknownField(
                f"{name} is not a field of {', '.join(self.query.entities)}. Known here: {choice}.",
                errors=[FieldError(name, "unknown_field", "This field is not known.")],
            )
        return known[name]

    def typed(self, name: str, value: str) -> Value:
        """A value as the index holds it. Raises UnknownField, InvalidInput."""
        return _PARSERS[self._field(name).kind](self._field(name), value)

    def _check(self, condition: Filter) -> None:
        match condition:
            case Not(of):
                self._check(of)
            case And(parts) | Or(parts):
                for part in parts:
                    self._check(part)
            case Range(name) if self._field(name).kind is Kind.TEXT:
                raise _refused(name, f"{name} is a text: it has values, not a range.", "")
            case _:
                self._field(condition.field)


def _entity(name: str) -> str:
    singular = _singular(name)
    if singular not in ENTITIES:
        raise _refused("entity", f"entity is one of {', '.join(ENTITIES)}.", name)
    return singular


def entity_named(name: str) -> str:
    """The entity of that name, in singular or plural. Raises NoSuchRecord."""
    singular = _singular(name)
    if singular not in ENTITIES:
        raise NoSuchRecord(f"Nothing is called {name}: it is one of {', '.join(ENTITIES)}.")
    return singular


def _singular(name: str) -> str:
    return name.strip().lower().removesuffix("s")


def _text(known: Field, value: str) -> Value:
    if "\x00" in value:
        raise _refused(known.name, "A value cannot hold a zero byte.", value)
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise _refused(known.name, "A value cannot hold half of a character.", repr(value))
    return value


def _number(known: Field, value: str) -> Value:
    """In the units that the index stores."""
    try:
        number = Decimal(value).scaleb(known.decimals)
        whole = int(number)
    except (ArithmeticError, ValueError):  # not only InvalidOperation: the exponent may be out of bounds
        raise _refused(known.name, f"{known.name} is a number.", value) from None
    if whole != number or abs(whole) > _MAX_NUMBER:
        raise _refused(
            known.name, f"{known.name} is a number with at most {known.decimals} decimal places.", value
        )
    return whole


def _date(known: Field, value: str) -> Value:
    try:
        return dt.date.fromisoformat(value).isoformat()
    except ValueError:
        raise _refused(known.name, f"{known.name} is a day, written YYYY-MM-DD.", value) from None


_PARSERS = {Kind.TEXT: _text, Kind.NUMBER: _number, Kind.DATE: _date}


def _refused(name: str, message: str, value: str) -> InvalidInput:
    return InvalidInput(message, errors=[FieldError(name, "invalid", message, value)])
