"""The filter tree as a client sends it: each node is an object with one key that says what it is."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, model_validator

from lakehouse_project.kernel.errors import FieldError, InvalidInput
from search.query import And, Eq, Filter, In, Not, Or, QueryBuilder, Range

MOST_NODES = 100
MOST_VALUES = 200
DEEPEST = 10

Scalar: TypeAlias = StrictStr | StrictInt | Decimal


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EqIn(_Strict):
    """The field has this value."""

    field: str
    value: Scalar


class InIn(_Strict):
    """The field has one of these values."""

    field: str
    values: Annotated[list[Scalar], Field(max_length=MOST_VALUES)]


class RangeIn(_Strict):
    """A number or a day lies between the bounds that are given, at least one."""

    field: str
    gte: Scalar | None = None
    gt: Scalar | None = None
    lte: Scalar | None = None
    lt: Scalar | None = None

    @model_validator(mode="after")
    def _has_a_bound(self) -> "RangeIn":
        if all(bound is None for bound in (self.gte, self.gt, self.lte, self.lt)):
            raise ValueError("A range has at least one of: gte, gt, lte, lt.")
        return self


class FilterIn(_Strict):
    """Exactly one of the keys: `{"eq": {"field": "city", "value": "Berlin"}}`, `{"and": [{…}, {…}]}`."""

    eq: EqIn | None = None
    in_: InIn | None = Field(None, alias="in")
    range: RangeIn | None = None
    not_: "FilterIn | None" = Field(None, alias="not")
    and_: "list[FilterIn] | None" = Field(None, alias="and")
    or_: "list[FilterIn] | None" = Field(None, alias="or")

    @model_validator(mode="after")
    def _has_one_key(self) -> "FilterIn":
        if len(self.model_fields_set) != 1 or None in (getattr(self, name) for name in self.model_fields_set):
            raise ValueError("A node of the filter has exactly one of: eq, in, range, not, and, or.")
        return self


def to_filter(builder: QueryBuilder, node: FilterIn) -> Filter:
    """The tree with typed values. Raises UnknownField and InvalidInput."""
    if sum(1 for _ in _nodes(node, 1)) > MOST_NODES:
        raise _too_large(f"at most {MOST_NODES} nodes")
    return _typed(builder, node)


def _nodes(node: FilterIn, depth: int) -> Iterator[FilterIn]:
    if depth > DEEPEST:
        raise _too_large(f"at most {DEEPEST} levels")
    yield node
    for child in (*([node.not_] if node.not_ else []), *(node.and_ or []), *(node.or_ or [])):
        yield from _nodes(child, depth + 1)


def _typed(builder: QueryBuilder, node: FilterIn) -> Filter:
    if node.eq:
        return Eq(node.eq.field, builder.typed(node.eq.field, str(node.eq.value)))
    if node.in_:
        name = node.in_.field
        return In(name, tuple(builder.typed(name, str(value)) for value in node.in_.values))
    if node.range:
        return _range(builder, node.range)
    if node.not_:
        return Not(_typed(builder, node.not_))
    if node.and_ is not None:
        return And(tuple(_typed(builder, part) for part in node.and_))
    return Or(tuple(_typed(builder, part) for part in node.or_ or ()))


def _range(builder: QueryBuilder, node: RangeIn) -> Range:
    given = node.model_dump(exclude={"field"}, exclude_none=True)
    return Range(node.field, **{name: builder.typed(node.field, str(bound)) for name, bound in given.items()})


def _too_large(limit: str) -> InvalidInput:
    message = f"A filter has {limit}."
    return InvalidInput(message, errors=[FieldError("filter", "too_large", message)])
