"""Raw records: what is wrong with them, and the edits on top."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from bronze.admin.conflicts import conflicts_page
from bronze.admin.history import history_page
from bronze.admin.links import links
from bronze.admin.quarantine import quarantine_page
from bronze.admin.record_page import record_page
from bronze.admin.record_steps import STEPS, record_step_page
from bronze.models import RawRecord
from lakehouse_project.kernel.admin import LayerAdmin, shortened
from lakehouse_project.kernel.masking import may_see_personal_data

STATUS_COLOURS = {"valid": "success", "quarantined": "danger", "deleted": "warning"}


@admin.register(RawRecord)
class RawRecordAdmin(LayerAdmin):
    """A record as received, and the edits on top of it. Saving checks it again and sends it on."""

    list_display = ("shown_key", "dataset", "shown_status", "reasons", "origin", "updated_at")
    list_filter = ("status", "dataset")
    search_fields = ("key__exact",)
    search_help_text = "The whole key of a record"
    list_select_related = ("dataset", "source_file")
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        bench = self.admin_site.admin_view(self.quarantine_view)
        conflicts = self.admin_site.admin_view(self.conflicts_view)
        return [
            path("quarantine/", bench, name="bronze_quarantine"),
            path("conflicts/", conflicts, name="bronze_conflicts"),
            *(self._step_address(name) for name in STEPS),
            *super().get_urls(),
        ]

    def _step_address(self, name: str) -> URLPattern:
        def page(request: HttpRequest, object_id: str) -> HttpResponse:
            record = self._found(request, object_id)
            return (
                record if isinstance(record, HttpResponse) else record_step_page(self, request, record, name)
            )

        address: URLPattern = path(
            f"<path:object_id>/{name}/", self.admin_site.admin_view(page), name=f"bronze_rawrecord_{name}"
        )
        return address

    def quarantine_view(self, request: HttpRequest) -> HttpResponse:
        return quarantine_page(self, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who edits sees what was received; a deleted record stays deleted."""
        is_deleted = obj is not None and obj.status == RawRecord.Status.DELETED
        allowed = super().has_change_permission(request, obj)
        return bool(allowed and not is_deleted and may_see_personal_data(request.user))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        record = self._found(request, object_id)
        return record if isinstance(record, HttpResponse) else record_page(self, request, record)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self._found(request, object_id)
        return record if isinstance(record, HttpResponse) else history_page(self, request, record)

    def _found(self, request: HttpRequest, object_id: str) -> RawRecord | HttpResponse:
        """The record, or the way back to the list if there is none. Raises `PermissionDenied`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record: RawRecord | None = self.get_object(request, unquote(object_id))
        if record is None:
            back: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return back
        return record

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

    def conflicts_view(self, request: HttpRequest) -> HttpResponse:
        return conflicts_page(self, request)

    @display(description="From")
    def origin(self, record: RawRecord) -> SafeString | str:
        if record.source_file is None:
            return "API"
        address = reverse("admin:bronze_sourcefile_change", args=[record.source_file_id])
        return links({f"{record.source_file.name}, line {record.line}": address})
