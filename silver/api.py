"""Routes of the star schema, read-only: one per dimension and fact."""

import inspect
from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from ninja import Query, Router

from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import PageOf, PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.services import resolve
from silver.schemas import page_schema, query_schema
from silver.services import ReadStar
from silver.star import STAR, StarTable

router = Router(tags=["silver"])


def view(table: StarTable) -> Callable[..., Any]:
    """The view of `table`, with its own query schema in the signature, from which the route reads it."""
    schema = query_schema(table)

    def star_view(request: HttpRequest, query: Any) -> PageOf:
        reject_unknown(request, schema.model_fields)
        require(request, view_permission(table.model))
        filters = query.model_dump(include=set(table.filters), exclude_none=True)
        shown = may_see_personal_data(cast("Any", request.user))
        return resolve(ReadStar)(table, filters, query.window, is_personal_shown=shown)

    star_view.__signature__ = _signature(schema)  # type: ignore[attr-defined]  # read by inspect.signature
    return star_view


def _signature(schema: type[PageQuery]) -> inspect.Signature:
    """`(request: HttpRequest, query: schema = Query(...))`"""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    query = cast("Any", Query)(...)
    return inspect.Signature(
        [
            inspect.Parameter("request", kind, annotation=HttpRequest),
            inspect.Parameter("query", kind, default=query, annotation=schema),
        ]
    )


for _table in STAR:
    router.get(
        f"/{_table.slug}",
        response=page_schema(_table),
        operation_id=f"silver_{_table.slug.replace('-', '_')}",
        summary=str(_table.model._meta.verbose_name_plural).capitalize(),
        description=_table.model.__doc__,
    )(view(_table))
