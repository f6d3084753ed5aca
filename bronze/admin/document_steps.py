"""What staff can do with a document: each step explains itself on a page, and is done when that is sent back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bronze.documents import Documents
from bronze.domain import DocumentFacts
from bronze.errors import DocumentNotFound
from bronze.presentation import is_hidden
from bronze.services import DeleteDocument, ExtractAgain, LinkDocument
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve


@dataclass(frozen=True)
class Step:
    """`do` is given the document and the request; what it returns is said to who asked for it."""

    title: str
    explanation: str
    permission: str
    do: Callable[[str, HttpRequest], str]
    is_due: Callable[[DocumentFacts], bool] = lambda _document: True
    asks_for_user: bool = False


def _link(sha256: str, request: HttpRequest) -> str:
    user_id = request.POST.get("user_id", "").replace("\x00", "").strip()
    document = resolve(LinkDocument)(sha256, user_id, by=request.user.pk)
    return f"It belongs to user {document.user_id} now." if document.user_id else "It belongs to nobody now."


def _extract(sha256: str, _request: HttpRequest) -> str:
    resolve(ExtractAgain)(sha256)
    return "Its text is being read. This page shows the result when it is loaded again."


def _delete(sha256: str, _request: HttpRequest) -> str:
    resolve(DeleteDocument)(sha256)
    return "It is deleted."


def _restore(sha256: str, _request: HttpRequest) -> str:
    resolve(DeleteDocument)(sha256, deleted=False)
    return "It is back."


STEPS = {
    "link_user": Step(
        "Set the user",
        "A document that belongs to a user is personal data as a whole: only those who may see personal data read it.",
        "bronze.change_document",
        _link,
        asks_for_user=True,
    ),
    "extract_again": Step(
        "Read the text again",
        "The original file is read anew, as after a limit was raised. Until then the document is not searched.",
        "bronze.change_document",
        _extract,
    ),
    "delete_document": Step(
        "Delete this document",
        "It leaves the search and the lists. Nothing is lost: it can be restored.",
        "bronze.delete_document",
        _delete,
        lambda document: not document.is_deleted,
    ),
    "restore_document": Step(
        "Restore this document",
        "It comes back to the lists and the search.",
        "bronze.delete_document",
        _restore,
        lambda document: document.is_deleted,
    ),
}


def may_do(name: str, request: HttpRequest, sha256: str) -> bool:
    """Whose a document is, is said only by those who may read it."""
    step = STEPS[name]
    if not request.user.has_perm(step.permission):
        return False
    try:
        document = resolve(Documents).get(sha256)
    except DocumentNotFound:
        return False
    return step.is_due(document) and not (step.asks_for_user and is_hidden(document.user_id, request.user))


def step_page(admin: Any, request: HttpRequest, name: str, sha256: str) -> HttpResponse:
    """Explains the step; sent back, does it and says what came of it."""
    step, document = STEPS[name], resolve(Documents).get(sha256)
    back = reverse("admin:bronze_document_change", args=[sha256])
    if request.method == "POST":
        try:
            admin.message_user(request, step.do(sha256, request), messages.SUCCESS)
        except LakehouseError as error:
            admin.message_user(request, error.message, messages.ERROR)
        else:
            return HttpResponseRedirect(back)
    context = {
        **admin.admin_site.each_context(request),
        "title": step.title,
        "step": step,
        "user_id": request.POST.get("user_id", document.user_id),
        "back": back,
    }
    return TemplateResponse(request, "admin/document_action.html", context)
