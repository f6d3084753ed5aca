"""Data sets: described, changed and deleted here unless their contract is in the code, and the way to what is in them."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from bronze.admin.dataset_forms import DescriptionForm, PolicyForm
from bronze.admin.links import links
from bronze.admin.wizard import may_import
from bronze.catalog import Datasets, contract_named
from bronze.contracts import CONTRACTS, DOCUMENTS
from bronze.domain import InferredField
from bronze.inference import SAMPLE, infer
from bronze.models import Dataset
from bronze.presentation import seen_by
from bronze.services import DeleteDataset
from lakehouse_project.kernel.admin import LayerAdmin, shortened
from lakehouse_project.kernel.services import resolve

SHAPE = (
    '<table style="text-align:left;border-spacing:1rem 0.2rem"><thead><tr><th>Field</th><th>Filled</th><th>Type</th>'
    "<th>Example</th></tr></thead><tbody>{}</tbody></table>"
)


@admin.register(Dataset)
class DatasetAdmin(LayerAdmin):
    list_display = ("title", "name", "keys", "description", "links")
    readonly_fields = ("name", "title", "keys", "description", "links", "shape")
    actions_detail = ("import_files",)

    def has_import_permission(self, request: HttpRequest, _object_id: str) -> bool:
        return may_import(request)

    @action(description="Import files", url_path="import-files", permissions=["import"], icon="upload_file")
    def import_files(self, request: HttpRequest, object_id: str) -> HttpResponse:
        query = urlencode({"dataset": object_id})
        return HttpResponseRedirect(f"{reverse('admin:bronze_sourcefile_import')}?{query}")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dataset]:
        rows: QuerySet[Dataset] = super().get_queryset(request)
        return rows.filter(deleted_at=None)

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = PolicyForm if obj is not None and obj.pk in CONTRACTS else DescriptionForm
        return super().get_form(request, obj, **(kwargs | {"form": form}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Iterable[str]:
        if obj is None:
            return ("name", *DescriptionForm.ASKED)
        if obj.pk == DOCUMENTS:
            return ("title", "name", "description", "links")
        if obj.pk in CONTRACTS:
            return ("title", "name", "keys", "description", "duplicate_keys", "links", "shape")
        return ("name", *DescriptionForm.ASKED, "links", "shape")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Iterable[str]:
        if obj is None:
            return ()
        if obj.pk in CONTRACTS or obj.pk == DOCUMENTS:
            return self.readonly_fields
        return ("name", "links", "shape")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(super().has_change_permission(request, obj) and (obj is None or obj.pk != DOCUMENTS))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj) and request.user.has_perm(
            "bronze.delete_rawrecord"
        )
        return bool(allowed and (obj is None or not _is_fixed(obj)))

    def get_deleted_objects(self, objs: Iterable[Dataset], request: HttpRequest) -> Any:
        """What the page asks to confirm: records become tombstones, and nothing of them is lost."""
        objs = list(objs)
        told = [_told(dataset) for dataset in objs if not _is_fixed(dataset)]
        fixed = [f"{dataset.title} has a contract in the code" for dataset in objs if _is_fixed(dataset)]
        return told, {"data sets": len(objs)}, set(), fixed

    def save_model(self, request: HttpRequest, obj: Dataset, form: Any, change: bool) -> None:
        form.apply()

    def delete_model(self, request: HttpRequest, obj: Dataset) -> None:
        resolve(DeleteDataset)(obj.pk, with_records=True)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        for name in queryset.values_list("name", flat=True):
            resolve(DeleteDataset)(name, with_records=True)

    def get_object(self, request: HttpRequest, *args: Any) -> Any:
        """The row knows who looks at it: this admin serves many callers at the same time."""
        dataset = super().get_object(request, *args)
        if dataset is not None:
            dataset.viewer = request.user
        return dataset

    @display(description="Key")
    def keys(self, dataset: Dataset) -> str:
        return " + ".join(dataset.key_fields) or "made from the content"

    @display(description="Rows")
    def links(self, dataset: Dataset) -> SafeString:
        files = f"{reverse('admin:bronze_sourcefile_changelist')}?dataset__name__exact={dataset.pk}"
        if dataset.pk == DOCUMENTS:
            return links({"files": files, "documents": reverse("admin:bronze_document_changelist")})
        records = f"{reverse('admin:bronze_rawrecord_changelist')}?dataset__name__exact={dataset.pk}"
        return links(
            {"records": records, "in quarantine": f"{records}&status__exact=quarantined", "files": files}
        )

    @display(description="What the newest records look like")
    def shape(self, dataset: Any) -> SafeString | str:
        found = infer(resolve(Datasets).sample(dataset.pk, SAMPLE))
        if not found:
            return "There is no record yet."
        examples = {field.name: field.example for field in found}
        seen = seen_by(dataset.viewer, contract_named(dataset.pk), examples)
        return format_html(
            SHAPE, format_html_join("", SHAPE_ROW, (_shape_row(field, seen) for field in found))
        )


SHAPE_ROW = "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>"


def _shape_row(field: InferredField, seen: dict[str, Any]) -> tuple[str, str, str, str]:
    example = "" if seen[field.name] is None else shortened(str(seen[field.name]), 60)
    return field.name, f"{field.filled:.0%}", field.type, example


def _is_fixed(dataset: Dataset) -> bool:
    return dataset.pk in CONTRACTS or dataset.pk == DOCUMENTS


def _told(dataset: Dataset) -> str:
    counts = resolve(Datasets).counts(dataset.pk)
    return (
        f"{dataset.title}: {counts.records:,} records become tombstones with their history, the receipts of "
        f"{counts.files:,} files stay, and the files can be sent again"
    )
