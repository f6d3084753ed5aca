"""Records as callers see them: personal data masked for those without the right, secrets opened only for those with."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from bronze.catalog import contract_named
from bronze.contracts import DOCUMENTS, Classification, ContractSpec
from bronze.documents import Documents
from bronze.domain import (
    DocumentFacts,
    FieldChange,
    FileLook,
    Preview,
    PreviewRow,
    PreviewUpdate,
    ReceivedFile,
    Record,
    Repair,
    RepairedRow,
    Revision,
    Undone,
)
from bronze.encryption import FieldCipher
from bronze.incoming import classification_of
from lakehouse_project.kernel.masking import (
    MASK,
    PERMISSION,
    SECRET_PERMISSION,
    Caller,
    mask,
    may_see_personal_data,
)
from lakehouse_project.kernel.permissions import Forbidden
from lakehouse_project.kernel.services import resolve


def present(record: Record, caller: Caller, contract: ContractSpec | None = None) -> dict[str, Any]:
    """The fields of a record as one flat object, with what is known of the record itself under `_record`.

    `contract`: that of its data set, if it is at hand.
    """
    contract = contract or contract_named(record.dataset, even_deleted=True)
    about = {
        "id": record.id,
        "key": record.key,
        "status": record.status,
        "errors": _visible_errors(contract, record.errors, caller),
        "conflict": _visible_conflict(contract, record.conflict, caller),
        "revision": record.revision,
        "source_file": record.source_file_id,
        "line": record.line,
    }
    return {**_complete(contract, record, caller), "_record": about}


def is_hidden(user_id: str, caller: Caller) -> bool:
    """Whether a document of this user, if it is one's, is personal data that the caller may not see."""
    return bool(user_id) and not may_see_personal_data(caller)


def present_document(document: DocumentFacts, caller: Caller) -> DocumentFacts:
    """Without what may name the user it belongs to."""
    if not is_hidden(document.user_id, caller):
        return document
    masked = {name: mask(getattr(document, name)) for name in ("title", "author", "name")}
    return document.model_copy(update=masked)


def present_files(files: Sequence[ReceivedFile], caller: Caller) -> list[ReceivedFile]:
    """With how the text of documents was read, and without the names of files whose document belongs to a user: they may
    name the user."""
    files = resolve(Documents).with_status(files)
    if may_see_personal_data(caller):
        return files
    hidden = resolve(Documents).of_users([file.sha256 for file in files])
    return [
        file.model_copy(update={"name": mask(file.name)}) if file.sha256 in hidden else file for file in files
    ]


def present_undone(undone: Undone, caller: Caller) -> Undone:
    """An undo as the caller may see it."""
    (file,) = present_files([undone.file], caller)
    return undone.model_copy(update={"file": file})


def visible_fields(record: Record, caller: Caller) -> dict[str, Any]:
    """The fields of a record as the caller may see them, those of the contract first and always there."""
    return _complete(contract_named(record.dataset, even_deleted=True), record, caller)


