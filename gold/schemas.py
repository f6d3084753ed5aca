"""Schemas of the mart routes, made from the registry so that each mart has its own in OpenAPI."""

from typing import Annotated, Any, ClassVar

from ninja import Field, Schema
from pydantic import create_model

from gold.registry import Column, Mart, Parameter
from lakehouse_project.kernel import filters as filtering
from lakehouse_project.kernel.parameters import WholeQuery
from lakehouse_project.kernel.slices import SliceQuery
from lakehouse_project.kernel.tabular.answers import FormatQuery

PAGE_SIZE = 1000
MAX_PAGE_SIZE = 10_000


class MartPage(Schema):
    """Which page of a mart."""

    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = PAGE_SIZE


class MartTop(WholeQuery):
    """How many rows of a mart."""

    top: Annotated[
        int | None,
        Field(ge=1, le=1_000_000, description="Only the first so many rows of the order asked for."),
    ] = None


class MartQuery(MartTop, FormatQuery, MartPage):
    """What every mart understands in version 1: which page, and in which format."""

    @property
    def window(self) -> slice:
        start = (self.page - 1) * self.page_size
        return slice(start, start + self.page_size)


class MartSliceQuery(FormatQuery, SliceQuery, WholeQuery):
    """What every mart understands in version 2: which slice, and in which format."""

    @property
    def top(self) -> None:
        """The first rows are those of `limit`."""


def query_schema(mart: Mart) -> type[MartQuery]:
    """The query string of `mart` in version 1."""
    return create_model(f"{_title(mart)}Query", __base__=MartQuery, **_parameters(mart))


def export_query_schema(mart: Mart) -> type[MartTop]:
    """What chooses rows of `mart` for a file."""
    return create_model(f"{_title(mart)}Export", __base__=MartTop, **_parameters(mart))


def slice_query_schema(mart: Mart) -> type[MartSliceQuery]:
    """The query string of `mart` in version 2."""
    return create_model(f"{_title(mart)}SliceQuery", __base__=MartSliceQuery, **_parameters(mart))


def filters(mart: Mart) -> list[filtering.Column]:
    """The columns that callers may filter and order by: guessing at what is masked for them would tell them of it."""
    return [filtering.Column(column.name, column.kind) for column in mart.columns if not column.is_personal]


def row_schema(mart: Mart) -> Any:
    """A row of `mart`."""
    fields: dict[str, Any] = {column.name: _column(column) for column in mart.columns}
    return create_model(f"{_title(mart)}Row", __base__=Schema, **fields)


def _parameters(mart: Mart) -> dict[str, Any]:
    """Its own, and the columns that it filters by."""
    columns = frozenset(column.name for column in filters(mart))
    own = {parameter.name: _parameter(parameter) for parameter in mart.parameters}
    return {**own, "columns": (ClassVar[frozenset[str]], columns)}


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
