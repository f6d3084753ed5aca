"""How far a received file is, and its receipt once it is loaded."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from bronze.admin.wizard import STEPS, may_import
from bronze.contracts import DOCUMENTS
from bronze.domain import Receipt
from bronze.errors import StagedFileGone
from bronze.models import Document, SourceFile
from bronze.presentation import may_see_clear
from bronze.repositories import SourceFiles
from bronze.services import RetryFile
from bronze.staged import StagedFile, StagedFiles
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve


def progress_urls(admin: Any) -> list[URLPattern]:
    def view(request: HttpRequest, file_id: int) -> HttpResponse:
        return _retry(admin, request, file_id) if request.method == "POST" else _page(admin, request, file_id)

    address, name = "<int:file_id>/progress/", "bronze_sourcefile_progress"
    return [path(address, admin.admin_site.admin_view(view), name=name)]


def _page(admin: Any, request: HttpRequest, file_id: int) -> HttpResponse:
    """Step 4 of an import. The page asks for itself again until the file is done."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    file = admin.get_object(request, str(file_id))
    if file is None:
        raise Http404
    context = {
        **admin.admin_site.each_context(request),
        "opts": SourceFile._meta,
        "title": f"Import of {file.name}",
        "steps": STEPS,
        "step": len(STEPS),
        "file": file,
        "pk": str(file_id),
        "counts": [(name, getattr(file, f"rows_{name}")) for name in Receipt.model_fields],
        "is_document": file.dataset_id == DOCUMENTS,
        "lacking_text": _lacks_text(file),
        "remarks": file.detected if file.state == SourceFile.State.LOADED else (),
        "ahead": resolve(SourceFiles).ahead_of(file_id),
        "may_import": may_import(request),
        "may_download": may_see_clear(file.dataset_id, request.user),
        "next": _next_of(request),
    }
    return TemplateResponse(request, "admin/import/progress.html", context)


def _lacks_text(file: SourceFile) -> bool:
    document = Document.objects.filter(source_file=file.pk).first()
    return document is not None and document.status not in (Document.Status.OK, Document.Status.PENDING)


def _next_of(request: HttpRequest) -> StagedFile | None:
    """The file that was sent with this one and comes next, if it is still there."""
    files = resolve(StagedFiles)
    try:
        token = files.get(request.GET.get("import", ""), request.user.pk).next_token
        return files.get(token, request.user.pk) if token else None
    except StagedFileGone:
        return None


def _retry(admin: Any, request: HttpRequest, file_id: int) -> HttpResponse:
    if not may_import(request):
        raise PermissionDenied
    try:
        resolve(RetryFile)(file_id)
    except LakehouseError as error:
        admin.message_user(request, error.message, messages.ERROR)
    return HttpResponseRedirect(reverse("admin:bronze_sourcefile_progress", args=[file_id]))
