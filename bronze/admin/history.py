"""The history of a record as a page of the admin: who, when, why, what, and the way back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from bronze.domain import FieldChange, Revision
from bronze.history import Revisions, changed_fields
from bronze.models import RawRecord
from bronze.presentation import visible
from bronze.services import RestoreRevision
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.services import resolve

LONGEST_SHOWN = 20
SHOWN = 100
"""Revisions of a record that its page shows, the newest ones."""


def history_page(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    """The revisions of a record and what each changed; sent back with one of them, restores it."""
    may_restore = request.user.has_perm("bronze.change_rawrecord") and may_see_personal_data(request.user)
    if request.method == "POST":
        if not may_restore:
            raise PermissionDenied
        return _restore(admin, request, record)
    revisions = resolve(Revisions).of(record.pk)
    chosen = next((found for found in revisions if str(found.revision) == request.GET.get("restore")), None)
    if request.GET.get("restore") and chosen is None:
        words = f"The record has no revision {request.GET['restore'][:LONGEST_SHOWN]}: choose one of these."
        admin.message_user(request, words, messages.WARNING)
    steps = list(zip(revisions, [*revisions[1:], None], strict=True))[:SHOWN]
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": record,
        "title": f"History of {record}",
        "record": record,
        "steps": [(now, _changes(record.dataset_id, before, now, request)) for now, before in steps],
        "may_restore": may_restore,
        "chosen": chosen if may_restore and chosen and not chosen.is_current else None,
        "chosen_changes": _changes(record.dataset_id, revisions[0], chosen, request) if chosen else [],
    }
    return TemplateResponse(request, "admin/curation/history.html", context)


def _changes(dataset: str, before: Revision | None, now: Revision, request: HttpRequest) -> list[FieldChange]:
    """The fields that differ, as the user may see them. The first revision has nothing before it."""
    if before is None:
        return []
    names = changed_fields(before.fields, now.fields)
    old, new = (
        visible(dataset, {name: found.fields.get(name) for name in names}, request.user)
        for found in (before, now)
    )
    return [FieldChange(field=name, old=old[name], new=new[name]) for name in names]


def _restore(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    revision = request.POST.get("restore", "")
    number = int(revision) if revision.isdecimal() and len(revision) < 10 else 0
    try:
        restored = resolve(RestoreRevision)(record.pk, number, expected=[f'"{request.POST.get("revision")}"'])
    except LakehouseError as error:
        admin.message_user(request, error.message, messages.ERROR)
    else:
        words = (
            f"Revision {number} is restored as revision {restored.revision}; the record is {restored.status}."
        )
        admin.message_user(request, words, messages.SUCCESS)
    return HttpResponseRedirect(request.path)
