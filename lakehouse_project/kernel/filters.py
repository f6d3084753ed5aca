"""The part of a query string that chooses rows and fields: `field`, `field__op`, `ordering` and `fields`.

`salary__gte=50000&city__in=Berlin,Bonn&ordering=-salary,user_id&fields=user_id,salary`. Values are read by the type of
their column, so that numbers compare as numbers and dates as dates.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from django.db.models import Q
from django.http import QueryDict

from lakehouse_project.kernel.errors import FieldError, InvalidInput, UnknownParameter
from lakehouse_project.kernel.kinds import Kind
from lakehouse_project.kernel.parameters import FIELDS, OPERATOR, ORDERING, meant, told, unknown_parameters

Operator = Literal["eq", "gt", "gte", "lt", "lte", "in", "isnull", "contains", "startswith"]

ORDERED: tuple[Operator, ...] = ("gt", "gte", "lt", "lte")
OPERATORS: Mapping[Kind, tuple[Operator, ...]] = {
    "text": ("eq", "in", "isnull", *ORDERED, "contains", "startswith"),
    "enum": ("eq", "in", "isnull", "contains", "startswith"),
    "integer": ("eq", "in", "isnull", *ORDERED),
    "decimal": ("eq", "in", "isnull", *ORDERED),
    "date": ("eq", "in", "isnull", *ORDERED),
    "datetime": ("eq", "in", "isnull", *ORDERED),
    "boolean": ("eq", "isnull"),
    "object": ("isnull",),
}
MOST_VALUES = 1000
"""Values of one `in`."""

EXPECTED: Mapping[Kind, str] = {
    "integer": "a whole number like 42",
    "decimal": "a number like 1234.50",
    "date": "a date like 2024-05-17",
    "datetime": "a moment like 2024-05-17T18:20:00Z",
    "boolean": "true or false",
}


@dataclass(frozen=True)
class Column:
    """A column that callers may filter and order by."""

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """`value` has the type of the column: of `in` a tuple of such, of `isnull` a boolean."""

    column: Column
    operator: Operator
    value: Any


@dataclass(frozen=True)
class Order:
    """A column to order by."""

    column: Column
    is_descending: bool = False


@dataclass(frozen=True)
class Listing:
    """What a caller wants of a list. `fields` None: all."""

    conditions: tuple[Condition, ...] = ()
    ordering: tuple[Order, ...] = ()
    fields: tuple[str, ...] | None = None


def read_listing(
    query: QueryDict, columns: Sequence[Column], *, shown: Collection[str], own: Iterable[str] = ()
) -> Listing:
    """The listing that a query string asks for.

    `columns`: what the caller may filter and order by; `shown`: what `fields` may name; `own`: the parameters that the
    route reads by itself. Raises `UnknownParameter` for anything else, and `InvalidInput` naming each parameter whose value
    is not of the type of its column.
    """
    known = {column.name: column for column in columns}
    asked = _asked(query, known, {*own, ORDERING, FIELDS})
    _refuse_unstorable(query)
    return Listing(
        conditions=_conditions(query, asked),
        ordering=tuple(_order(name, known) for name in _names(query, ORDERING)),
        fields=read_fields(query, shown),
    )


def _asked(
    query: QueryDict, known: Mapping[str, Column], own: Collection[str]
) -> dict[str, tuple[Column, Operator]]:
    """Parameter -> its column and operator."""
    parameters = [name for name in query if name not in own]
    found = {name: _column_and_operator(name, known) for name in parameters}
    if unknown := [name for name, hit in found.items() if hit is None]:
        raise _unknown(unknown, [*own, *known])
    return {name: hit for name, hit in found.items() if hit}


def _column_and_operator(parameter: str, known: Mapping[str, Column]) -> tuple[Column, Operator] | None:
    if parameter in known and "eq" in OPERATORS[known[parameter].kind]:
        return known[parameter], "eq"
    name, _separator, suffix = parameter.rpartition(OPERATOR)
    if name not in known or suffix == "eq":
        return None
    return next(((known[name], found) for found in OPERATORS[known[name].kind] if found == suffix), None)


def _unknown(names: Sequence[str], known: Collection[str]) -> UnknownParameter:
    operators = ", ".join(f"{OPERATOR}{name}" for name in OPERATORS["text"] if name != "eq")
    return UnknownParameter(
        f"{told(names, known)} Known here: {', '.join(sorted(set(known)))}; "
        f"fields also with {operators}, as far as their type allows.",
        errors=unknown_parameters(names, known),
    )


def _refuse_unstorable(query: QueryDict) -> None:
    """PostgreSQL does not take NUL characters, not even to look for them."""
    if names := [name for name in query if any("\x00" in value for value in query.getlist(name))]:
        errors = [FieldError(name, "nul_character", "A NUL character is in no text.") for name in names]
        raise InvalidInput(f"{', '.join(names)} has a NUL character.", errors=errors)


# --- conditions ---------------------------------------------------------------------------------------------------


def _conditions(query: QueryDict, asked: Mapping[str, tuple[Column, Operator]]) -> tuple[Condition, ...]:
    conditions, errors = [], []
    for parameter, (column, operator) in asked.items():
        for text in query.getlist(parameter):
            try:
                conditions.append(Condition(column, operator, _value(text, column, operator)))
            except ValueError as error:
                errors.append(FieldError(parameter, "value", str(error)))
    if errors:
        detail = " ".join(f"{error.field} {error.message}." for error in errors)
        raise InvalidInput(detail, errors=errors)
    return tuple(conditions)


def _value(text: str, column: Column, operator: Operator) -> Any:
    """Raises `ValueError` with the end of a sentence that begins with the parameter."""
    if operator == "isnull":
        return _read(text, Column(column.name, "boolean"))
    if operator == "in":
        return tuple(_read(part, column) for part in _parts(text))
    if operator in ("contains", "startswith"):
        return text
    return _read(text, column)


def _parts(text: str) -> list[str]:
    """The values of a list; one with a comma stands in double quotes."""
    try:
        (parts,) = csv.reader([text], skipinitialspace=True)
    except csv.Error as error:
        raise ValueError(
            "must be values separated by commas, each on one line or in double quotes"
        ) from error
    if len(parts) > MOST_VALUES:
        raise ValueError(f"may list {MOST_VALUES} values")
    return parts


def _read(text: str, column: Column) -> Any:
    try:
        return READERS[column.kind](text.strip(), column)
    except (ValueError, OverflowError, InvalidOperation) as error:
        expected = EXPECTED.get(column.kind) or f"one of {', '.join(column.choices)}"
        raise ValueError(f"must be {expected}, not {text[:60]!r}") from error


def _integer(text: str, _column: Column) -> int:
    return int(text) if text.lstrip("+-").isascii() and text.lstrip("+-").isdecimal() else _refuse()


def _decimal(text: str, _column: Column) -> Decimal:
    number = Decimal(text)
    return number if number.is_finite() and abs(number.adjusted()) < 400 else _refuse()


def _moment(text: str, _column: Column) -> datetime:
    """In UTC: PostgreSQL does not know all offsets that Python does."""
    moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _choice(text: str, column: Column) -> str:
    value = text.lower()
    return value if not column.choices or value in column.choices else _refuse()


def _boolean(text: str, _column: Column) -> bool:
    values = {"true": True, "1": True, "false": False, "0": False}
    return values[text.lower()] if text.lower() in values else _refuse()


def _refuse() -> Any:
    raise ValueError


READERS: Mapping[Kind, Callable[[str, Column], Any]] = {
    "text": lambda text, _column: text,
    "enum": _choice,
    "integer": _integer,
    "decimal": _decimal,
    "date": lambda text, _column: date.fromisoformat(text),
    "datetime": _moment,
    "boolean": _boolean,
}


# --- ordering and fields ------------------------------------------------------------------------------------------


def _names(query: QueryDict, parameter: str) -> list[str]:
    return [name for value in query.getlist(parameter) for part in value.split(",") if (name := part.strip())]


def _order(name: str, known: Mapping[str, Column]) -> Order:
    plain = name.removeprefix("-")
    if plain not in known:
        raise _unknown_name(ORDERING, plain, known)
    return Order(known[plain], is_descending=name != plain)


def read_fields(query: QueryDict, shown: Collection[str]) -> tuple[str, ...] | None:
    """What `fields` names of `shown`, None without it. Raises `UnknownParameter`."""
    if FIELDS not in query:
        return None
    names = _names(query, FIELDS)
    for name in names:
        if name not in shown:
            raise _unknown_name(FIELDS, name, shown)
    return tuple(names)


def _unknown_name(parameter: str, name: str, known: Collection[str]) -> UnknownParameter:
    near = meant(name, known)
    message = (
        f"{parameter} names {name!r}, which is not known{f': {near}' if near else '.'} "
        f"Known here: {', '.join(sorted(set(known)))}."
    )
    return UnknownParameter(message, errors=[FieldError(parameter, "unknown_field", message)])


# --- as Django conditions -----------------------------------------------------------------------------------------

LOOKUPS: Mapping[Operator, str] = {"eq": "exact", "contains": "icontains", "startswith": "istartswith"}


def as_q(condition: Condition, path: str | None = None) -> Q:
    """The condition on a column or annotation `path`, which is called like the column unless said otherwise.

    Texts contain and start with others whatever the case.
    """
    lookup = LOOKUPS.get(condition.operator, condition.operator)
    return Q(**{f"{path or condition.column.name}__{lookup}": condition.value})


# --- in the description of the API --------------------------------------------------------------------------------

TYPES: Mapping[Kind, dict[str, str]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "boolean": {"type": "boolean"},
}


def openapi_parameters(columns: Iterable[Column], *, own: Collection[str] = ()) -> list[dict[str, Any]]:
    """The OpenAPI entries of `fields`, `ordering` and a filter per column, but for what the route tells of by itself."""
    names = [
        _entry(FIELDS, {"type": "string"}, "Only these fields, separated by commas."),
        _entry(
            ORDERING,
            {"type": "string"},
            "Fields to order by, separated by commas; `-` in front turns it round.",
        ),
    ]
    return names + [_filter(column) for column in columns if column.name not in own]


def _filter(column: Column) -> dict[str, Any]:
    more = [f"`{column.name}{OPERATOR}{name}`" for name in OPERATORS[column.kind] if name != "eq"]
    return _entry(column.name, TYPES.get(column.kind, {"type": "string"}), f"Also {', '.join(more)}.")


def _entry(name: str, schema: Mapping[str, str], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": dict(schema),
        "description": description,
    }
