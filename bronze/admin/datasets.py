"""Data sets, and the way to what is in them."""

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from bronze.admin.links import links
from bronze.contracts import CONTRACTS
from bronze.models import Dataset
from lakehouse_project.kernel.admin import ReadOnlyAdmin


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
            return links({"files": files, "documents": reverse("admin:bronze_document_changelist")})
        records = f"{reverse('admin:bronze_rawrecord_changelist')}?dataset__name__exact={dataset.pk}"
        return links(
            {"records": records, "in quarantine": f"{records}&status__exact=quarantined", "files": files}
        )
