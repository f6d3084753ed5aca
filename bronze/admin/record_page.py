"""The page of a record: what was received, the edits on top, what counts, and what is wrong with it."""

import json
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from bronze.admin.record_steps import open_steps
from bronze.catalog import contract_named
from bronze.domain import Record, Selection
from bronze.errors import RevisionNotFound
from bronze.exact import with_digits
from bronze.forms import FieldRow, ObjectField, RecordForm
from bronze.history import Revisions
from bronze.models import RawRecord
from bronze.presentation import visible
from bronze.repositories import RawRecords
from bronze.rows import KEYLESS
from bronze.services import EditRecord, RepairRecords, ResolveConflict
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.preconditions import PreconditionFailed, etag
from lakehouse_project.kernel.services import resolve

Edits = Mapping[str, Any]


def record_page(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    """The form; sent back, stores the edits or says why not. Who saves second sees what the first did."""
    record = with_digits(record)
    if request.method != "POST":
        contract = contract_named(record.dataset_id, even_deleted=True)
        return _form_page(admin, request, record, RecordForm(record=record, contract=contract))
    if not admin.has_change_permission(request, record):
        raise PermissionDenied
    for button, act in {"right": _take_as_right, "settle": _settle, "mine": _merge}.items():
        if button in request.POST:
            return act(admin, request, record)
    return _edit(admin, request, record)


def _edit(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    contract = contract_named(record.dataset_id)
    seen = _as_opened(record, request.POST.get("revision", ""))
    form = RecordForm(request.POST, record=seen, contract=contract)
    if not form.is_valid():
        return _form_page(admin, request, seen, form)
    if seen.revision != record.revision:
        return _diff_page(admin, request, record, _differences(seen.patch, form.patch()), seen.revision)
    return _save(admin, request, record, form.patch(), form)


def _as_opened(record: RawRecord, revision: str) -> RawRecord:
    """The record as it was when the form was opened."""
    try:
        earlier = resolve(Revisions).earlier(record.pk, int(revision))
    except (ValueError, OverflowError, RevisionNotFound):
        return record
    seen = copy(record)
    for name in ("payload", "patch", "errors", "conflict", "key", "revision"):
        setattr(seen, name, getattr(earlier, name))
    seen.effective = {**earlier.payload, **earlier.patch}
    return seen


def _save(
    admin: Any, request: HttpRequest, record: RawRecord, patch: Edits, form: RecordForm | None = None
) -> HttpResponse:
    try:
        edited = resolve(EditRecord)(record.pk, patch, expected=[etag(record.revision)])
    except PreconditionFailed:  # somebody saved in this very moment
        return _diff_page(admin, request, record, _differences(record.patch, patch), record.revision)
    except LakehouseError as error:
        if form is None:
            admin.message_user(request, error.message, messages.ERROR)
            return HttpResponseRedirect(request.path)
        form.add_error(None, error.message)
        return _form_page(admin, request, record, form)
    admin.message_user(request, *_outcome(record.status, edited))
    stays = "_continue" in request.POST or edited.status == "quarantined"
    return HttpResponseRedirect(request.path if stays else reverse("admin:bronze_rawrecord_changelist"))


def _outcome(before: str, record: Record) -> tuple[str, int]:
    """The words and level of what came of an edit; `before` is the status that the record had."""
    name = f"{record.key} of {contract_named(record.dataset).title}"
    reasons = "; ".join(error["message"] for error in record.errors)
    match (before, record.status):
        case ("quarantined", "valid"):
            return f"{name} is released: it is valid now and flows on to silver and gold.", messages.SUCCESS
        case ("quarantined", "quarantined"):
            return (
                f"The edits of {name} are stored, but it is still quarantined: {reasons}.",
                messages.WARNING,
            )
        case (_, "quarantined"):
            words = f"With these edits {name} is quarantined and leaves silver and gold: {reasons}."
            return words, messages.WARNING
        case _:
            return f"The edits of {name} are stored. It is valid and flows on.", messages.SUCCESS


def _settle(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    """`settle`: which side counts, and the field."""
    side, _, field = request.POST["settle"].partition(":")
    keep: Any = "received" if side == "received" else "patch"
    try:
        resolve(ResolveConflict)(record.pk, field, keep=keep, expected=[f'"{request.POST.get("revision")}"'])
    except LakehouseError as error:
        admin.message_user(request, error.message, messages.ERROR)
    else:
        kept = "the received value" if keep == "received" else "the edit"
        admin.message_user(request, f"{field}: {kept} counts.", messages.SUCCESS)
    return HttpResponseRedirect(request.path)


def _take_as_right(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    """Of rows of one file that share a key this is the one that counts."""
    resolve(RepairRecords)(Selection(dataset=record.dataset_id, ids=(record.pk,)), is_right=True)
    (chosen,) = resolve(RawRecords).by_id([record.pk])
    admin.message_user(request, *_outcome(record.status, chosen))
    return HttpResponseRedirect(request.path)


@dataclass(frozen=True)
class ShownRow:
    """A field as the page shows it."""

    row: FieldRow
    received: Any
    patched: Any
    effective: Any
    errors: list[dict[str, Any]]
    conflict: Mapping[str, Any] | None


def _form_page(admin: Any, request: HttpRequest, record: RawRecord, form: RecordForm) -> HttpResponse:
    context = {
        "record": record,
        "form": form,
        "may_edit": admin.has_change_permission(request, record),
        "steps": open_steps(request, record),
        "rows": _shown_rows(record, form, request),
        "row_errors": [_linked(record, error) for error in form.row_errors()],
        "is_repeated": any(error["rule"] == "duplicate_key" for error in record.errors),
        "raw_text": record.raw_text if may_see_personal_data(request.user) else None,
        "others_received": _names_beyond(record, form),
    }
    return _page(admin, request, "record.html", record, context)


def _shown_rows(record: RawRecord, form: RecordForm, request: HttpRequest) -> list[ShownRow]:
    sides = {
        "received": visible(record.dataset_id, record.payload, request.user),
        "patched": visible(record.dataset_id, record.patch, request.user),
        "effective": visible(record.dataset_id, record.effective, request.user),
    }
    known = {
        side: visible(record.dataset_id, {n: c[side] for n, c in record.conflict.items()}, request.user)
        for side in ("received_before", "received_now")
    }
    return [
        ShownRow(
            row=row,
            **{side: values.get(row.spec.name) for side, values in sides.items()},
            errors=[_linked(record, error) for error in row.errors],
            conflict={side: values[row.spec.name] for side, values in known.items()}
            if row.conflict
            else None,
        )
        for row in form.rows()
    ]


def _names_beyond(record: RawRecord, form: RecordForm) -> list[str]:
    lines = {spec.name for spec in form.specs}
    return [name for name in record.payload if name not in lines]


def _linked(record: RawRecord, error: Mapping[str, Any]) -> dict[str, Any]:
    """An error, with the record that has the key already if that is what is wrong."""
    if error["rule"] != "key_exists":
        return dict(error)
    other = RawRecord.objects.filter(dataset_id=record.dataset_id, key=error["value"]).values_list(
        "pk", flat=True
    )
    addresses = [reverse("admin:bronze_rawrecord_change", args=[pk]) for pk in other]
    return {**error, "address": addresses[0] if addresses else ""}


def _differences(base: Edits, patch: Edits) -> dict[str, Any]:
    """What a form changes: field -> [value], or [] to take the edit back."""
    names = [
        name
        for name in {**base, **patch}
        if (name in base, base.get(name)) != (name in patch, patch.get(name))
    ]
    return {name: [patch[name]] if name in patch else [] for name in names}


def _merge(admin: Any, request: HttpRequest, record: RawRecord) -> HttpResponse:
    """After a diff: the fields that were chosen, on top of what the record is now."""
    try:
        mine = _sent_edits(request.POST.get("mine"))
        opened = int(request.POST["revision"])
        chosen = {name: mine[name] for name in request.POST.getlist("keep_mine")}
    except (ValidationError, ValueError, KeyError):
        admin.message_user(request, "Nothing was stored: open the record and edit it again.", messages.ERROR)
        return HttpResponseRedirect(request.path)
    patch = {name: value for name, value in record.patch.items() if name not in chosen}
    patch |= {name: value[0] for name, value in chosen.items() if value}
    if opened != record.revision:
        return _diff_page(admin, request, record, mine, opened)
    return _save(admin, request, record, patch)


def _sent_edits(text: str | None) -> dict[str, list[Any]]:
    """Differences as a diff page sends them back. Raises `ValidationError`."""
    found = ObjectField().to_python(text) or {}
    if any(not isinstance(value, list) or len(value) > 1 for value in found.values()):
        raise ValidationError("Each field must have its new value, or none.")
    return dict(found)


def _diff_page(admin: Any, request: HttpRequest, record: RawRecord, mine: Edits, opened: int) -> HttpResponse:
    record = with_digits(RawRecord.objects.get(pk=record.pk))
    revisions = resolve(Revisions).of(record.pk)
    since = [found for found in revisions if found.revision > opened]
    before = next((found.fields for found in revisions if found.revision == opened), {})
    theirs = {
        name for name in {**before, **record.effective} if before.get(name) != record.effective.get(name)
    }
    wanted = {name: value[0] if value else record.payload.get(name) for name, value in mine.items()}
    sides = [
        visible(record.dataset_id, fields, request.user) for fields in (before, record.effective, wanted)
    ]
    rows = [
        {
            "name": name,
            "before": sides[0].get(name),
            "now": sides[1].get(name),
            "mine": sides[2].get(name),
            "is_mine": name in mine,
            "is_both": name in mine and name in theirs,
            "is_back": name in mine and not mine[name],
        }
        for name in dict.fromkeys([*mine, *sorted(theirs)])
    ]
    context = {
        "record": record,
        "since": since,
        "rows": rows,
        "mine": json.dumps(dict(mine)),
        "opened": opened,
    }
    return _page(admin, request, "diff.html", record, context)


def _page(
    admin: Any, request: HttpRequest, template: str, record: RawRecord, context: dict[str, Any]
) -> HttpResponse:
    contract, is_keyless = (
        contract_named(record.dataset_id, even_deleted=True),
        record.key.startswith(KEYLESS),
    )
    whole = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "original": record,
        "title": f"{contract.title}: {'a row without a key' if is_keyless else record.key}",
        "contract": contract,
        "is_keyless": is_keyless,
        **context,
    }
    return TemplateResponse(request, f"admin/curation/{template}", whole)
