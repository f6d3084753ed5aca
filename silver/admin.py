"""The star schema to look at, fast on millions of rows: no counting of whole tables, no search inside of values."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from lakehouse_project.kernel.admin import LargeTableAdmin
from lakehouse_project.kernel.masking import may_see_personal_data
from silver.star import STAR, StarTable


class StarAdmin(LargeTableAdmin):
    """One table of the star schema; subclasses name it."""

    table: StarTable

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
