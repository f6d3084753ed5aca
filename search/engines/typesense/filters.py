"""Filter trees as Typesense's `filter_by`: names come from the whitelist, texts are asked for by their hashes.

Typesense has no way to negate a group, to ask for a field that is absent, or to name a field that a collection lacks.
So negations move down to the comparisons, and a comparison with a field that the entity lacks is false from the start.
"""

from collections.abc import Sequence
from typing import TypeAlias

from search.domain import FIELDS, Kind
from search.engines.typesense.layout import ABSENT, VALUES, stored, value_key
from search.query import COMPARISONS, And, Eq, Filter, In, Not, Or, Range, Value

Condition: TypeAlias = str | bool
"""A filter, or what it comes to for every document."""

_OPERATORS = dict(zip(COMPARISONS, (">=", ">", "<=", "<"), strict=True))
_OPPOSITES = dict(zip(COMPARISONS, ("<", "<=", ">", ">="), strict=True))


def condition(entity: str, node: Filter, *, negated: bool = False) -> Condition:
    """What `node`, or its opposite, asks of the documents of `entity`."""
    match node:
        case Not(of):
            return condition(entity, of, negated=not negated)
        case And(parts):
            return _joined(entity, parts, negated=negated, is_all=not negated)
        case Or(parts):
            return _joined(entity, parts, negated=negated, is_all=negated)
        case Eq(name, value):
            return _any_of(entity, name, [value], negated=negated)
        case In(name, values):
            return _any_of(entity, name, values, negated=negated)
        case Range():
            return _range(entity, node, negated=negated)


def not_of(key: str) -> str:
    """Documents of other records than the one with this key, which is a hash; empty for any other key."""
    return f"entity_id:!=`{key}`" if key.isalnum() else ""


def _joined(entity: str, parts: Sequence[Filter], *, negated: bool, is_all: bool) -> Condition:
    """All parts or any of them; parts that are settled already settle the whole or drop out."""
    conditions = [condition(entity, part, negated=negated) for part in parts]
    return _combined(conditions, is_all=is_all)


def _combined(conditions: Sequence[Condition], *, is_all: bool) -> Condition:
    settling = not is_all
    if settling in conditions:
        return settling
    open_ones = [each for each in conditions if isinstance(each, str)]
    if not open_ones:
        return is_all
    return (" && " if is_all else " || ").join(
        f"({each})" if len(open_ones) > 1 else each for each in open_ones
    )


def _any_of(entity: str, name: str, values: Sequence[Value], *, negated: bool) -> Condition:
    known = FIELDS[entity].get(name)
    if known is None or not values:
        return negated
    is_text = known.kind is Kind.TEXT
    written = [
        f"`{value_key(name, str(value))}`" if is_text else str(stored(known, value)) for value in values
    ]
    asked = written[0] if len(written) == 1 else f"[{','.join(written)}]"
    return f"{VALUES if is_text else name}:{'!=' if negated else '='}{asked}"


def _range(entity: str, node: Range, *, negated: bool) -> Condition:
    known = FIELDS[entity].get(node.field)
    bounds = [
        (name, stored(known, bound))
        for name in COMPARISONS
        if known and (bound := getattr(node, name)) is not None
    ]
    if known is None or (negated and not bounds):
        return negated
    if negated:
        outside = [f"{node.field}:{_OPPOSITES[name]}{bound}" for name, bound in bounds]
        return _combined([*outside, f"{ABSENT}:=`{node.field}`"], is_all=False)
    return _combined([f"{node.field}:{_OPERATORS[name]}{bound}" for name, bound in bounds], is_all=True)
