"""Search documents in the admin, to be looked at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from lakehouse_project.kernel.masking import may_see_personal_data
from search.models import SearchDocument


@admin.register(SearchDocument)
class SearchDocumentAdmin(ModelAdmin):  # unfold has no types
    """Read-only: the rows follow from silver and bronze."""

    list_display: ClassVar = ["entity", "entity_id", "passage", "page", "title", "updated_at"]
    list_filter: ClassVar = ["entity"]
    search_fields: ClassVar = ["entity_id", "title"]
    show_full_result_count = False
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        personal = ["personal_title", "personal_body"] if may_see_personal_data(request.user) else []
        shown = ["entity", "entity_id", "passage", "page", "title", "body", *personal]
        return [*shown, "facets", "numbers", "dates", "url", "version", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
