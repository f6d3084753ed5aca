"""Routes of the marts: one per entry of the registry."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router, Schema

from gold.exports import csv_lines
from gold.registry import MARTS, Mart
from gold.repositories import MartRows
from gold.schemas import (
    FormatQuery,
    MartQuery,
    MartSliceQuery,
    filters,
    query_schema,
    row_schema,
    slice_query_schema,
)
from gold.services import ReadMart
from lakehouse_project.kernel.filters import openapi_parameters, read_listing
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import Page
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.routes import with_query
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.slices import Slice, answer
from lakehouse_project.kernel.versions import Versions

CSV = "text/csv"
CSV_ANSWER = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}

Answer = Any
"""A page or slice as JSON, or all of it as CSV."""

versions = Versions(tags=["gold"])


def mart_rows(mart: Mart, request: HttpRequest, query: MartQuery | MartSliceQuery) -> MartRows:
    require(request, view_permission(mart.model))
    shown = [column.name for column in mart.columns]
    listing = read_listing(request.GET, filters(mart), shown=shown, own=type(query).model_fields)
    personal = may_see_personal_data(cast("Any", request.user))
    return resolve(ReadMart)(mart, query.model_dump(), listing, top=query.top, is_personal_shown=personal)


def wants_csv(request: HttpRequest, query: FormatQuery) -> bool:
    if query.format is not None:
        return query.format == "csv"
    return request.get_preferred_type(["application/json", CSV]) == CSV


def csv_response(mart: Mart, rows: MartRows) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        csv_lines(rows.columns, rows.stream()), content_type=f"{CSV}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{mart.slug}.csv"'
    return response


def paged_view(mart: Mart) -> Callable[..., Any]:
    """The view of `mart` in version 1, with its own query schema in the signature, from which the route reads it."""

    def mart_view(request: HttpRequest, response: HttpResponse, query: Any) -> Answer:
        rows = mart_rows(mart, request, query)
        return csv_response(mart, rows) if wants_csv(request, query) else rows.page(query.window)

    return with_query(mart_view, query_schema(mart))


def sliced_view(mart: Mart) -> Callable[..., Any]:
    """The view of `mart` in version 2."""

    def mart_view(request: HttpRequest, response: HttpResponse, query: Any) -> Answer:
        rows = mart_rows(mart, request, query)
        return (
            csv_response(mart, rows)
            if wants_csv(request, query)
            else answer(request, response, query, rows.cut)
        )

    return with_query(mart_view, slice_query_schema(mart))


def documentation(mart: Mart, query: type[Schema]) -> dict[str, Any]:
    """What OpenAPI cannot know from the signature: the filters, and that there is CSV as well."""
    return {
        "responses": CSV_ANSWER,
        "parameters": openapi_parameters(filters(mart), own=query.model_fields),
    }


def _add_routes(mart: Mart, row: Any) -> None:
    kinds: tuple[tuple[Router, Any, Callable[..., Any], type[Schema]], ...] = (
        (versions.v1, Page[row], paged_view(mart), query_schema(mart)),
        (versions.v2, Slice[row], sliced_view(mart), slice_query_schema(mart)),
    )
    for router, answered, view, query in kinds:
        router.get(
            mart.path,
            response=answered,
            operation_id=f"gold_{mart.group}_{mart.slug}",
            summary=mart.title,
            description=mart.summary,
            exclude_unset=True,
            openapi_extra=documentation(mart, query),
        )(view)


for _mart in MARTS:
    _add_routes(_mart, row_schema(_mart))
