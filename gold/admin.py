"""Marts and views to look at."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from gold.models import AnyModel, UserProfile
from gold.registry import MARTS
from lakehouse_project.kernel.admin import LargeTableAdmin
from lakehouse_project.kernel.masking import may_see_personal_data

FILTERS = ("year", "country", "status", "event_type", "is_above_mean")
SEARCHED = ("user_id", "department", "job", "city", "bank", "employer", "postal_code", "status", "event_type")

PERSONAL = ("salary",)
"""Of a single user."""


@display(description="Mean", ordering="mean")
def shown_mean(row: Any) -> str:
    return f"{row.mean:,.2f}"


class MartAdmin(LargeTableAdmin):
    """All columns of a mart or view."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        hidden = self.get_exclude(request)
        names = [
            field.name
            for field in self.opts.concrete_fields
            if not isinstance(field, models.BigAutoField) and field.name not in hidden
        ]
        return [shown_mean if name == "mean" else name for name in names]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What a single user earns is for those who may see personal data."""
        is_hidden = "user_id" in self._names() and not may_see_personal_data(request.user)
        return PERSONAL if is_hidden else ()

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [name for name in FILTERS if name in self._names()]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """A user by the whole identifier, which has an index; of users there may be millions."""
        names = [name for name in SEARCHED if name in self._names()]
        return ["user_id__exact"] if "user_id" in names else names

    def _names(self) -> set[str]:
        return {field.name for field in self.opts.concrete_fields}


SHOWN: tuple[AnyModel, ...] = (*(mart.model for mart in MARTS), UserProfile)

admin.site.register(SHOWN, MartAdmin)
