"""Routes of the marts: one per entry of the registry."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from gold.registry import MARTS, Mart
from gold.repositories import MartRows, mart_table
from gold.schemas import (
    MartQuery,
    MartSliceQuery,
    filters,
    query_schema,
    row_schema,
    slice_query_schema,
)
from gold.tables import rows_of
from lakehouse_project.kernel.filters import openapi_parameters
from lakehouse_project.kernel.pagination import Page
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.routes import with_query
from lakehouse_project.kernel.slices import Slice, answer
from lakehouse_project.kernel.tabular.answers import streamed, wanted_format, with_files
from lakehouse_project.kernel.versions import Versions

Answer = Any
"""A page or slice as JSON, or all of it as a file."""

versions = Versions(tags=["gold"])


def answered(
    mart: Mart, request: HttpRequest, query: MartQuery | MartSliceQuery, part: Callable[[MartRows], Answer]
) -> Answer:
    """All rows as a file, if one is wanted; else the part of them."""
    require(request, view_permission(mart.model))

    def rows() -> MartRows:
        return rows_of(mart, query, request.GET, cast("Any", request.user))

    to = wanted_format(request, query.format)
    return part(rows()) if to is None else streamed(request, lambda: mart_table(mart, rows()), to)


def paged_view(mart: Mart) -> Callable[..., Any]:
    """The view of `mart` in version 1, with its own query schema in the signature, from which the route reads it."""

    def mart_view(request: HttpRequest, response: HttpResponse, query: Any) -> Answer:
        return answered(mart, request, query, lambda rows: rows.page(query.window))

    return with_query(mart_view, query_schema(mart))


def sliced_view(mart: Mart) -> Callable[..., Any]:
    """The view of `mart` in version 2."""

    def mart_view(request: HttpRequest, response: HttpResponse, query: Any) -> Answer:
        return answered(mart, request, query, lambda rows: answer(request, response, query, rows.cut))

    return with_query(mart_view, slice_query_schema(mart))


def documentation(mart: Mart, query: type[Schema]) -> dict[str, Any]:
    """What OpenAPI cannot know from the signature: the filters, and that there are files as well."""
    return with_files({"parameters": openapi_parameters(filters(mart), own=query.model_fields)})


def _add_routes(mart: Mart, row: Any) -> None:
    kinds: tuple[tuple[Router, Any, Callable[..., Any], type[Schema]], ...] = (
        (versions.v1, Page[row], paged_view(mart), query_schema(mart)),
        (versions.v2, Slice[row], sliced_view(mart), slice_query_schema(mart)),
    )
    for router, rows, view, query in kinds:
        router.get(
            mart.path,
            response=rows,
            operation_id=f"gold_{mart.group}_{mart.slug}",
            summary=mart.title,
            description=mart.summary,
            exclude_unset=True,
            openapi_extra=documentation(mart, query),
        )(view)


for _mart in MARTS:
    _add_routes(_mart, row_schema(_mart))
