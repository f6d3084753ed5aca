"""Documents and the text of their pages."""

from typing import Any

from django.contrib import admin
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Left
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from bronze.admin.links import links
from bronze.models import Document, DocumentPage
from lakehouse_project.kernel.admin import ReadOnlyAdmin, ReadOnlyInline
from lakehouse_project.kernel.masking import MASK, may_see_personal_data

DOCUMENT_COLOURS = {"ok": "success", "pending": "info", "partial": "warning"}


class PageInline(ReadOnlyInline):
    model = DocumentPage
    fields = ("number", "text", "error")
    readonly_fields = fields


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """A document that belongs to a user is personal data as a whole."""

    list_display = ("shown_title", "shown_status", "page_count", "user_id", "message", "created_at")
    list_filter = ("status",)
    fields = ("shown_title", "author", "shown_status", "message", "page_count", "user_id", "origin")
    readonly_fields = ("shown_title", "shown_status", "origin")
    list_select_related = ("source_file",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        clear = F("title")
        if not may_see_personal_data(request.user):
            mask = Concat(Left("title", 1), Value(MASK), output_field=TextField())
            masked = Case(When(user_id="", then=clear), default=mask, output_field=TextField())
            return super().get_queryset(request).annotate(visible_title=masked)  # type: ignore[no-any-return]
        return super().get_queryset(request).annotate(visible_title=clear)  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, *args: Any) -> Any:
        document = super().get_object(request, *args)
        if document is not None:
            document.title = document.visible_title  # also the heading of the page
        return document

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("visible_title", "user_id__exact")

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("author",) if _is_hidden(request, obj) else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name not in self.get_exclude(request, obj))

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[type[PageInline], ...]:
        return () if _is_hidden(request, obj) else (PageInline,)

    @display(description="Title", ordering="title")
    def shown_title(self, document: Any) -> str:
        return str(document.visible_title) or document.source_file.name

    @display(description="Status", label=DOCUMENT_COLOURS, ordering="status")
    def shown_status(self, document: Document) -> str:
        return document.status

    @display(description="File")
    def origin(self, document: Document) -> SafeString:
        address = reverse("admin:bronze_sourcefile_change", args=[document.source_file_id])
        return links({document.source_file.name: address})


def _is_hidden(request: HttpRequest, document: Document | None) -> bool:
    return document is not None and bool(document.user_id) and not may_see_personal_data(request.user)
