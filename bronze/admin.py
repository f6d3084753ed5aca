"""The curation desk: files with their receipts, raw records with their errors, documents."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Left
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from bronze.admin_history import history_table, may_undo, undo_page
from bronze.contracts import CONTRACTS
from bronze.domain import Record
from bronze.forms import EditForm
from bronze.models import Dataset, Document, DocumentPage, RawRecord, SourceFile
from bronze.presentation import visible_fields
from bronze.services import EditRecord
from lakehouse_project.kernel.admin import LayerAdmin, ReadOnlyAdmin, ReadOnlyInline, pretty_json, shortened
from lakehouse_project.kernel.masking import MASK, may_see_personal_data
from lakehouse_project.kernel.services import resolve

STATUS_COLOURS = {"valid": "success", "quarantined": "danger", "deleted": "warning"}
STATE_COLOURS = {"loaded": "success", "failed": "danger", "received": "info", "undone": "warning"}
DOCUMENT_COLOURS = {"ok": "success", "pending": "info", "partial": "warning"}
COUNTS = ("inserted", "updated", "unchanged", "duplicate", "quarantined")


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("title", "name", "keys", "description", "links")
    fields = ("title", "name", "keys", "description", "links")
    readonly_fields = ("keys", "links")

    @display(description="Key")
    def keys(self, dataset: Dataset) -> str:
        return " + ".join(dataset.key_fields)

    @display(description="Rows")
    def links(self, dataset: Dataset) -> SafeString:
        files = f"{reverse('admin:bronze_sourcefile_changelist')}?dataset__name__exact={dataset.pk}"
        if dataset.pk not in CONTRACTS:
            return _links({"files": files, "documents": reverse("admin:bronze_document_changelist")})
        records = f"{reverse('admin:bronze_rawrecord_changelist')}?dataset__name__exact={dataset.pk}"
        return _links(
            {"records": records, "in quarantine": f"{records}&status__exact=quarantined", "files": files}
        )


def _count(name: str) -> Callable[[SourceFile], str]:
    """A column of the receipt."""

    @display(description=name.capitalize(), ordering=f"rows_{name}")
    def shown(file: SourceFile) -> str:
        return str(intcomma(getattr(file, f"rows_{name}")))

    return shown  # type: ignore[no-any-return]


@admin.register(SourceFile)
class SourceFileAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "dataset",
        "shown_state",
        *(_count(name) for name in ("read", *COUNTS)),
        "received_at",
    )
    list_filter = ("state", "dataset", "received_via")
    search_fields = ("name", "sha256__exact")
    search_help_text = "Part of the name, or the whole SHA-256"
    list_select_related = ("dataset",)
    fieldsets = (
        (None, {"fields": ("name", "dataset", "shown_state", "error", "receipt", "rows", "found")}),
        (
            "Origin",
            {"fields": ("received_via", "received_by", "received_at", "loaded_at", "bytes", "media_type")},
        ),
        ("Content", {"fields": ("hash",)}),
    )
    readonly_fields = ("shown_state", "receipt", "found", "rows", "bytes", "hash")
    actions_detail = ("undo_import",)

    def has_undo_permission(self, request: HttpRequest, object_id: str) -> bool:
        return may_undo(request, object_id)

    @action(description="Undo this import", url_path="undo", permissions=["undo"])
    def undo_import(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return undo_page(self, request, int(object_id))

    @display(description="State", label=STATE_COLOURS, ordering="state")
    def shown_state(self, file: SourceFile) -> str:
        return file.state

    @display(description="Receipt")
    def receipt(self, file: SourceFile) -> str:
        """The sum that the database holds it to."""
        parts = [f"{intcomma(getattr(file, f'rows_{name}'))} {name}" for name in COUNTS]
        return f"{intcomma(file.rows_read)} read = {' + '.join(parts)}"

    @display(description="Detected")
    def found(self, file: SourceFile) -> SafeString:
        return format_html_join("", "{}<br>", ((line,) for line in file.detected))

    @display(description="Records")
    def rows(self, file: SourceFile) -> SafeString:
        if file.dataset_id not in CONTRACTS:
            documents = reverse("admin:bronze_document_changelist")
            return _links({"document": f"{documents}?source_file__id__exact={file.pk}"})
        records = f"{reverse('admin:bronze_rawrecord_changelist')}?source_file__id__exact={file.pk}"
        return _links({"all": records, "in quarantine": f"{records}&status__exact=quarantined"})

    @display(description="Size")
    def bytes(self, file: SourceFile) -> str:
        return f"{intcomma(file.size)} bytes"

    @display(description="SHA-256")
    def hash(self, file: SourceFile) -> SafeString:
        return format_html('<span style="overflow-wrap:anywhere">{}</span>', file.sha256)


def _links(addresses: Mapping[str, str]) -> SafeString:
    pairs = ((address, label) for label, address in addresses.items())
    return format_html_join(
        " · ", '<a href="{}" class="text-primary-600 dark:text-primary-500">{}</a>', pairs
    )


@admin.register(RawRecord)
class RawRecordAdmin(LayerAdmin):
    """A record as received, and the edits on top of it. Saving checks it again and sends it on."""

    form = EditForm
    list_display = ("shown_key", "dataset", "shown_status", "reasons", "origin", "updated_at")
    list_filter = ("status", "dataset")
    search_fields = ("key__exact",)
    search_help_text = "The whole key of a record"
    list_select_related = ("dataset", "source_file")
    ordering = ("-id",)
    readonly_fields = (
        "dataset",
        "key",
        "shown_status",
        "reasons",
        "origin",
        "received",
        "now",
        "raw_text",
        "revision",
        "revisions",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who edits sees what was received; a deleted record stays deleted."""
        is_editable = obj is None or (obj.dataset_id in CONTRACTS and obj.status != RawRecord.Status.DELETED)
        allowed = super().has_change_permission(request, obj)
        return bool(allowed and is_editable and may_see_personal_data(request.user))

    def get_object(self, request: HttpRequest, *args: Any) -> Any:
        """The record knows who looks at it: this admin serves many callers at the same time."""
        record = super().get_object(request, *args)
        if record is not None:
            record.viewer = request.user
        return record

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        record = ("dataset", "key", "shown_status", "reasons", "origin", "revision")
        if not may_see_personal_data(request.user):
            return [(None, {"fields": record}), ("Content", {"fields": ("now",)})]
        text = ("raw_text",) if obj is not None and obj.raw_text else ()
        edits = ("patch",) if self.has_change_permission(request, obj) else ()
        return [
            (None, {"fields": record}),
            ("Content", {"fields": (*text, "received", *edits, "now")}),
            ("History", {"fields": ("revisions",)}),
        ]

    def save_model(self, request: HttpRequest, obj: RawRecord, form: Any, change: bool) -> None:
        obj.outcome = resolve(EditRecord)(obj.pk, obj.patch)  # type: ignore[attr-defined]

    def response_change(self, request: HttpRequest, obj: RawRecord) -> HttpResponse:
        """Say what came of the edit, in the place of the admin's own words, which know nothing of it."""
        level, text = _outcome(obj.status, obj.outcome)  # type: ignore[attr-defined]
        self.message_user(request, text, level)
        if "_continue" in request.POST:
            return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse = self.response_post_save_change(request, obj)
        return response

    @display(description="Key", ordering="key")
    def shown_key(self, record: RawRecord) -> str:
        return shortened(record.key)

    @display(description="Status", label=STATUS_COLOURS, ordering="status")
    def shown_status(self, record: RawRecord) -> str:
        return record.status

    @display(description="Errors")
    def reasons(self, record: RawRecord) -> SafeString | str:
        lines = format_html_join("", "<div>{}</div>", ((error["message"],) for error in record.errors))
        return format_html('<div style="min-width:16rem">{}</div>', lines) if lines else "-"

    @display(description="As received")
    def received(self, record: RawRecord) -> SafeString:
        shown = visible_fields(_entity(record, record.payload), record.viewer)  # type: ignore[attr-defined]
        return pretty_json({name: shown[name] for name in shown if name in record.payload})

    @display(description="With edits")
    def now(self, record: RawRecord) -> SafeString:
        return pretty_json(visible_fields(_entity(record, record.effective), record.viewer))  # type: ignore[attr-defined]

    @display(description="Revisions")
    def revisions(self, record: RawRecord) -> SafeString:
        return history_table(record.pk)

    @display(description="From")
    def origin(self, record: RawRecord) -> SafeString | str:
        if record.source_file is None:
            return "API"
        address = reverse("admin:bronze_sourcefile_change", args=[record.source_file_id])
        return _links({f"{record.source_file.name}, line {record.line}": address})


