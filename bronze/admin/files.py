"""Files with their receipts."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from bronze.admin.history import may_undo, undo_page
from bronze.admin.links import links
from bronze.admin.progress import progress_urls
from bronze.admin.wizard import ImportWizard, may_import
from bronze.contracts import DOCUMENTS
from bronze.models import SourceFile
from lakehouse_project.kernel.admin import ReadOnlyAdmin

STATE_COLOURS = {"loaded": "success", "failed": "danger", "received": "info", "undone": "warning"}
COUNTS = ("inserted", "updated", "unchanged", "duplicate", "quarantined")


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
    actions_list = ("import_file",)
    actions_detail = ("undo_import",)

    def get_urls(self) -> list[Any]:
        return [*ImportWizard(self).urls(), *progress_urls(self), *super().get_urls()]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    @action(description="Import a file", url_path="import-file", permissions=["import"], icon="upload_file")
    def import_file(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:bronze_sourcefile_import"))

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
        if file.dataset_id == DOCUMENTS:
            documents = reverse("admin:bronze_document_changelist")
            return links({"document": f"{documents}?source_file__id__exact={file.pk}"})
        records = f"{reverse('admin:bronze_rawrecord_changelist')}?source_file__id__exact={file.pk}"
        return links({"all": records, "in quarantine": f"{records}&status__exact=quarantined"})

    @display(description="Size")
    def bytes(self, file: SourceFile) -> str:
        return f"{intcomma(file.size)} bytes"

    @display(description="SHA-256")
    def hash(self, file: SourceFile) -> SafeString:
        return format_html('<span style="overflow-wrap:anywhere">{}</span>', file.sha256)
