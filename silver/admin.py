"""The star schema to look at, fast on millions of rows: no counting of whole tables, no search inside of values."""

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.http import HttpRequest

from lakehouse_project.kernel.admin import ReadOnlyAdmin
from lakehouse_project.kernel.masking import may_see_personal_data
from silver.star import STAR, StarTable


class EstimatedPaginator(Paginator):  # type: ignore[type-arg]
    """Takes the planner's estimate for the number of rows of a large table that is not filtered."""

    exact_below = 100_000

    @cached_property
    def count(self) -> int:  # pylint: disable=invalid-overridden-method  # Django's is a property, too
        queryset: Any = self.object_list
        if not queryset.query.where:
            estimate = _estimated_rows(queryset.model._meta.db_table)
            if estimate > self.exact_below:
                return estimate
        return int(queryset.count())


def _estimated_rows(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table])
        return int(cursor.fetchone()[0])


class StarAdmin(ReadOnlyAdmin):
    """One table of the star schema; subclasses name it."""

    table: StarTable
    paginator = EstimatedPaginator

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return self.table.listed

    def get_list_filter(self, request: HttpRequest) -> tuple[str, ...]:
        return self.table.narrowed

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.table.searched

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if may_see_personal_data(request.user) else tuple(self.table.personal)


for _table in STAR:
    _references = tuple(name for name in _table.listed if _table.model._meta.get_field(name).is_relation)
    _admin = type(
        f"{_table.model.__name__}Admin",
        (StarAdmin,),
        {"table": _table, "list_select_related": _references, "ordering": ("pk",)},
    )
    admin.site.register(_table.model, _admin)