def visible(dataset: str, fields: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Some fields of a data set as the caller may see them."""
    return seen_by(caller, contract_named(dataset, even_deleted=True), fields)


def class_of(contract: ContractSpec, column: str) -> Classification:
    """Who may see a column. One that the contract does not know counts as personal in a data set about people: nobody
    has said that it is not."""
    is_about_people = any(field.is_personal for field in contract.fields)
    unknown = Classification.PERSONAL if is_about_people else Classification.INTERNAL
    return classification_of(contract, column) or unknown


def hidden_classes(caller: Caller) -> frozenset[Classification]:
    """Fields of these classes the caller cannot look for: secrets nobody, personal ones those without the right."""
    personal = () if may_see_personal_data(caller) else (Classification.PERSONAL,)
    return frozenset({Classification.SECRET, *personal})


def seen_by(caller: Caller, contract: ContractSpec, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Some fields of a data set as the caller may see them."""
    shown = dict(fields)
    for name, kind in _veiled(contract, tuple(shown), has_personal=may_see_personal_data(caller)):
        if not shown[name]:
            continue
        if kind is not Classification.SECRET:
            shown[name] = mask(shown[name])
        else:
            shown[name] = _opened(str(shown[name]), name) if caller.has_perm(SECRET_PERMISSION) else MASK
    return shown


@lru_cache(maxsize=1000)
def _veiled(
    contract: ContractSpec, names: tuple[str, ...], *, has_personal: bool
) -> Sequence[tuple[str, Classification]]:
    """The fields that are not shown as they are stored. Records of a list mostly have the same ones."""
    veiled = {Classification.SECRET} if has_personal else {Classification.SECRET, Classification.PERSONAL}
    return [(name, kind) for name in names if (kind := class_of(contract, name)) in veiled]


def _complete(contract: ContractSpec, record: Record, caller: Caller) -> dict[str, Any]:
    return seen_by(caller, contract, {**dict.fromkeys(contract.field_names()), **record.fields})


def require_clear_sight(dataset: str, caller: Caller) -> None:
    """Raise `Forbidden` unless the caller may see every value of a data set. Masked values would be of no use in a file
    that is loaded again: they would take the place of the real ones."""
    for kind, permission in _clear_sight(dataset):
        if not caller.has_perm(permission):
            raise Forbidden(
                f"Files of {dataset} hold {kind} data in clear: you need the permission {permission}."
            )


def may_see_clear(dataset: str, caller: Caller) -> bool:
    """Whether `require_clear_sight` lets the caller pass."""
    return all(caller.has_perm(permission) for _kind, permission in _clear_sight(dataset))


def _clear_sight(dataset: str) -> Iterator[tuple[Classification, str]]:
    """The kinds of data of a data set that not everybody sees, and the permission to see each."""
    contract = None if dataset == DOCUMENTS else contract_named(dataset, even_deleted=True)
    kinds = {field.classification for field in contract.fields} if contract else {Classification.PERSONAL}
    needed = {Classification.PERSONAL: PERMISSION, Classification.SECRET: SECRET_PERMISSION}
    yield from ((kind, permission) for kind, permission in needed.items() if kind in kinds)


def present_revision(dataset: str, revision: Revision, caller: Caller) -> Revision:
    """A revision as the caller may see it."""
    contract = contract_named(dataset, even_deleted=True)
    seen = {
        "fields": seen_by(caller, contract, revision.fields),
        "errors": _visible_errors(contract, revision.errors, caller),
    }
    return revision.model_copy(update=seen)


def present_preview(preview: Preview, caller: Caller) -> Preview:
    """A dry run as the caller may see it. The text of a row that cannot be parsed may hold anything."""
    if preview.dataset == DOCUMENTS:
        return preview
    contract = contract_named(preview.dataset)
    rows = [_visible_row(contract, row, caller) for row in preview.rows]
    updates = [_visible_update(contract, update, caller) for update in preview.updates]
    return preview.model_copy(update={"rows": rows, "updates": updates})


def present_look(look: FileLook, caller: Caller) -> FileLook:
    """The first look at a file as the caller may see it."""
    if look.dataset in (None, DOCUMENTS):
        return look
    contract = contract_named(look.dataset)
    return look.model_copy(update={"rows": [_visible_row(contract, row, caller) for row in look.rows]})


def _visible_row(contract: ContractSpec, row: PreviewRow, caller: Caller) -> PreviewRow:
    text = row.raw_text if may_see_personal_data(caller) else mask(row.raw_text)
    if text and any(field.classification is Classification.SECRET for field in contract.fields):
        text = _opened(text, "raw_text") if caller.has_perm(SECRET_PERMISSION) else MASK
    return row.model_copy(update={"fields": seen_by(caller, contract, row.fields), "raw_text": text})


def _visible_update(contract: ContractSpec, update: PreviewUpdate, caller: Caller) -> PreviewUpdate:
    return update.model_copy(update={"changes": _visible_changes(contract, update.changes, caller)})


def _visible_changes(
    contract: ContractSpec, changes: Sequence[FieldChange], caller: Caller
) -> list[FieldChange]:
    old = seen_by(caller, contract, {change.field: change.old for change in changes})
    new = seen_by(caller, contract, {change.field: change.new for change in changes})
    return [FieldChange(field=name, old=old[name], new=new[name]) for name in old]


def present_repair(repair: Repair, caller: Caller) -> Repair:
    """A repair as the caller may see it."""
    contract = contract_named(repair.dataset)
    return repair.model_copy(
        update={"rows": [_visible_repaired(contract, row, caller) for row in repair.rows]}
    )


def _visible_repaired(contract: ContractSpec, row: RepairedRow, caller: Caller) -> RepairedRow:
    seen = {
        "changes": _visible_changes(contract, row.changes, caller),
        "errors": _visible_errors(contract, row.errors, caller),
    }
    return row.model_copy(update=seen)


def visible_about(
    contract: ContractSpec, errors: Sequence[dict[str, Any]], conflict: Mapping[str, Any], caller: Caller
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The errors and the conflicts of a record as the caller may see them."""
    return _visible_errors(contract, errors, caller), _visible_conflict(contract, conflict, caller)


def _visible_conflict(
    contract: ContractSpec, conflict: Mapping[str, Any], caller: Caller
) -> dict[str, dict[str, Any]]:
    sides = ("received_before", "received_now", "patched")
    seen = {
        side: seen_by(caller, contract, {name: known[side] for name, known in conflict.items()})
        for side in sides
        if conflict
    }
    return {name: {side: seen[side][name] for side in sides} for name in conflict}


def _visible_errors(
    contract: ContractSpec, errors: Sequence[dict[str, Any]], caller: Caller
) -> list[dict[str, Any]]:
    """The class of a field may be another one than when the row was checked."""
    if not errors:
        return []
    hidden = hidden_classes(caller)
    return [
        {**error, "value": None} if class_of(contract, error["field"]) in hidden else error
        for error in errors
    ]


def _opened(text: str, field: str) -> str:
    return resolve(FieldCipher).decrypt(text, field)
