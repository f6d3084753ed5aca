"""Filter trees as PostgreSQL conditions: names come from the whitelist, values are parameters."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from search.domain import ENTITIES, Kind
from search.query import COMPARISONS, And, Eq, Filter, In, Not, Or, Range, Sort, Value, fields_of

_FIELDS = fields_of(ENTITIES)
_COLUMNS = {Kind.TEXT: "facets", Kind.NUMBER: "numbers", Kind.DATE: "dates"}
_OPERATORS = dict(zip(COMPARISONS, (">=", ">", "<=", "<"), strict=True))


def condition(node: Filter, params: list[Any]) -> str:
    """SQL that is true or false, never null. Appends the values of its placeholders to `params`."""
    match node:
        case Eq(name, value):
            return _any_of(name, [value], params)
        case In(name, values):
            return _any_of(name, values, params)
        case Range():
            return _range(node, params)
        case Not(of):
            return f"NOT ({condition(of, params)})"
        case And(parts):
            return _joined(" AND ", parts, params) or "TRUE"
        case Or(parts):
            return _joined(" OR ", parts, params) or "FALSE"


def order(sort: Sort) -> str:
    """SQL: the sort expression, entities without a value last."""
    direction = "DESC" if sort.is_descending else "ASC"
    column = "d.title" if sort.field == "title" else f"({_typed(sort.field, 'd.')})"
    return f"{column} {direction} NULLS LAST"


def _joined(word: str, parts: Sequence[Filter], params: list[Any]) -> str:
    return word.join(f"({condition(part, params)})" for part in parts)


def _any_of(name: str, values: Sequence[Value], params: list[Any]) -> str:
    """Containment, which the index on facets serves."""
    column = _COLUMNS[_FIELDS[name].kind]
    params.extend(Jsonb({name: value}) for value in values)
    return " OR ".join([f"{column} @> %s"] * len(values)) or "FALSE"


def _range(node: Range, params: list[Any]) -> str:
    bounds = {name: bound for name in COMPARISONS if (bound := getattr(node, name)) is not None}
    params.extend(bounds.values())
    comparisons = [f"{_typed(node.field)} {_OPERATORS[name]} %s" for name in bounds]
    return f"coalesce({' AND '.join(comparisons) or 'TRUE'}, FALSE)"


def _typed(name: str, alias: str = "") -> str:
    kind = _FIELDS[name].kind
    text = f"({alias}{_COLUMNS[kind]}->>'{name}')"
    return f"{text}::bigint" if kind is Kind.NUMBER else f'{text} COLLATE "C"'
