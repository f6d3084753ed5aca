"""Routes of the star schema, read-only: one per dimension and fact."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest
from ninja import Router

from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.routes import with_query
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

    return with_query(star_view, schema)


for _table in STAR:
    router.get(
        f"/{_table.slug}",
        response=page_schema(_table),
        operation_id=f"silver_{_table.slug.replace('-', '_')}",
        summary=str(_table.model._meta.verbose_name_plural).capitalize(),
        description=_table.model.__doc__,
    )(view(_table))
