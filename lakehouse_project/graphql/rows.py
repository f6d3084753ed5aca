"""Rows on their way into an answer, and the pages that they come in.

Rows that were read together are completed together: the first of them whose user is asked for fetches the users of all. So
the number of queries follows the shape of the question, not the number of rows, without a second thread of control.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import strawberry
from django.http import HttpRequest
from strawberry.types import Info

from lakehouse_project.graphql.scalars import BigInt, list_of
from lakehouse_project.kernel.keyset import Slice
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
        self._fetched: dict[Hashable, Any] = {}

    def once(self, name: Hashable, fetch: Callable[[], T]) -> T:
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


@strawberry.type(description="Where a page begins and ends in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for with `after`.")
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True)
class Edge:
    """A row, and the cursor to go on behind it."""

    node: Row
    cursor: str


@dataclass(frozen=True)
class Connection:
    """A page of a list. The rows in all are counted when they are asked for."""

    nodes: Sequence[Row]
    cursors: Sequence[str]
    page_info: PageInfo
    count: Callable[[], int]

    @property
    def edges(self) -> list[Edge]:
        return [Edge(node, cursor) for node, cursor in zip(self.nodes, self.cursors, strict=True)]

    @property
    def total_count(self) -> int:
        return self.count()


def connection(
    part: Slice, *, after: str | None, count: Callable[[], int], rows: Sequence[Row] | None = None
) -> Connection:
    """The page of a slice. `rows`: those of the slice, where they are peers of others already."""
    page = PageInfo(
        has_next_page=part.has_next,
        has_previous_page=after is not None,
        start_cursor=part.cursors[0] if part.cursors else None,
        end_cursor=part.cursors[-1] if part.cursors else None,
    )
    return Connection(Peers(part.rows).rows if rows is None else rows, part.cursors, page, count)


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


def connection_type(node: type) -> Any:
    """The connection of rows of the type `node`."""
    edge = type(f"{node.__name__}Edge", (), {"__annotations__": {"node": node, "cursor": str}})
    strawberry.type(edge, description="A row, and the cursor to go on behind it.")
    fields = {
        "edges": list_of(edge),
        "nodes": list_of(node),
        "page_info": PageInfo,
        "total_count": BigInt,
    }
    made = type(f"{node.__name__}Connection", (), {"__annotations__": fields})
    return strawberry.type(
        made, description=f"A page of {node.__name__}. `totalCount` is counted if asked for."
    )


def key_of(info: Info[Any, Any]) -> Hashable:
    """What tells a field from others of the same rows: the name under which the answer has it."""
    return info.path.key