def _entity(record: RawRecord, fields: dict[str, Any]) -> Record:
    return Record(
        id=record.pk,
        dataset=record.dataset_id,
        key=record.key,
        fields=fields,
        status=record.status,
        errors=record.errors,
        revision=record.revision,
        source_file_id=record.source_file_id,
        line=record.line,
    )


def _outcome(before: str, record: Record) -> tuple[int, str]:
    """The level and words of what came of an edit; `before` is the status that the record had."""
    name = f"{record.key} of {CONTRACTS[record.dataset].title}"
    reasons = "; ".join(error["message"] for error in record.errors)
    match (before, record.status):
        case ("quarantined", "valid"):
            return messages.SUCCESS, f"{name} is released: it is valid now and flows on to silver and gold."
        case ("quarantined", "quarantined"):
            return (
                messages.WARNING,
                f"The edits of {name} are stored, but it is still quarantined: {reasons}.",
            )
        case (_, "quarantined"):
            return (
                messages.WARNING,
                f"With these edits {name} is quarantined and leaves silver and gold: {reasons}.",
            )
        case _:
            return messages.SUCCESS, f"The edits of {name} are stored. It is valid and flows on."


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
        return _links({document.source_file.name: address})


def _is_hidden(request: HttpRequest, document: Document | None) -> bool:
    return document is not None and bool(document.user_id) and not may_see_personal_data(request.user)
