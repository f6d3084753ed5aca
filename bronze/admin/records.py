"""Raw records: what is wrong with them, and the edits on top."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from bronze.admin.history import history_table
from bronze.admin.links import links
from bronze.admin.quarantine import quarantine_page
from bronze.catalog import contract_named
from bronze.domain import Record
from bronze.forms import EditForm
from bronze.models import RawRecord
from bronze.presentation import visible_fields
from bronze.services import EditRecord
from lakehouse_project.kernel.admin import LayerAdmin, pretty_json, shortened
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve

STATUS_COLOURS = {"valid": "success", "quarantined": "danger", "deleted": "warning"}


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

    def get_urls(self) -> list[URLPattern]:
        bench = self.admin_site.admin_view(self.quarantine_view)
        return [path("quarantine/", bench, name="bronze_quarantine"), *super().get_urls()]

    def quarantine_view(self, request: HttpRequest) -> HttpResponse:
        return quarantine_page(self, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who edits sees what was received; a deleted record stays deleted."""
        is_editable = obj is None or obj.status != RawRecord.Status.DELETED
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
        return links({f"{record.source_file.name}, line {record.line}": address})


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
    name = f"{record.key} of {contract_named(record.dataset).title}"
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
