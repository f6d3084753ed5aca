"""Pages of lists: the arguments that choose one, its cursors, and its type."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any, NamedTuple

import strawberry
from strawberry.types import Info

from lakehouse_project.graphql.inputs import Chooser
from lakehouse_project.graphql.rows import Peers, Row
from lakehouse_project.graphql.scalars import BigInt, list_of
from lakehouse_project.kernel.errors import FieldError, InvalidInput
from lakehouse_project.kernel.rows import Placed, Rows
from lakehouse_project.kernel.slices import LIMIT, MAX_LIMIT, InvalidCursor, Window, seal, unseal

Resolver = Callable[..., Any]

_KEYWORD = Parameter.KEYWORD_ONLY


class Field(NamedTuple):
    """A field of the query."""

    name: str
    type: Any
    resolver: Resolver
    about: str


# --- which page ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """`first` rows behind the cursor `after` of a list. `order` names the list with its order: a cursor is good for both."""

    first: int
    after: str | None
    order: bytes

    @property
    def window(self) -> Window:
        """Raises `InvalidInput` or `InvalidCursor`."""
        if not 1 <= self.first <= MAX_LIMIT:
            message = f"A page has 1 to {MAX_LIMIT} rows, not {self.first}."
            raise InvalidInput(message, errors=[FieldError("first", "range", message)])
        place = None if self.after is None else unseal(self.after, self.order)
        if self.after is not None and place is None:
            message = "The cursor is not one of this list in this order. Take it as an answer has it, or leave it out."
            raise InvalidCursor(message, errors=[FieldError("after", InvalidCursor.code, message)])
        return Window(self.first, place)


def wanted(name: str, rows: Rows, first: int, after: str | None) -> Wanted:
    """`name`: which list it is."""
    return Wanted(first, after, json.dumps([name, *rows.ordering]).encode())


def page_parameters(chosen: Chooser) -> tuple[Parameter, ...]:
    """What every list takes."""
    return (
        Parameter("where", _KEYWORD, annotation=chosen.where | None, default=None),
        Parameter("order_by", _KEYWORD, annotation=list_of(chosen.order_by) | None, default=None),
        Parameter("first", _KEYWORD, annotation=int, default=LIMIT),
        Parameter("after", _KEYWORD, annotation=str | None, default=None),
    )


def resolver(read: Callable[..., Any], *parameters: Parameter, of_row: bool = False) -> Resolver:
    """`read(info, …)`, or `read(root, info, …)` of a row, as a resolver whose arguments are `parameters`.

    An argument that a query leaves out has its default.
    """
    defaults = {each.name: each.default for each in parameters if each.default is not Parameter.empty}

    def resolve(**values: Any) -> Any:
        return read(**{**defaults, **values})

    root = (Parameter("root", _KEYWORD, annotation=Any),) if of_row else ()
    signature = Signature([*root, Parameter("info", _KEYWORD, annotation=Info), *parameters])
    resolve.__signature__ = signature  # type: ignore[attr-defined]  # read by strawberry
    return resolve


# --- the page -----------------------------------------------------------------------------------------------------


@strawberry.type(description="Where a page begins and ends in its list.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for with `after`.")
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True)
class Edge:
    """A row, and its place in the list."""

    node: Any
    place: tuple[Any, ...]
    order: bytes

    @property
    def cursor(self) -> str:
        return seal(self.place, self.order)


@dataclass(frozen=True)
class Connection:
    """A page of a list. Cursors are made, and the rows in all are counted, when they are asked for."""

    nodes: Sequence[Any]
    found: Placed
    wanted: Wanted
    count: Callable[[], int]

    @property
    def edges(self) -> list[Edge]:
        pairs = zip(self.nodes, self.found.places, strict=True)
        return [Edge(node, place, self.wanted.order) for node, place in pairs]

    @property
    def page_info(self) -> PageInfo:
        edges = self.edges
        return PageInfo(
            has_next_page=self.found.has_more,
            has_previous_page=self.wanted.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )

    @property
    def total_count(self) -> int:
        return self.count()


def page(name: str, rows: Rows, first: int, after: str | None) -> Connection:
    """A page of items as they are."""
    asked = wanted(name, rows, first, after)
    found = rows.placed(list(rows.following(asked.window)), first)
    return Connection(found.items, found, asked, rows.queryset.count)


def page_of_rows(name: str, rows: Rows, first: int, after: str | None) -> Connection:
    """A page of dicts by column, as rows that are peers."""
    found = page(name, rows, first, after)
    nodes: Sequence[Row] = Peers(found.nodes).rows
    return Connection(nodes, found.found, found.wanted, found.count)


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
