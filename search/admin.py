"""Search documents in the admin, to be looked at."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from lakehouse_project.kernel.admin import ReadOnlyAdmin, pretty_json, shortened
from lakehouse_project.kernel.masking import may_see_personal_data
from search.models import SearchDocument


@admin.register(SearchDocument)
class SearchDocumentAdmin(ReadOnlyAdmin):
    """The rows follow from silver and bronze. Title and text are those for every reader."""

    list_display: ClassVar = ["title", "entity", "shown_key", "passage", "page", "updated_at"]
    list_filter: ClassVar = ["entity"]
    search_fields: ClassVar = ["entity_id__exact", "title"]
    search_help_text = "Part of the title, or the whole key"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        personal = ["personal_title", "personal_body"] if may_see_personal_data(request.user) else []
        shown = ["entity", "entity_id", "passage", "page", "title", "body", *personal]
        return [*shown, "shown_facets", "shown_numbers", "shown_dates", "url", "version", "updated_at"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    @display(description="Key", ordering="entity_id")
    def shown_key(self, document: SearchDocument) -> str:
        return shortened(document.entity_id)

    @display(description="Facets")
    def shown_facets(self, document: SearchDocument) -> SafeString:
        return pretty_json(document.facets)

    @display(description="Numbers")
    def shown_numbers(self, document: SearchDocument) -> SafeString:
        return pretty_json(document.numbers)

    @display(description="Dates")
    def shown_dates(self, document: SearchDocument) -> SafeString:
        return pretty_json(document.dates)
