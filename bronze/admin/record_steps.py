"""Deleting a record and bringing it back: each is explained on a page, with room for the reason, and done when that is
sent back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bronze.catalog import contract_named
from bronze.models import RawRecord
from bronze.rows import KEYLESS
from bronze.services import DeleteRecord, RestoreRecord
from bronze.services.records import in_use
from bronze.uses import uses
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

LONGEST_NOTE = 500


@dataclass(frozen=True)
class RecordStep:
    """`do` is given the record, the revision that was seen, as its ETag, and the reason; it says what came of it."""

    title: str
    explanation: str
    permission: str
    of_deleted: bool
    do: Callable[[RawRecord, str, str], str]

    def is_due(self, record: RawRecord) -> bool:
        return (record.status == RawRecord.Status.DELETED) == self.of_deleted

    def is_open_to(self, request: HttpRequest, record: RawRecord) -> bool:
        return self.is_due(record) and request.user.has_perm(self.permission)


def _delete(record: RawRecord, seen: str, note: str) -> str:
    resolve(DeleteRecord)(record.dataset_id, record.key, expected=[seen], note=note)
    return f"{_name(record)} is deleted. It can be restored here."


def _restore(record: RawRecord, seen: str, note: str) -> str:
    restored = resolve(RestoreRecord)(record.dataset_id, record.key, expected=[seen], note=note)
    if restored.status == "quarantined":
        reasons = "; ".join(error["message"] for error in restored.errors)
        return f"{_name(record)} is back in quarantine: {reasons}."
    return f"{_name(record)} is back: it is valid and flows on."


STEPS = {
    "delete": RecordStep(
        "Delete this record",
        "It leaves silver, gold and the search. A tombstone with the whole history stays, and the record can be restored. "
        "A file that has the same row leaves it deleted; one that brings the record with other values brings it back.",
        "bronze.delete_rawrecord",
        of_deleted=False,
        do=_delete,
    ),
    "restore": RecordStep(
        "Restore this record",
        "It comes back as it was, edits included, and is checked again: it flows on if it is valid.",
        "bronze.change_rawrecord",
        of_deleted=True,
        do=_restore,
    ),
}


def open_steps(request: HttpRequest, record: RawRecord) -> list[tuple[str, str]]:
    """Title and address of what can be done with the record now."""
    return [
        (step.title, reverse(f"admin:bronze_rawrecord_{name}", args=[record.pk]))
        for name, step in STEPS.items()
        if step.is_open_to(request, record)
    ]


def record_step_page(admin: Any, request: HttpRequest, record: RawRecord, name: str) -> HttpResponse:
    """Explains the step; sent back, does it and says what came of it. Raises `PermissionDenied`."""
    step = STEPS[name]
    if not request.user.has_perm(step.permission):
        raise PermissionDenied
    back = reverse("admin:bronze_rawrecord_change", args=[record.pk])
    if not step.is_due(record):
        admin.message_user(request, f"{_name(record)} is {record.status} already.", messages.WARNING)
        return HttpResponseRedirect(back)
    if request.method == "POST":
        _carry_out(admin, request, record, step)
        return HttpResponseRedirect(back)
    return _page(admin, request, record, step, back)


def _carry_out(admin: Any, request: HttpRequest, record: RawRecord, step: RecordStep) -> None:
    note = request.POST.get("note", "").replace("\x00", "").strip()[:LONGEST_NOTE]
    try:
        admin.message_user(
            request, step.do(record, f'"{request.POST.get("revision")}"', note), messages.SUCCESS
        )
    except LakehouseError as error:
        admin.message_user(request, error.message, messages.ERROR)


def _page(admin: Any, request: HttpRequest, record: RawRecord, step: RecordStep, back: str) -> HttpResponse:
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": record,
        "record": record,
        "title": f"{step.title}: {_name(record)}",
        "step": step,
        "obstacle": "" if step.of_deleted else _obstacle(record),
        "longest_note": LONGEST_NOTE,
        "back": back,
    }
    return TemplateResponse(request, "admin/curation/step.html", context)


def _obstacle(record: RawRecord) -> str:
    """Why the record cannot be deleted; empty if it can."""
    used = uses(record.dataset_id, record.key).get(record.key)
    return in_use(record.dataset_id, record.key, used) if used else ""


def _name(record: RawRecord) -> str:
    key = "A row without a key" if record.key.startswith(KEYLESS) else record.key
    return f"{key} of {contract_named(record.dataset_id, even_deleted=True).title}"
