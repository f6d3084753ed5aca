"""Filters and orders as typed inputs, made from the columns that a list can be chosen by.

They become the same `Listing` that the REST API reads from a query string.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import strawberry
from strawberry import UNSET

from lakehouse_project.graphql.scalars import BigInt, list_of
from lakehouse_project.kernel.errors import FieldError, InvalidInput
from lakehouse_project.kernel.filters import (
    MOST_VALUES,
    OPERATORS,
    Column,
    Condition,
    Listing,
    Order,
)
from lakehouse_project.kernel.kinds import Kind

TYPES: Mapping[Kind, tuple[str, Any]] = {
    "text": ("Text", str),
    "integer": ("Integer", BigInt),
    "decimal": ("Decimal", Decimal),
    "date": ("Date", dt.date),
    "datetime": ("DateTime", dt.datetime),
    "boolean": ("Boolean", bool),
}
"""What begins the name of the filter of a kind, and the type of its values."""


def _filter(kind: Kind) -> Any:
    """The input of one kind: all that is set must hold."""
    name, value = TYPES[kind]
    types: dict[str, Any] = {"in": list_of(value), "isnull": bool}
    fields: dict[str, tuple[Any, Any]] = {
        operator: (types.get(operator, value) | None, strawberry.field(name=operator, default=UNSET))
        for operator in OPERATORS[kind]
    }
    return _input(f"{name}Filter", fields, f"Conditions on a {name.lower()} column; all must hold.")


def _input(name: str, fields: Mapping[str, tuple[Any, Any]], description: str) -> Any:
    """`fields`: name -> type and field. Python names end with an underscore, since `in` is a word of the language."""
    annotations = {f"{field}_": kind for field, (kind, _) in fields.items()}
    values = {f"{field}_": value for field, (_, value) in fields.items()}
    made = type(name, (), {"__annotations__": annotations, **values})
    return strawberry.input(made, name=name, description=description)


MOST_PARTS = 20
"""Columns that a list can be ordered by, and conditions of a list of them."""

FILTERS: Mapping[Kind, Any] = {kind: _filter(kind) for kind in TYPES}


@dataclass(frozen=True)
class Chooser:
    """The inputs `where` and `order_by` of one list, and what they mean."""

    columns: Mapping[str, Column]
    names: type[StrEnum]
    where: Any
    order_by: Any

    def listing(self, where: Any, order_by: Any) -> Listing:
        """Raises `InvalidInput` that names each wrong condition."""
        require_few("orderBy", len(order_by or ()))
        return Listing(
            conditions=tuple(_conditions(self.columns, where)) if where else (),
            ordering=tuple(
                Order(self.columns[self.names(each.field_).value], is_descending=each.descending_)
                for each in order_by or ()
            ),
        )


def require_few(name: str, count: int) -> None:
    """Raises `InvalidInput`: each part makes the statement longer."""
    if count > MOST_PARTS:
        message = f"may have {MOST_PARTS} parts, not {count}"
        raise InvalidInput(f"{name} {message}.", errors=[FieldError(name, "too_many", message)])


def chooser(name: str, columns: Sequence[Column]) -> Chooser:
    """The inputs of the list of the type `name`."""
    filters = {
        column.name: (FILTERS[column.kind] | None, strawberry.field(name=_camel(column.name), default=UNSET))
        for column in columns
    }
    members = StrEnum(f"{name}Field", {column.name.upper(): column.name for column in columns})  # type: ignore[misc]
    field = strawberry.enum(members, description=f"What a list of {name} can be ordered by.")
    order = {
        "field": (field, strawberry.field(name="field")),
        "descending": (bool, strawberry.field(name="descending", default=False)),
    }
    return Chooser(
        {column.name: column for column in columns},
        members,
        _input(f"{name}Where", filters, "Conditions on columns; all must hold."),
        _input(f"{name}Order", order, "A column to order by; further ones decide among equals."),
    )


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def _conditions(columns: Mapping[str, Column], where: Any) -> Iterator[Condition]:
    found = list(_asked(columns, where))
    errors = [
        FieldError(f"where/{_camel(each.column.name)}/{each.operator}", *problem)
        for each in found
        if (problem := _problem(each))
    ]
    if errors:
        raise InvalidInput(" ".join(f"{error.field} {error.message}." for error in errors), errors=errors)
    yield from found


def _asked(columns: Mapping[str, Column], where: Any) -> Iterable[Condition]:
    for name, column in columns.items():
        filters = getattr(where, f"{name}_")
        if filters is UNSET or filters is None:
            continue
        for operator in OPERATORS[column.kind]:
            value = getattr(filters, f"{operator}_")
            if value is not UNSET:
                yield Condition(column, operator, tuple(value) if isinstance(value, list) else value)


def _problem(condition: Condition) -> tuple[str, str] | None:
    """Rule and message for a value that nothing can be compared with."""
    values = condition.value if condition.operator == "in" and condition.value else [condition.value]
    if any(value is None for value in values):
        return "null", "must have a value; rows without one are found by isnull"
    return ("too_many", f"may list {MOST_VALUES} values") if len(values) > MOST_VALUES else None
