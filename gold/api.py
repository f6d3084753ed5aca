"""Routes of the marts: one per entry of the registry."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from gold.exports import csv_lines
from gold.registry import MARTS, Mart
from gold.repositories import MartRows
from gold.schemas import MartQuery, filters, page_schema, query_schema
from gold.services import ReadMart
from lakehouse_project.kernel.filters import openapi_parameters, read_listing
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.routes import with_query
from lakehouse_project.kernel.services import resolve

CSV = "text/csv"
CSV_ANSWER = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}

router = Router(tags=["gold"])


def answer(mart: Mart, request: HttpRequest, query: MartQuery) -> PageOf | StreamingHttpResponse:
    """One page of the mart as JSON, or all of it as CSV."""
    shown = [column.name for column in mart.columns]
    listing = read_listing(request.GET, filters(mart), shown=shown, own=type(query).model_fields)
    is_personal_shown = may_see_personal_data(cast("Any", request.user))
    rows = resolve(ReadMart)(
        mart, query.model_dump(), listing, top=query.top, is_personal_shown=is_personal_shown
    )
    return csv_response(mart, rows) if wants_csv(request, query) else rows.page(query.window)


def wants_csv(request: HttpRequest, query: MartQuery) -> bool:
    if query.format is not None:
        return query.format == "csv"
    return request.get_preferred_type(["application/json", CSV]) == CSV


def csv_response(mart: Mart, rows: MartRows) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        csv_lines(rows.columns, rows.stream()), content_type=f"{CSV}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{mart.slug}.csv"'
    return response


def view(mart: Mart) -> Callable[..., Any]:
    """The view of `mart`, with its own query schema in the signature, from which the route reads it."""
    schema = query_schema(mart)

    def mart_view(request: HttpRequest, query: Any) -> PageOf | StreamingHttpResponse:
        require(request, view_permission(mart.model))
        return answer(mart, request, query)

    return with_query(mart_view, schema)


def documentation(mart: Mart) -> dict[str, Any]:
    """What OpenAPI cannot know from the signature: the filters, and that there is CSV as well."""
    own = query_schema(mart).model_fields
    return {"responses": CSV_ANSWER, "parameters": openapi_parameters(filters(mart), own=own)}


for _mart in MARTS:
    router.get(
        _mart.path,
        response=page_schema(_mart),
        operation_id=f"gold_{_mart.group}_{_mart.slug}",
        summary=_mart.title,
        description=_mart.summary,
        exclude_unset=True,
        openapi_extra=documentation(_mart),
    )(view(_mart))
