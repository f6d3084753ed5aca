"""Data sets, and the way to what is in them."""

from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from bronze.admin.links import links
from bronze.admin.wizard import may_import
from bronze.contracts import CONTRACTS
from bronze.models import Dataset
from lakehouse_project.kernel.admin import ReadOnlyAdmin


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("title", "name", "keys", "description", "links")
    fields = ("title", "name", "keys", "description", "links")
    readonly_fields = ("keys", "links")
    actions_detail = ("import_files",)

    def has_import_permission(self, request: HttpRequest, _object_id: str) -> bool:
        return may_import(request)

    @action(description="Import files", url_path="import-files", permissions=["import"], icon="upload_file")
    def import_files(self, request: HttpRequest, object_id: str) -> HttpResponse:
        query = urlencode({"dataset": object_id})
        return HttpResponseRedirect(f"{reverse('admin:bronze_sourcefile_import')}?{query}")

    @display(description="Key")
    def keys(self, dataset: Dataset) -> str:
        return " + ".join(dataset.key_fields)

    @display(description="Rows")
    def links(self, dataset: Dataset) -> SafeString:
        files = f"{reverse('admin:bronze_sourcefile_changelist')}?dataset__name__exact={dataset.pk}"
        if dataset.pk not in CONTRACTS:
            return links({"files": files, "documents": reverse("admin:bronze_document_changelist")})
        records = f"{reverse('admin:bronze_rawrecord_changelist')}?dataset__name__exact={dataset.pk}"
        return links(
            {"records": records, "in quarantine": f"{records}&status__exact=quarantined", "files": files}
        )
