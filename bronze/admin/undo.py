"""The undo of a file, as a page of the admin."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bronze.contracts import DOCUMENTS
from bronze.domain import Undone
from bronze.models import SourceFile
from bronze.presentation import present_undone
from bronze.services import PreviewUndo, UndoFile
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

ID_DIGITS = 18
"""No id of a file has more."""


def file_of(object_id: str) -> SourceFile | None:
    """The file that an address names; None if it names none, whatever it says."""
    is_id = object_id.isdecimal() and len(object_id) <= ID_DIGITS
    return SourceFile.objects.filter(pk=object_id).first() if is_id else None


def no_file(admin: Any, request: HttpRequest) -> HttpResponse:
    """The answer to an address that names no file."""
    admin.message_user(request, "There is no such file.", messages.ERROR)
    return HttpResponseRedirect(reverse("admin:bronze_sourcefile_changelist"))


def undo_page(admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Lists what an undo would do; sent back, does it and says what came of it."""
    file = file_of(object_id)
    if file is None:
        return no_file(admin, request)
    address = reverse("admin:bronze_sourcefile_change", args=[file.pk])
    if file.state != SourceFile.State.LOADED:
        if file.state == SourceFile.State.UNDONE and file.error:
            admin.message_user(request, f"{file.error} There is nothing to undo.", messages.WARNING)
            return HttpResponseRedirect(address)
        is_done = "is undone already" if file.state == SourceFile.State.UNDONE else f"is {file.state}"
        admin.message_user(request, f"This file {is_done}: there is nothing to undo.", messages.WARNING)
        return HttpResponseRedirect(address)
    return _undo(admin, request, file.pk, address)


def _undo(admin: Any, request: HttpRequest, file_id: int, address: str) -> HttpResponse:
    try:
        if request.method != "POST":
            return _plan(admin, request, present_undone(resolve(PreviewUndo)(file_id), request.user))
        undone = present_undone(resolve(UndoFile)(file_id), request.user)
    except LakehouseError as error:
        admin.message_user(request, error.message, messages.ERROR)
    else:
        counts = f"{undone.restored.count:,} restored, {undone.removed.count:,} removed, {undone.left.count:,} left"
        if undone.waiting:
            counts += f"; {undone.waiting:,} that need a removed one wait in quarantine"
        admin.message_user(request, f"{undone.file.name} is undone: {counts}.", messages.SUCCESS)
    return HttpResponseRedirect(address)


def _plan(admin: Any, request: HttpRequest, plan: Undone) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "opts": SourceFile._meta,
        "title": f"Undo {plan.file.name}",
        "plan": plan,
        "groups": [
            ("put back as they were before", plan.restored),
            ("removed: the file brought them", plan.removed),
            ("left as they are: changed since", plan.left),
        ],
        "has_links": plan.file.dataset != DOCUMENTS,
    }
    return TemplateResponse(request, "admin/undo_import.html", context)
