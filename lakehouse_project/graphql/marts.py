"""The marts and materialized views: a list for each, with the parameters of its route."""

from collections.abc import Iterator
from inspect import Parameter
from typing import Any, get_args

from strawberry.types import Info

from gold.registry import MARTS, Column, Mart
from gold.schemas import filters, query_schema
from gold.services import ReadMart
from lakehouse_project.graphql.checked import checked
from lakehouse_project.graphql.inputs import Chooser, chooser
from lakehouse_project.graphql.pages import (
    Connection,
    Field,
    connection_type,
    page_of_rows,
    page_parameters,
    resolver,
)
from lakehouse_project.graphql.rows import Context, add, finish, node_class
from lakehouse_project.graphql.scalars import BigInt
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.services import resolve


def lists() -> Iterator[Field]:
    """A field of the query per mart."""
    for mart in MARTS:
        node = _node(mart)
        chosen = chooser(node.__name__, filters(mart))
        yield Field(mart.slug, connection_type(node) | None, _resolver(mart, chosen), mart.summary)


def _node(mart: Mart) -> type:
    node = node_class("".join(part.capitalize() for part in mart.name.split("-")))
    for column in mart.columns:
        add(node, column.name, _type(column), about=column.help_text)
    finish(node, mart.summary)
    return node


def _type(column: Column) -> Any:
    kind = BigInt if column.type is int else column.type
    return kind | None if column.is_optional else kind


def _resolver(mart: Mart, chosen: Chooser) -> Any:
    schema = query_schema(mart)

    def read(
        info: Info[Context, None], where: Any, order_by: Any, first: int, after: str | None, **values: Any
    ) -> Connection:
        require(info.context.request, view_permission(mart.model))
        given, listing = checked(schema, values).model_dump(), chosen.listing(where, order_by)
        rows = resolve(ReadMart)(mart, given, listing, is_personal_shown=info.context.is_personal_shown)
        return page_of_rows(mart.name, rows.listed, first, after)

    return resolver(read, *_parameters(mart), *page_parameters(chosen))


def _parameters(mart: Mart) -> Iterator[Parameter]:
    """Required ones have no default."""
    for each in mart.parameters:
        kind = (get_args(each.type) or (each.type,))[0]
        yield (
            Parameter(each.name, Parameter.KEYWORD_ONLY, annotation=kind)
            if each.is_required
            else Parameter(each.name, Parameter.KEYWORD_ONLY, annotation=kind | None, default=None)
        )
