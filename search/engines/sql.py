"""Statements put together from pieces, each with the values of its placeholders."""

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any


@dataclass(frozen=True)
class Sql:
    """A piece of a statement and the values of its placeholders, in their order."""

    text: str
    params: tuple[Any, ...] = ()


def value(of: Any) -> Sql:
    return Sql("%s", (of,))


def fill(template: str, **pieces: Sql) -> Sql:
    """`template` with its `{name}`s replaced."""
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    text = template.format(**{name: piece.text for name, piece in pieces.items()})
    return Sql(text, tuple(param for name in names for param in pieces[name].params))


def joined(separator: str, pieces: Iterable[Sql]) -> Sql:
    listed = list(pieces)
    return Sql(
        separator.join(piece.text for piece in listed),
        tuple(param for piece in listed for param in piece.params),
    )
