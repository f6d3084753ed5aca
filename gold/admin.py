"""Marts and views to look at."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from gold.models import AnyModel, DepartmentHeadcount, MonthlyRevenue, UserProfile
from gold.registry import MARTS

FILTERS = ("year", "country", "status", "event_type", "is_above_mean")
SEARCHED = ("user_id", "department", "job", "city", "bank", "employer", "postal_code", "status", "event_type")


class ReadOnlyAdmin(ModelAdmin):  # unfold has no types
    """Rows are computed; nobody edits them."""

    show_full_result_count = False
    list_per_page = 50

    def get_list_display(self, request: HttpRequest) -> list[str]:
        return [
            field.name for field in self.opts.concrete_fields if not isinstance(field, models.BigAutoField)
        ]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [name for name in FILTERS if name in self._names()]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [name for name in SEARCHED if name in self._names()]

    def _names(self) -> set[str]:
        return {field.name for field in self.opts.concrete_fields}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


SHOWN: tuple[AnyModel, ...] = (
    *(mart.model for mart in MARTS),
    UserProfile,
    MonthlyRevenue,
    DepartmentHeadcount,
)

admin.site.register(SHOWN, ReadOnlyAdmin)
