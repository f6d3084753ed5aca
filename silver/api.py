"""Routes of the star schema, read-only: one per dimension and fact."""

from collections.abc import Callable
from typing import Any, cast

from django.http import HttpRequest

from lakehouse_project.kernel.filters import openapi_parameters, read_listing
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.permissions import require, view_permission
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.versions import Versions
from silver.exports import star_table
from silver.schemas import columns, filters, item_schema
from silver.services import ReadStar
from silver.star import STAR, StarTable

versions = Versions(tags=["silver"])


def view(table: StarTable) -> Callable[..., Any]:
    def star_view(request: HttpRequest, query: Any) -> Listed:
        require(request, view_permission(table.model))
        own = type(query).model_fields
        listing = read_listing(request.GET, filters(table), shown=columns(table), own=own)
        shown = may_see_personal_data(cast("Any", request.user))
        return resolve(ReadStar)(table, listing, is_personal_shown=shown)

    return star_view


def export(table: StarTable) -> Callable[..., Table]:
    def star_export(request: HttpRequest, query: Any) -> Table:
        require(request, view_permission(table.model))
        own = frozenset(type(query).model_fields)
        return star_table(table, request.GET, cast("Any", request.user), own=own)

    return star_export


for _table in STAR:
    versions.list(
        f"/{_table.slug}",
        item=item_schema(_table),
        refuses_unknown=False,
        exported=export(_table),
        operation_id=f"silver_{_table.slug.replace('-', '_')}",
        summary=str(_table.model._meta.verbose_name_plural).capitalize(),
        description=_table.model.__doc__,
        exclude_unset=True,
        openapi_extra={"parameters": openapi_parameters(filters(_table))},
    )(view(_table))
