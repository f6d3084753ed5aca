"""How far a received file is, and its receipt once it is loaded."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from bronze.contracts import DOCUMENTS
from bronze.models import SourceFile
from bronze.repositories import SourceFiles
from lakehouse_project.kernel.services import resolve


def progress_urls(admin: Any) -> list[URLPattern]:
    def view(request: HttpRequest, file_id: int) -> HttpResponse:
        return progress_page(admin, request, file_id)

    return [
        path("<int:file_id>/progress/", admin.admin_site.admin_view(view), name="bronze_sourcefile_progress")
    ]


def progress_page(admin: Any, request: HttpRequest, file_id: int) -> HttpResponse:
    """Step 4 of an import. The page asks for itself again until the file is done."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    file = SourceFile.objects.select_related("dataset").filter(pk=file_id).first()
    if file is None:
        raise Http404
    context = {
        **admin.admin_site.each_context(request),
        "opts": SourceFile._meta,
        "title": f"Import of {file.name}",
        "steps": ("Choose a file", "Check what it is", "See what it does", "Receipt"),
        "step": 4,
        "file": file,
        "counts": [
            (name, getattr(file, f"rows_{name}"))
            for name in ("read", "inserted", "updated", "unchanged", "duplicate", "quarantined")
        ],
        "is_document": file.dataset_id == DOCUMENTS,
        "ahead": resolve(SourceFiles).ahead_of(file_id),
    }
    return TemplateResponse(request, "admin/import/progress.html", context)
