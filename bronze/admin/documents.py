"""Documents and the text of their pages."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action, display
from unfold.forms import PaginationInlineFormSet

from bronze.admin.document_steps import STEPS, may_do, step_page
from bronze.admin.links import links
from bronze.admin.masked import masked
from bronze.models import Document, DocumentPage
from bronze.services import ExtractAgain
from lakehouse_project.kernel.admin import ReadOnlyAdmin, ReadOnlyInline
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import mask, may_see_personal_data
from lakehouse_project.kernel.services import resolve

PAGES_SHOWN = 10
"""At a time; a document may have thousands."""

PAGE_DIGITS = 9
"""No page number has more."""

TEXT_SHOWN = 20_000
"""Characters of a page; a text file without form feeds is one page."""

DOCUMENT_COLOURS = {
    "ok": "success",
    "pending": "info",
    "partial": "warning",
    "no_text": "warning",
    **dict.fromkeys(("corrupt", "encrypted", "limit", "timeout"), "danger"),
}


def _detail_action(name: str) -> Any:
    """The button of a step, for those who may do it."""

    def pressed(self: "DocumentAdmin", request: HttpRequest, object_id: str) -> HttpResponse:
        return step_page(self, request, name, object_id)

    pressed.__name__ = name  # before it is decorated: unfold compares it with the names of the actions
    return action(description=STEPS[name].title, url_path=name.replace("_", "-"), permissions=[name])(pressed)


def _may(name: str) -> Any:
    def may(_self: "DocumentAdmin", request: HttpRequest, object_id: str) -> bool:
        return may_do(name, request, object_id)

    return may


class PagedFormSet(PaginationInlineFormSet):
    """That of unfold takes digits of all scripts and powers for numbers."""

    def get_page_num(self) -> int:
        page = self.request.GET.get(self.get_pagination_key(), "")
        is_number = page.isdecimal() and len(page) <= PAGE_DIGITS
        return max(1, int(page)) if is_number else 1


class PageInline(ReadOnlyInline):
    model = DocumentPage
    fields = ("number", "shown_text", "is_ocr", "error")
    readonly_fields = fields
    formset = PagedFormSet
    per_page = PAGES_SHOWN

    @display(description="Text")
    def shown_text(self, page: DocumentPage) -> str:
        rest = len(page.text) - TEXT_SHOWN
        return page.text if rest <= 0 else f"{page.text[:TEXT_SHOWN]} […] and {rest:,} characters more"


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """A document that belongs to a user is personal data as a whole."""

    list_display = ("shown_title", "shown_status", "page_count", "user_id", "message", "created_at")
    list_filter = ("status", "is_deleted")
    fields = (
        "shown_title",
        "author",
        "shown_status",
        "message",
        "page_count",
        "user_id",
        "linked_by",
        "linked_at",
        "origin",
        "bytes",
        "is_deleted",
    )
    readonly_fields = ("shown_title", "shown_status", "origin", "bytes")
    list_select_related = ("source_file",)
    actions = ("extract_selected",)
    actions_detail = ("link_user", "extract_again", "delete_document", "restore_document")

    link_user = _detail_action("link_user")
    extract_again = _detail_action("extract_again")
    delete_document = _detail_action("delete_document")
    restore_document = _detail_action("restore_document")
    has_link_user_permission = _may("link_user")
    has_extract_again_permission = _may("extract_again")
    has_delete_document_permission = _may("delete_document")
    has_restore_document_permission = _may("restore_document")

    def has_extract_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("bronze.change_document")

    @admin.action(description="Read the text again", permissions=["extract"])
    def extract_selected(self, request: HttpRequest, chosen: QuerySet[Document]) -> None:
        failed = []
        for sha256 in chosen.values_list("sha256", flat=True):
            try:
                resolve(ExtractAgain)(sha256)
            except LakehouseError as error:
                failed.append(error.message)
        read = chosen.count() - len(failed)
        if read:
            self.message_user(request, f"The text of {read:,} documents is being read.", messages.SUCCESS)
        if failed:
            sentences = " ".join(dict.fromkeys(failed))
            self.message_user(request, f"{len(failed):,} cannot be read: {sentences}", messages.ERROR)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        title = F("title") if may_see_personal_data(request.user) else masked("title", Q(user_id=""))
        return super().get_queryset(request).annotate(visible_title=title)  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        document = super().get_object(request, object_id, from_field)
        if document is not None:
            document.title = document.visible_title  # also the heading of the page
            document.source_file.name = present_name(document, request)
        return document

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("visible_title", "user_id__exact")

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("author", "bytes") if _is_hidden(request, obj) else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name not in self.get_exclude(request, obj))

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[type[PageInline], ...]:
        return () if _is_hidden(request, obj) else (PageInline,)

    @display(description="Title", ordering="visible_title")
    def shown_title(self, document: Any) -> str:
        return str(document.visible_title) or document.source_file.name

    @display(description="Status", label=DOCUMENT_COLOURS, ordering="status")
    def shown_status(self, document: Document) -> str:
        return document.status

    @display(description="Original")
    def bytes(self, document: Document) -> SafeString:
        address = f"/api/v1/bronze/documents/{document.pk}/original"
        views = {"download": address}
        if document.source_file.media_type == "application/pdf":
            views["open"] = f"{address}?inline=true"
        return links(views)

    @display(description="File")
    def origin(self, document: Document) -> SafeString:
        address = reverse("admin:bronze_sourcefile_change", args=[document.source_file_id])
        return links({document.source_file.name: address})


def present_name(document: Document, request: HttpRequest) -> str:
    """The name of the file, as far as somebody may see it."""
    name = document.source_file.name
    return str(mask(name)) if _is_hidden(request, document) else name


def _is_hidden(request: HttpRequest, document: Document | None) -> bool:
    return document is not None and bool(document.user_id) and not may_see_personal_data(request.user)
