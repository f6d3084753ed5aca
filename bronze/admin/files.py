"""Files with their receipts."""

from collections.abc import Callable, Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Exists, F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from bronze.admin.documents import DOCUMENT_COLOURS
from bronze.admin.links import links
from bronze.admin.masked import OF_A_USER, masked
from bronze.admin.progress import progress_urls
from bronze.admin.undo import file_of, no_file, undo_page
from bronze.admin.wizard import ImportWizard, may_import
from bronze.contracts import DOCUMENTS
from bronze.downloads import original_bytes, rejected_rows
from bronze.models import Document, SourceFile
from bronze.presentation import may_see_clear
from bronze.rejected import RejectedRecords
from lakehouse_project.kernel.admin import ReadOnlyAdmin
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve

STATE_COLOURS = {
    "loaded": "success",
    "failed": "danger",
    "received": "info",
    "undone": "warning",
    "data set deleted": "warning",
}
TEXT_COLOURS = {f"loaded, text {status}": colour for status, colour in DOCUMENT_COLOURS.items()}
UNREMARKABLE = ("", "ok", "pending")
"""Of the text of a document, if the file is one."""
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
        "shown_name",
        "dataset",
        "shown_state",
        _count("read"),
        "taken",
        _count("quarantined"),
        "received_at",
    )
    list_filter = ("state", "dataset", "received_via")
    search_fields = ("visible_name", "sha256__exact")
    search_help_text = "Part of the name, or the whole SHA-256"
    list_select_related = ("dataset", "document")
    readonly_fields = ("shown_state", "receipt", "found", "rows", "bytes", "hash")
    actions_list = ("import_files",)
    actions_detail = ("show_progress", "download_rejected", "download_original", "undo_import")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SourceFile]:
        name = F("name") if may_see_personal_data(request.user) else masked("name", ~Exists(OF_A_USER))
        return super().get_queryset(request).annotate(visible_name=name)  # type: ignore[no-any-return]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        file = super().get_object(request, object_id, from_field)
        if file is not None:
            file.name = file.visible_name  # also the heading of the page
        return file

    def get_urls(self) -> list[Any]:
        return [*ImportWizard(self).urls(), *progress_urls(self), *super().get_urls()]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        error = ("error",) if obj is not None and obj.error else ()
        origin = ("received_via", "received_by", "received_at", "loaded_at", "bytes", "media_type", "hash")
        return [
            (None, {"fields": ("name", "dataset", "shown_state", *error, "receipt", "rows", "found")}),
            ("Origin", {"fields": origin}),
        ]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return may_import(request)

    @action(description="Import files", url_path="import-files", permissions=["import"], icon="upload_file")
    def import_files(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:bronze_sourcefile_import"))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Buttons for what can be done with the file as it is; the addresses of the others say why it cannot."""
        fits = self._fitting(file_of(str(object_id)))
        allowed = super().get_actions_detail(request, object_id)
        return [each for each in allowed if each.method.original_function_name in fits]

    def _fitting(self, file: SourceFile | None) -> Collection[str]:
        if file is None:
            return ()
        states = SourceFile.State
        fits = {
            "download_original": True,
            "show_progress": file.state in (states.RECEIVED, states.FAILED),
            "undo_import": file.state == states.LOADED,
            "download_rejected": resolve(RejectedRecords).exist(file.pk),
        }
        return {name for name, is_fit in fits.items() if is_fit}

    def has_progress_permission(self, request: HttpRequest, _object_id: str) -> bool:
        return bool(self.has_view_permission(request))

    @action(description="Progress", url_path="show-progress", permissions=["progress"])
    def show_progress(self, request: HttpRequest, object_id: str) -> HttpResponse:
        file = file_of(object_id)
        if file is None:
            return no_file(self, request)
        return HttpResponseRedirect(reverse("admin:bronze_sourcefile_progress", args=[file.pk]))

    def has_rejected_permission(self, request: HttpRequest, object_id: str) -> bool:
        may = request.user.has_perm("bronze.view_rawrecord")
        return may and self.has_original_permission(request, object_id)

    @action(description="Download rejected rows", url_path="rejected", permissions=["rejected"])
    def download_rejected(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return self._sent(request, object_id, rejected_rows)

    def has_original_permission(self, request: HttpRequest, object_id: str) -> bool:
        """To have the values of a file in clear. Of a file that is not there nothing is hidden."""
        file = file_of(object_id)
        may = self.has_view_permission(request)
        return may and (file is None or may_see_clear(file.dataset_id, request.user))

    @action(description="Download the file", url_path="original", permissions=["original"])
    def download_original(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return self._sent(request, object_id, original_bytes)

    def _sent(
        self, request: HttpRequest, object_id: str, make: Callable[[HttpRequest, int], HttpResponseBase]
    ) -> HttpResponseBase:
        file = file_of(object_id)
        if file is None:
            return no_file(self, request)
        try:
            return make(request, file.pk)
        except LakehouseError as error:
            self.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:bronze_sourcefile_change", args=[file.pk]))

    def has_undo_permission(self, request: HttpRequest, _object_id: str) -> bool:
        return request.user.has_perm("bronze.change_rawrecord")

    @action(description="Undo this import", url_path="undo", permissions=["undo"])
    def undo_import(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return undo_page(self, request, object_id)

    @display(description="Name", ordering="visible_name")
    def shown_name(self, file: Any) -> str:
        return str(file.visible_name)

    @display(description="State", label=STATE_COLOURS | TEXT_COLOURS, ordering="state")
    def shown_state(self, file: SourceFile) -> str:
        """Also why a loaded document cannot be found by its text, and why nobody has undone what is undone."""
        if file.state == SourceFile.State.UNDONE and file.error:
            return "data set deleted"
        if file.state == SourceFile.State.LOADED and (status := _status_of_text(file)) not in UNREMARKABLE:
            return f"loaded, text {status}"
        return file.state

    @display(description="Of these")
    def taken(self, file: SourceFile) -> str:
        """What became of the rows that are not in quarantine."""
        counts = {name: getattr(file, f"rows_{name}") for name in COUNTS if name != "quarantined"}
        return ", ".join(f"{intcomma(count)} {name}" for name, count in counts.items() if count) or "-"

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


def _status_of_text(file: SourceFile) -> str:
    """Empty for a file with rows."""
    try:
        return str(file.document.status)
    except Document.DoesNotExist:
        return ""
