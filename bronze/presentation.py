"""Records as callers see them: personal data masked for those without the right, secrets opened only for those with."""

from collections.abc import Mapping, Sequence
from typing import Any

from bronze.contracts import CONTRACTS, Classification
from bronze.domain import (
    DocumentFacts,
    FieldChange,
    FileLook,
    Preview,
    PreviewRow,
    PreviewUpdate,
    Record,
    Repair,
    RepairedRow,
    Revision,
)
from bronze.encryption import FieldCipher
from bronze.incoming import classification_of
from lakehouse_project.kernel.masking import MASK, SECRET_PERMISSION, Caller, mask, may_see_personal_data
from lakehouse_project.kernel.services import resolve


def present(record: Record, caller: Caller) -> dict[str, Any]:
    """The fields of a record as one flat object, with what is known of the record itself under `_record`."""
    about = {
        "id": record.id,
        "key": record.key,
        "status": record.status,
        "errors": record.errors,
        "conflict": _visible_conflict(record, caller),
        "revision": record.revision,
        "source_file": record.source_file_id,
        "line": record.line,
    }
    return {**visible_fields(record, caller), "_record": about}


def is_hidden(user_id: str, caller: Caller) -> bool:
    """Whether a document of this user, if it is one's, is personal data that the caller may not see."""
    return bool(user_id) and not may_see_personal_data(caller)


def present_document(document: DocumentFacts, caller: Caller) -> DocumentFacts:
    """Without what may name the user it belongs to."""
    if not is_hidden(document.user_id, caller):
        return document
    masked = {name: mask(getattr(document, name)) for name in ("title", "author", "name")}
    return document.model_copy(update=masked)


def visible_fields(record: Record, caller: Caller) -> dict[str, Any]:
    """The fields of a record as the caller may see them, those of the contract first and always there.

    A column that the contract does not know counts as personal in a data set about people: nobody has said it is not.
    """
    contract = CONTRACTS.get(record.dataset)
    if contract is None:
        return dict(record.fields)
    return visible(record.dataset, {**dict.fromkeys(contract.field_names()), **record.fields}, caller)


def visible(dataset: str, fields: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Some fields of a data set as the caller may see them."""
    contract = CONTRACTS[dataset]
    personal, secret = may_see_personal_data(caller), caller.has_perm(SECRET_PERMISSION)
    unknown = Classification.PERSONAL if any(field.is_personal for field in contract.fields) else None
    shown = dict(fields)
    for name in [name for name, value in shown.items() if value]:
        kind = classification_of(contract, name) or unknown
        if kind is Classification.SECRET:
            shown[name] = _opened(str(shown[name]), name) if secret else MASK
        elif kind is Classification.PERSONAL and not personal:
            shown[name] = mask(shown[name])
    return shown


def present_revision(dataset: str, revision: Revision, caller: Caller) -> Revision:
    """A revision as the caller may see it."""
    return revision.model_copy(update={"fields": visible(dataset, revision.fields, caller)})


def present_preview(preview: Preview, caller: Caller) -> Preview:
    """A dry run as the caller may see it. The text of a row that cannot be parsed may hold anything."""
    if preview.dataset not in CONTRACTS:
        return preview
    rows = [_visible_row(preview.dataset, row, caller) for row in preview.rows]
    updates = [_visible_update(preview.dataset, update, caller) for update in preview.updates]
    return preview.model_copy(update={"rows": rows, "updates": updates})


def present_look(look: FileLook, caller: Caller) -> FileLook:
    """The first look at a file as the caller may see it."""
    dataset = look.dataset
    if dataset is None or dataset not in CONTRACTS:
        return look
    return look.model_copy(update={"rows": [_visible_row(dataset, row, caller) for row in look.rows]})


def _visible_row(dataset: str, row: PreviewRow, caller: Caller) -> PreviewRow:
    text = row.raw_text if may_see_personal_data(caller) else mask(row.raw_text)
    if text and any(field.classification is Classification.SECRET for field in CONTRACTS[dataset].fields):
        text = _opened(text, "raw_text") if caller.has_perm(SECRET_PERMISSION) else MASK
    return row.model_copy(update={"fields": visible(dataset, row.fields, caller), "raw_text": text})


def _visible_update(dataset: str, update: PreviewUpdate, caller: Caller) -> PreviewUpdate:
    return update.model_copy(update={"changes": _visible_changes(dataset, update.changes, caller)})


def _visible_changes(dataset: str, changes: Sequence[FieldChange], caller: Caller) -> list[FieldChange]:
    old = visible(dataset, {change.field: change.old for change in changes}, caller)
    new = visible(dataset, {change.field: change.new for change in changes}, caller)
    return [FieldChange(field=name, old=old[name], new=new[name]) for name in old]


def present_repair(repair: Repair, caller: Caller) -> Repair:
    """A repair as the caller may see it."""
    return repair.model_copy(
        update={"rows": [_visible_repaired(repair.dataset, row, caller) for row in repair.rows]}
    )


def _visible_repaired(dataset: str, row: RepairedRow, caller: Caller) -> RepairedRow:
    return row.model_copy(update={"changes": _visible_changes(dataset, row.changes, caller)})


def _visible_conflict(record: Record, caller: Caller) -> dict[str, dict[str, Any]]:
    sides = ("received_before", "received_now", "patched")
    seen = {
        side: visible(record.dataset, {name: known[side] for name, known in record.conflict.items()}, caller)
        for side in sides
        if record.conflict
    }
    return {name: {side: seen[side][name] for side in sides} for name in record.conflict}


def _opened(text: str, field: str) -> str:
    return resolve(FieldCipher).decrypt(text, field)
