"""The history of a record, and the undo of a file, as pages of the admin."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from bronze.history import Revisions
from bronze.models import SourceFile
from bronze.services import PreviewUndo, UndoFile
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

TABLE = (
    '<table style="width:100%;text-align:left"><thead><tr><th>Revision</th><th>When</th><th>Who</th><th>Why</th>'
    "<th>Changed</th><th>Status</th></tr></thead><tbody>{}</tbody></table>"
)


def history_table(record_id: int) -> SafeString:
    """The revisions of a record, newest first. Names of fields alone: nobody sees more than in the record."""
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (
                found.revision,
                date_format(localtime(found.at), "DATETIME_FORMAT"),
                found.user or "-",
                found.reason,
                ", ".join(found.changed) or "-",
                found.status,
            )
            for found in resolve(Revisions).of(record_id)
        ),
    )
    return format_html(TABLE, rows)


def may_undo(request: HttpRequest, object_id: str) -> bool:
    loaded = SourceFile.objects.filter(pk=object_id, state=SourceFile.State.LOADED)
    return request.user.has_perm("bronze.change_rawrecord") and loaded.exists()


def undo_page(admin: Any, request: HttpRequest, file_id: int) -> HttpResponse:
    """Lists what an undo would do; sent back, does it and says what came of it."""
    address = reverse("admin:bronze_sourcefile_change", args=[file_id])
    try:
        if request.method != "POST":
            plan = resolve(PreviewUndo)(file_id)
            context = {
                **admin.admin_site.each_context(request),
                "title": f"Undo {plan.file.name}",
                "plan": plan,
            }
            return TemplateResponse(request, "admin/undo_import.html", context | {"back": address})
        undone = resolve(UndoFile)(file_id)
    except LakehouseError as error:
        admin.message_user(request, error.message, messages.ERROR)
    else:
        counts = f"{undone.restored.count:,} restored, {undone.removed.count:,} removed, {undone.left.count:,} left"
        admin.message_user(request, f"{undone.file.name} is undone: {counts}.", messages.SUCCESS)
    return HttpResponseRedirect(address)
