"""The star schema as a graph: dimensions and facts, with their references in both directions."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import Parameter, Signature
from typing import Any

from django.db import models
from strawberry.types import Info

from lakehouse_project.graphql.inputs import Chooser, chooser
from lakehouse_project.graphql.rows import (
    Connection,
    Context,
    Peers,
    Row,
    add,
    connection,
    connection_type,
    finish,
    key_of,
    node_class,
)
from lakehouse_project.graphql.scalars import BigInt, list_of
from lakehouse_project.kernel.keyset import FIRST, Wanted
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.services import resolve
from silver.schemas import columns, filters, type_of
from silver.services import BrowseStar
from silver.star import STAR, StarTable

Resolver = Callable[..., Any]


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


def lists() -> Iterator[tuple[str, Any, Resolver, str]]:
    """Name, type, resolver and description of a field of the query per table."""
    for node in _NODES.values():
        about = f"{str(node.table.model._meta.verbose_name_plural).capitalize()} of the star schema."
        yield node.name, node.connection | None, _list_resolver(node), about


# --- resolvers ----------------------------------------------------------------------------------------------------


def page_signature(chosen: Chooser, *more: Parameter, is_root: bool = True) -> Signature:
    """Of a resolver `(info, root, where, order_by, first, after)`, which are read from here."""
    own = () if is_root else (Parameter("root", Parameter.KEYWORD_ONLY, annotation=Any),)
    pages = (
        Parameter("info", Parameter.KEYWORD_ONLY, annotation=Info),
        *(
            Parameter(each.name, Parameter.KEYWORD_ONLY, annotation=each.annotation, default=each.default)
            for each in more
        ),
        Parameter("where", Parameter.KEYWORD_ONLY, annotation=chosen.where | None, default=None),
        Parameter(
            "order_by", Parameter.KEYWORD_ONLY, annotation=list_of(chosen.order_by) | None, default=None
        ),
        Parameter("first", Parameter.KEYWORD_ONLY, annotation=int, default=FIRST),
        Parameter("after", Parameter.KEYWORD_ONLY, annotation=str | None, default=None),
    )
    return Signature([*own, *pages])


def _list_resolver(node: Node) -> Resolver:
    def listed(
        *, info: Info[Context, None], where: Any = None, order_by: Any = None, first: int, after: str | None
    ) -> Connection:
        context, browse = _permitted(info, node), resolve(BrowseStar)
        wanted = node.chooser.wanted(where, order_by, first, after)
        part = browse.slice(node.table, wanted, is_personal_shown=context.is_personal_shown)
        return connection(part, after=after, count=lambda: browse.count(node.table, wanted.listing))

    listed.__signature__ = page_signature(node.chooser)  # type: ignore[attr-defined]
    return listed


def _forward(reference: Reference) -> Resolver:
    """From a row to the one that it refers to."""

    def referred(root: Any, info: Info[Context, None]) -> Row | None:
        peers: Peers = root.peers
        found = peers.once(reference.name, lambda: _rows_by_key(info, reference, peers))
        return found.get(root.values[reference.column])

    return referred


def _rows_by_key(info: Info[Context, None], reference: Reference, peers: Peers) -> Mapping[Any, Row]:
    context, target = _permitted(info, reference.target), reference.target.table
    found = resolve(BrowseStar).referred(
        target, peers.values(reference.column), is_personal_shown=context.is_personal_shown
    )
    return dict(zip(found, Peers(list(found.values())).rows, strict=True))


def _backward(reference: Reference) -> Resolver:
    """From a row to those that refer to it."""
    pk = str(reference.target.table.model._meta.pk.attname)

    def referring(
        *,
        root: Any,
        info: Info[Context, None],
        where: Any = None,
        order_by: Any = None,
        first: int,
        after: str | None,
    ) -> Connection:
        peers: Peers = root.peers
        wanted = reference.origin.chooser.wanted(where, order_by, first, after)
        found = peers.once(key_of(info), lambda: _pages_by_key(info, reference, peers.values(pk), wanted))
        return found[root.values[pk]]

    referring.__signature__ = page_signature(reference.origin.chooser, is_root=False)  # type: ignore[attr-defined]
    return referring


def _pages_by_key(
    info: Info[Context, None], reference: Reference, keys: list[Any], wanted: Wanted
) -> Mapping[Any, Connection]:
    """A page per key. The rows of all pages are peers."""
    context, origin, browse = _permitted(info, reference.origin), reference.origin.table, resolve(BrowseStar)
    found = browse.slices_behind(
        origin, reference.column, keys, wanted, is_personal_shown=context.is_personal_shown
    )
    peers = Peers([row for part in found.values() for row in part.rows])

    def count(key: Any) -> int:
        counts = peers.once(
            "count", lambda: browse.counts_behind(origin, reference.column, keys, wanted.listing)
        )
        return counts[key]

    rows = iter(peers.rows)
    return {
        key: connection(
            part,
            after=wanted.after,
            count=lambda key=key: count(key),  # type: ignore[misc]
            rows=[next(rows) for _ in part.rows],
        )
        for key, part in found.items()
    }


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
