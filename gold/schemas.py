"""Schemas of the mart routes, made from the registry so that each mart has its own in OpenAPI."""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import create_model

from gold.registry import Column, Mart, Parameter
from lakehouse_project.kernel import filters as filtering
from lakehouse_project.kernel.kinds import Kind
from lakehouse_project.kernel.pagination import Page
from lakehouse_project.kernel.tabular import Format
from lakehouse_project.kernel.tabular.answers import FORMAT_TEXT

PAGE_SIZE = 1000
MAX_PAGE_SIZE = 10_000

_KINDS: Mapping[type[Any], Kind] = MappingProxyType(
    {
        str: "text",
        int: "integer",
        float: "decimal",
        bool: "boolean",
        dt.date: "date",
        dt.datetime: "datetime",
    }
)


class MartQuery(Schema):
    """What every mart understands: which page, and in which format."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE
    format: Annotated[Format | None, Field(description=FORMAT_TEXT)] = None

    top: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="Only the first so many rows of the order asked for."),
    ] = None

    @property
    def window(self) -> slice:
        start = (self.page - 1) * self.page_size
        return slice(start, start + self.page_size)


def query_schema(mart: Mart) -> type[MartQuery]:
    """The query string of `mart`."""
    fields: dict[str, Any] = {parameter.name: _parameter(parameter) for parameter in mart.parameters}
    return create_model(f"{_title(mart)}Query", __base__=MartQuery, **fields)


def filters(mart: Mart) -> list[filtering.Column]:
    """The columns that callers may filter and order by: guessing at what is masked for them would tell them of it."""
    return [
        filtering.Column(column.name, _KINDS[column.type])
        for column in mart.columns
        if not column.is_personal
    ]


def page_schema(mart: Mart) -> type[Schema]:
    """The answer of `mart`: `{"items": [...], "count": n}`."""
    fields: dict[str, Any] = {column.name: _column(column) for column in mart.columns}
    item = create_model(f"{_title(mart)}Row", __base__=Schema, **fields)
    return create_model(f"{_title(mart)}Page", __base__=Page[item])


def _parameter(parameter: Parameter) -> tuple[Any, Any]:
    if parameter.is_required:
        return parameter.type, Field(..., description=parameter.help_text)
    return parameter.type | None, Field(None, description=parameter.help_text)


def _column(column: Column) -> tuple[Any, Any]:
    """Each may be missing from an answer, because `fields` may leave it out."""
    kind = column.type | None if column.is_optional else column.type
    return kind, Field(None, description=column.help_text)


def _title(mart: Mart) -> str:
    return "".join(part.capitalize() for part in mart.name.split("-"))
