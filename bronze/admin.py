"""The curation desk: files with their receipts, raw records with their errors, documents."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from bronze.domain import Record
from bronze.models import Dataset, Document, DocumentPage, RawRecord, SourceFile
from bronze.presentation import visible_fields
from bronze.services import EditRecord
from lakehouse_project.kernel.admin import ReadOnlyAdmin, pretty_json
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve

STATUS_COLOURS = {"valid": "success", "quarantined": "danger", "deleted": "warning"}
STATE_COLOURS = {"loaded": "success", "failed": "danger", "received": "info"}
RECEIPT = (
    "rows_read",
    "rows_inserted",
    "rows_updated",
    "rows_unchanged",
    "rows_duplicate",
    "rows_quarantined",
)


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("title", "name", "key_fields", "description")


@admin.register(SourceFile)
class SourceFileAdmin(ReadOnlyAdmin):
    list_display = ("name", "dataset", "shown_state", *RECEIPT, "received_via", "received_at")
    list_filter = ("state", "dataset", "received_via")
    search_fields = ("name", "sha256")
    list_select_related = ("dataset",)
    fieldsets = (
        (None, {"fields": ("name", "dataset", "state", "error", "found", "rows")}),
        ("Receipt", {"fields": RECEIPT}),
        (
            "Origin",
            {
                "fields": (
                    "received_via",
                    "received_by",
                    "received_at",
                    "loaded_at",
                    "size",
                    "media_type",
                    "sha256",
                )
            },
        ),
    )
    readonly_fields = ("found", "rows")

    @display(description="State", label=STATE_COLOURS, ordering="state")
    def shown_state(self, file: SourceFile) -> str:
        return file.state

    @display(description="Detected")
    def found(self, file: SourceFile) -> SafeString:
        return format_html_join("", "{}<br>", ((line,) for line in file.detected))

    @display(description="Records")
    def rows(self, file: SourceFile) -> SafeString:
        address = f"/admin/bronze/rawrecord/?source_file__id__exact={file.pk}"
        return format_html(
            '<a href="{0}">all</a> · <a href="{0}&status__exact=quarantined">in quarantine</a>', address
        )


@admin.register(RawRecord)
class RawRecordAdmin(ModelAdmin):
    """A record as received, and the edits on top of it. Saving checks it again and sends it on."""

    list_display = ("key", "dataset", "shown_status", "reasons", "origin", "revision", "updated_at")
    list_filter = ("status", "dataset")
    search_fields = ("key__exact",)
    search_help_text = "The whole key of a record"
    list_select_related = ("dataset", "source_file")
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-id",)
    readonly_fields = (
        "dataset",
        "key",
        "shown_status",
        "reasons",
        "received",
        "now",
        "raw_text",
        "origin",
        "revision",
    )
    fields = (*readonly_fields[:5], "patch", *readonly_fields[5:])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RawRecord]:
        self.caller = request.user
        return super().get_queryset(request)  # type: ignore[no-any-return]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        hidden = () if may_see_personal_data(request.user) else ("received", "patch", "raw_text")
        return tuple(name for name in self.fields if name not in hidden)

    def save_model(self, request: HttpRequest, obj: RawRecord, form: Any, change: bool) -> None:
        resolve(EditRecord)(obj.pk, obj.patch)

    @display(description="Status", label=STATUS_COLOURS, ordering="status")
    def shown_status(self, record: RawRecord) -> str:
        return record.status

    @display(description="Errors")
    def reasons(self, record: RawRecord) -> SafeString:
        return format_html_join("", "{}<br>", ((error["message"],) for error in record.errors))

    @display(description="As received")
    def received(self, record: RawRecord) -> SafeString:
        return pretty_json(record.payload)

    @display(description="With edits")
    def now(self, record: RawRecord) -> SafeString:
        entity = Record(
            id=record.pk,
            dataset=record.dataset_id,
            key=record.key,
            fields=record.effective,
            status=record.status,
            errors=record.errors,
            revision=record.revision,
            source_file_id=record.source_file_id,
            line=record.line,
        )
        return pretty_json(visible_fields(entity, self.caller))

    @display(description="From")
    def origin(self, record: RawRecord) -> str:
        return f"{record.source_file.name}, line {record.line}" if record.source_file else "API"


class PageInline(TabularInline):
    model = DocumentPage
    fields = ("number", "text", "error")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        return False


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ("title", "status", "page_count", "user_id", "author", "message", "created_at")
    list_filter = ("status",)
    search_fields = ("title", "user_id")
    inlines = (PageInline,)
