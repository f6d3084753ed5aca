"""Routes of the marts: one per entry of the registry."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from gold.registry import MARTS, Mart
from gold.repositories import MartRows
from gold.schemas import MartQuery, filters, page_schema, query_schema
from gold.tables import mart_table, rows_of
from lakehouse_project.kernel.filters import openapi_parameters
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.routes import with_query
from lakehouse_project.kernel.tabular.answers import documented, streamed, wanted_format

router = Router(tags=["gold"])


def answer(mart: Mart, request: HttpRequest, query: MartQuery) -> PageOf | StreamingHttpResponse:
    """One page of the mart as JSON, or all of it as a file."""

    def rows() -> MartRows:
        return rows_of(mart, request.GET, cast("Any", request.user))

    to = wanted_format(request, query.format)
    return rows().page(query.window) if to is None else streamed(lambda: mart_table(mart, rows()), to)


def view(mart: Mart) -> Callable[..., Any]:
    """The view of `mart`, with its own query schema in the signature, from which the route reads it."""
    schema = query_schema(mart)

    def mart_view(request: HttpRequest, query: Any) -> PageOf | StreamingHttpResponse:
        require(request, view_permission(mart.model))
        return answer(mart, request, query)

    return with_query(mart_view, schema)


def documentation(mart: Mart) -> dict[str, Any]:
    """What OpenAPI cannot know from the signature: the filters, and that there are files as well."""
    own = query_schema(mart).model_fields
    return {"responses": documented(), "parameters": openapi_parameters(filters(mart), own=own)}


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
