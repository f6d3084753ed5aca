"""Edits on which a later file disagrees: both received values, the edit, and the choice, for many records at a time."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bronze.conflicts import Conflicts
from bronze.domain import MAX_SELECTED
from bronze.models import RawRecord
from bronze.presentation import visible
from bronze.services import ResolveConflicts
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve

SHOWN = 100
SIDES = ("received_before", "received_now", "patched")


def conflicts_page(admin: Any, request: HttpRequest) -> HttpResponse:
    """The newest conflicts; sent back with a selection and a choice, settles them."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    may_settle = request.user.has_perm("bronze.change_rawrecord") and may_see_personal_data(request.user)
    if request.method == "POST":
        if not may_settle:
            raise PermissionDenied
        return _settle(admin, request)
    found = list(resolve(Conflicts).rows().select_related("dataset")[: SHOWN + 1])
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Conflicts",
        "records": [_shown(record, request) for record in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "may_settle": may_settle,
    }
    return TemplateResponse(request, "admin/curation/conflicts.html", context)


def _shown(record: RawRecord, request: HttpRequest) -> dict[str, Any]:
    seen = {
        side: visible(
            record.dataset_id, {name: known[side] for name, known in record.conflict.items()}, request.user
        )
        for side in SIDES
    }
    return {
        "record": record,
        "address": reverse("admin:bronze_rawrecord_change", args=[record.pk]),
        "fields": [{"name": name, **{side: seen[side][name] for side in SIDES}} for name in record.conflict],
    }


def _settle(admin: Any, request: HttpRequest) -> HttpResponse:
    ids = [int(text) for text in request.POST.getlist("ids") if text.isdecimal() and int(text) < 2**63]
    keep: Any = request.POST.get("keep")
    if not 1 <= len(ids) <= MAX_SELECTED or keep not in ("patch", "received"):
        admin.message_user(request, "Select the records first, then choose what counts.", messages.ERROR)
    else:
        count = resolve(ResolveConflicts)(ids, keep=keep)
        kept = "the edits count" if keep == "patch" else "the received values count"
        admin.message_user(request, f"{count:,} settled: {kept}.", messages.SUCCESS)
    return HttpResponseRedirect(reverse("admin:bronze_conflicts"))
