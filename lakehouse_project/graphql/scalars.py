"""The scalars of the schema. Values that callers send are read as the REST API reads them in a query string."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from types import GenericAlias
from typing import Any, NewType

import strawberry
from graphql import (
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)
from strawberry.types.scalar import ScalarDefinition

from lakehouse_project.kernel.exact import loads
from lakehouse_project.kernel.filters import EXPECTED, READERS, Column
from lakehouse_project.kernel.kinds import Kind

BigInt = NewType("BigInt", int)
Json = NewType("Json", object)
RawRow = NewType("RawRow", object)


def list_of(kind: Any) -> Any:
    """The type of lists of a type that is made at run time."""
    return GenericAlias(list, kind)


LARGEST = 2**63
SHOWN = 60
"""Characters of a wrong value that a message repeats."""


def _reader(kind: Kind) -> Callable[[Any], Any]:
    column = Column("", kind)

    def read(value: Any) -> Any:
        if not isinstance(value, bool | dict | list):
            try:
                return READERS[kind](str(value), column)
            except (ValueError, OverflowError, InvalidOperation):
                pass
        raise GraphQLError(f"It must be {EXPECTED[kind]}, not {str(value)[:SHOWN]!r}.")

    return read


def _whole(value: Any) -> int:
    number: int = _reader("integer")(value)
    if abs(number) >= LARGEST:
        raise GraphQLError(f"It must be a whole number of at most 64 bits, not {str(value)[:SHOWN]}.")
    return number


def _utc(value: dt.datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _as_it_is(value: Any) -> Any:
    return value


def literal(node: ValueNode, variables: Mapping[str, Any] | None) -> Any:
    """The JSON value that stands in the text of a query; numbers keep every digit."""
    match node:
        case VariableNode():
            return (variables or {}).get(node.name.value)
        case ListValueNode():
            return [literal(value, variables) for value in node.values]
        case ObjectValueNode():
            return {field.name.value: literal(field.value, variables) for field in node.fields}
        case IntValueNode() | FloatValueNode():
            return _number(node.value)
        case _:  # texts, truth values, names of enumerations; null has none
            return getattr(node, "value", None)


def _number(text: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise GraphQLError(f"{text[:SHOWN]}… is no number that can be stored.") from error


def _scalar(
    name: str,
    description: str,
    *,
    serialize: Callable[[Any], Any] = _as_it_is,
    parse: Callable[[Any], Any] = _as_it_is,
) -> ScalarDefinition:
    def parse_literal(node: ValueNode, variables: Mapping[str, Any] | None = None) -> Any:
        return parse(literal(node, variables))

    return strawberry.scalar(
        name=name,
        description=description,
        serialize=serialize,
        parse_value=parse,
        parse_literal=parse_literal,
    )


SCALARS: Mapping[object, ScalarDefinition] = {
    BigInt: _scalar("BigInt", "A whole number of up to 64 bits.", serialize=int, parse=_whole),
    Decimal: _scalar(
        "Decimal",
        'A number with all its digits, as a text: "1234.50".',
        serialize=str,
        parse=_reader("decimal"),
    ),
    dt.date: _scalar("Date", "2024-05-17", serialize=dt.date.isoformat, parse=_reader("date")),
    dt.datetime: _scalar("DateTime", "2024-05-17T18:20:00Z", serialize=_utc, parse=_reader("datetime")),
    Json: _scalar("JSON", "Any JSON value."),
    RawRow: _scalar("RawRow", "A row of a batch: a JSON object. Numbers keep every digit."),
}
