"""Marts and views to look at."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from gold.models import AnyModel, UserProfile
from gold.registry import MARTS
from lakehouse_project.kernel.admin import ReadOnlyAdmin

FILTERS = ("year", "country", "status", "event_type", "is_above_mean")
SEARCHED = ("user_id", "department", "job", "city", "bank", "employer", "postal_code", "status", "event_type")


@display(description="Mean", ordering="mean")
def shown_mean(row: Any) -> str:
    return f"{row.mean:,.2f}"


class MartAdmin(ReadOnlyAdmin):
    """All columns of a mart or view."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        names = [
            field.name for field in self.opts.concrete_fields if not isinstance(field, models.BigAutoField)
        ]
        return [shown_mean if name == "mean" else name for name in names]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [name for name in FILTERS if name in self._names()]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [name for name in SEARCHED if name in self._names()]

    def _names(self) -> set[str]:
        return {field.name for field in self.opts.concrete_fields}


SHOWN: tuple[AnyModel, ...] = (*(mart.model for mart in MARTS), UserProfile)

admin.site.register(SHOWN, MartAdmin)
