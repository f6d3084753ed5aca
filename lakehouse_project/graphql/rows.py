"""Rows on their way into an answer, and the pages that they come in.

Rows that were read together are completed together: the first of them whose user is asked for fetches the users of all. So
the number of queries follows the shape of the question, not the number of rows, without a second thread of control.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from django.http import HttpRequest

from lakehouse_project.kernel.masking import may_see_personal_data

T = TypeVar("T")


@dataclass(frozen=True)
class Context:
    """Who asks."""

    request: HttpRequest

    @property
    def caller(self) -> Any:
        return self.request.user

    @property
    def is_personal_shown(self) -> bool:
        return may_see_personal_data(self.caller)


class Peers:
    """Rows that were read together, and what was fetched for all of them."""

    __slots__ = ("_fetched", "rows")

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self.rows = [Row(values, self) for values in rows]
        self._fetched: dict[tuple[Any, ...], Any] = {}

    def once(self, name: tuple[Any, ...], fetch: Callable[[], T]) -> T:
        """What `fetch` gave the first time it was asked for under this name."""
        if name not in self._fetched:
            self._fetched[name] = fetch()
        found: T = self._fetched[name]
        return found

    def values(self, column: str) -> list[Any]:
        """Each value of a column once."""
        return list(dict.fromkeys(row.values[column] for row in self.rows))


class Row:
    """One row, its values by column, and those it was read with."""

    __slots__ = ("peers", "values")

    def __init__(self, values: Mapping[str, Any], peers: Peers) -> None:
        self.values = values
        self.peers = peers


def attribute(source: Any, name: str) -> Any:
    """How fields without a resolver find their value."""
    return source.values[name] if isinstance(source, Row) else getattr(source, name)


def node_class(name: str) -> type:
    """An empty class for the rows of a type, to be filled by `finish`: types refer to each other."""
    return type(name, (), {"__annotations__": {}})


def add(
    node: type, name: str, kind: Any, resolver: Callable[..., Any] | None = None, about: str = ""
) -> None:
    """Add a field. Without a resolver it is the column of the name."""
    how: dict[str, Any] = {"resolver": resolver, "description": about or None}
    setattr(node, name, strawberry.field(**how))
    node.__annotations__[name] = kind


def finish(node: type, about: str) -> None:
    strawberry.type(node, name=node.__name__, description=about)
