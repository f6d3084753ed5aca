"""The star schema as a graph: dimensions and facts, with their references in both directions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.db import models
from strawberry.types import Info

from lakehouse_project.graphql.inputs import Chooser, chooser
from lakehouse_project.graphql.pages import (
    Connection,
    Field,
    Resolver,
    connection_type,
    page_of_rows,
    page_parameters,
    resolver,
    wanted,
)
from lakehouse_project.graphql.rows import Context, Peers, Row, add, finish, node_class
from lakehouse_project.graphql.scalars import BigInt
from lakehouse_project.kernel.filters import Listing
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.services import resolve
from silver.schemas import columns, filters, type_of
from silver.services import FollowStar, ReadBehind, ReadStar
from silver.star import STAR, StarTable


@dataclass(frozen=True)
class Node:
    """A table with its type and the inputs of its lists."""

    table: StarTable
    type: type
    connection: Any
    chooser: Chooser

    @property
    def name(self) -> str:
        return self.table.slug.replace("-", "_")


@dataclass(frozen=True)
class Reference:
    """`origin` refers to `target` by the foreign key `name`, whose column is `column`."""

    origin: Node
    name: str
    column: str
    target: Node
    is_only: bool
    """Whether `origin` has no other reference to `target`."""

    @property
    def back(self) -> str:
        return self.origin.name if self.is_only else f"{self.origin.name}_by_{self.name}"


def lists() -> Iterator[Field]:
    """A field of the query per table."""
    for node in _NODES.values():
        about = f"{str(node.table.model._meta.verbose_name_plural).capitalize()} of the star schema."
        yield Field(node.name, node.connection | None, _list_resolver(node), about)


# --- resolvers ----------------------------------------------------------------------------------------------------


def _list_resolver(node: Node) -> Resolver:
    def read(
        info: Info[Context, None], where: Any, order_by: Any, first: int, after: str | None
    ) -> Connection:
        context, listing = _permitted(info, node), node.chooser.listing(where, order_by)
        rows = resolve(ReadStar)(node.table, listing, is_personal_shown=context.is_personal_shown)
        return page_of_rows(node.name, rows, first, after)

    return resolver(read, *page_parameters(node.chooser))


def _forward(reference: Reference) -> Resolver:
    """From a row to the one that it refers to."""

    def read(root: Row, info: Info[Context, None]) -> Row | None:
        peers = root.peers
        found = peers.once(("at", reference.name), lambda: _rows_by_key(info, reference, peers))
        return found.get(root.values[reference.column])

    return resolver(read, of_row=True)


def _rows_by_key(info: Info[Context, None], reference: Reference, peers: Peers) -> Mapping[Any, Row]:
    context, target = _permitted(info, reference.target), reference.target.table
    found = resolve(FollowStar)(
        target, peers.values(reference.column), is_personal_shown=context.is_personal_shown
    )
    return dict(zip(found, Peers(list(found.values())).rows, strict=True))


def _backward(reference: Reference) -> Resolver:
    """From a row to those that refer to it."""
    pk = str(reference.target.table.model._meta.pk.attname)

    def read(
        *, root: Row, info: Info[Context, None], where: Any, order_by: Any, first: int, after: str | None
    ) -> Connection:
        listing, peers = reference.origin.chooser.listing(where, order_by), root.peers
        found = peers.once(
            ("behind", info.path.key),
            lambda: _pages_by_key(info, reference, peers.values(pk), listing, (first, after)),
        )
        return found[root.values[pk]]

    return resolver(read, *page_parameters(reference.origin.chooser), of_row=True)


def _pages_by_key(
    info: Info[Context, None],
    reference: Reference,
    keys: list[Any],
    listing: Listing,
    page: tuple[int, str | None],
) -> Mapping[Any, Connection]:
    """A page per key. The rows of all pages are peers."""
    context, table, behind = _permitted(info, reference.origin), reference.origin.table, resolve(ReadBehind)
    asked = wanted(reference.origin.name, resolve(ReadStar)(table, listing, is_personal_shown=False), *page)
    found = behind(
        table,
        reference.column,
        keys,
        listing,
        asked.window,
        is_personal_shown=context.is_personal_shown,
    )
    peers = Peers([row for part in found.values() for row in part.items])
    counts = cache(lambda: behind.counts(table, reference.column, keys, listing))
    rows = iter(peers.rows)
    return {
        key: Connection([next(rows) for _ in part.items], part, asked, partial(_of, key, counts))
        for key, part in found.items()
    }


def _of(key: Any, counts: Callable[[], Mapping[Any, int]]) -> int:
    return counts()[key]


def _permitted(info: Info[Context, None], node: Node) -> Context:
    require(info.context.request, view_permission(node.table.model))
    return info.context


# --- types --------------------------------------------------------------------------------------------------------


def _nodes() -> dict[type[models.Model], Node]:
    nodes = {}
    for table in STAR:
        shell = node_class(table.model.__name__)
        chosen = chooser(shell.__name__, filters(table))
        nodes[table.model] = Node(table, shell, connection_type(shell), chosen)
    for node in nodes.values():
        _add_columns(node)
    for reference in _references(nodes):
        about = f"The {reference.target.table.model._meta.verbose_name}, which may be the unknown one."
        add(reference.origin.type, reference.name, reference.target.type | None, _forward(reference), about)
        back = f"{str(reference.origin.table.model._meta.verbose_name_plural).capitalize()} that refer to it."
        add(
            reference.target.type,
            reference.back,
            reference.origin.connection | None,
            _backward(reference),
            back,
        )
    for node in nodes.values():
        finish(node.type, (node.table.model.__doc__ or "").strip())
    return nodes


def _add_columns(node: Node) -> None:
    fields = {field.attname: field for field in node.table.model._meta.concrete_fields}
    for name in columns(node.table):
        kind = type_of(fields[name])
        kind = BigInt if kind is int else kind
        is_hidden = name in node.table.personal
        about = f"{fields[name].help_text} {'Masked unless you may see personal data.' if is_hidden else ''}"
        add(node.type, name, kind | None if fields[name].null else kind, about=about.strip())


def _references(nodes: Mapping[type[models.Model], Node]) -> Iterator[Reference]:
    for node in nodes.values():
        keys = [field for field in node.table.model._meta.concrete_fields if field.is_relation]
        targets = [field.related_model for field in keys]
        for field in keys:
            yield Reference(
                node,
                field.name,
                field.attname,
                nodes[field.related_model],  # type: ignore[index]
                is_only=targets.count(field.related_model) == 1,
            )


_NODES = _nodes()
