"""Routes of the star schema, read-only: one per dimension and fact."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from lakehouse_project.kernel.filters import openapi_parameters, read_listing
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import PageOf
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular.answers import ListQuery, documented, streamed, wanted_format
from silver.exports import star_table
from silver.schemas import columns, filters, page_schema
from silver.services import ReadStar
from silver.star import STAR, StarTable

router = Router(tags=["silver"])

OWN = frozenset(ListQuery.model_fields)


def view(table: StarTable) -> Callable[..., Any]:
    def star_view(request: HttpRequest, query: Query[ListQuery]) -> PageOf | StreamingHttpResponse:
        require(request, view_permission(table.model))
        user = cast("Any", request.user)
        if (to := wanted_format(request, query.format)) is not None:
            return streamed(lambda: star_table(table, request.GET, user, own=OWN), to)
        listing = read_listing(request.GET, filters(table), shown=columns(table), own=OWN)
        shown = may_see_personal_data(user)
        return resolve(ReadStar)(table, listing, query.window, is_personal_shown=shown)

    return star_view


for _table in STAR:
    router.get(
        f"/{_table.slug}",
        response=page_schema(_table),
        operation_id=f"silver_{_table.slug.replace('-', '_')}",
        summary=str(_table.model._meta.verbose_name_plural).capitalize(),
        description=_table.model.__doc__,
        exclude_unset=True,
        openapi_extra={"parameters": openapi_parameters(filters(_table)), "responses": documented()},
    )(view(_table))
