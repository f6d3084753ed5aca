"""Single raw records: create, replace, change, delete. They pass the same check and merge as rows of files."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from bronze.busy import again_if_busy
from bronze.catalog import contract_named
from bronze.contracts import ContractSpec
from bronze.domain import Record
from bronze.encryption import FieldCipher
from bronze.errors import ContractViolation, RecordExists, RecordInUse, RecordNotFound
from bronze.history import changes as history
from bronze.incoming import secret_columns
from bronze.readers.json_text import JsonDecoder, cell
from bronze.references import unbound
from bronze.repositories import RawRecords
from bronze.services.checked import CheckedRows, checked_rows
from bronze.services.curation import EditRecord, RecheckRecords
from bronze.services.named import Fields
from bronze.services.unknown import no_fields, unknown_fields
from bronze.stored_rows import patch_of
from bronze.transactions import atomic
from bronze.uses import held_uses
from bronze.validation import MAX_KEY
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.preconditions import require_revision


@dataclass(frozen=True, kw_only=True)
class RowGate:
    """Checks one row that came over the API, and writes it."""

    records: RawRecords
    cipher: FieldCipher
    events: EventBus

    def checked(
        self, contract: ContractSpec, fields: Fields, stored: Collection[str] = ()
    ) -> tuple[str, CheckedRows]:
        """The key of a row that keeps its contract, and the row. Raises `ContractViolation` naming every failed rule.

        `stored`: names of fields that the record has already, so that the row may have them.
        """
        checked = checked_rows(contract, [fields], self.records, self.cipher)
        errors = list(unknown_fields(contract, fields, stored))
        errors += [FieldError(**error) for error in orjson.loads(checked.rows["errors"][0])]
        errors += _missing_references(contract, fields)
        errors += [] if errors else no_fields(fields)
        key = checked.rows["key"][0]
        if not errors and key is None:
            message = f"{contract.key[0]} is longer than a key may be ({MAX_KEY} characters)"
            errors.append(FieldError(contract.key[0], "key_length", message))
        _refuse(contract, errors)
        return str(key), checked

    def write(self, row: CheckedRows) -> None:
        """Merge a checked row. Call it in a transaction that has locked the row's key.

        Raises `ContractViolation` if a record that it refers to has been deleted since.
        """
        _refuse(row.contract, _missing_references(row.contract, row.given[0], hold=True))
        row.merge([0])
        self.events.publish("bronze.changed")

    def stored(self, contract: ContractSpec, key: str) -> dict[str, Any]:
        """The fields of a record as they could be written again: secrets opened, numbers with every digit."""
        text = self.records.text_of(contract.name, key)
        fields: dict[str, Any] = JsonDecoder().decode_at(text, 0)[0]
        secrets = [name for name in secret_columns(contract, fields) if fields[name]]
        return fields | {name: self.cipher.decrypt(str(fields[name]), name) for name in secrets}

    def checked_with_key(
        self, contract: ContractSpec, fields: Fields, key: str, stored: Collection[str] = ()
    ) -> CheckedRows:
        """The row. Raises `ContractViolation` unless it keeps its contract and has this key."""
        given, checked = self.checked(contract, fields, stored)
        if given == key:
            return checked
        if not contract.key:
            raise ContractViolation(
                f"{contract.name} makes keys from the content, so that other content is another record: "
                "change single fields with PATCH, or delete and create."
            )
        message = "A key cannot change: delete and create instead."
        raise ContractViolation(
            f"The row has the key {given!r}, the address {key!r}.",
            errors=[FieldError(name, "key_mismatch", message) for name in contract.key],
        )

    def require_change(
        self, contract: ContractSpec, fields: Fields, key: str, stored: Collection[str]
    ) -> None:
        """As `checked_with_key`; a key that was made from the content as received stays when edits are put on top."""
        if contract.key:
            self.checked_with_key(contract, fields, key, stored)
        else:
            self.checked(contract, fields, stored)


def _missing_references(contract: ContractSpec, fields: Fields, *, hold: bool = False) -> list[FieldError]:
    return [replace(error, row=None) for error in unbound(contract, [fields], hold=hold)]


def _refuse(contract: ContractSpec, errors: Sequence[FieldError]) -> None:
    if errors:
        names = ", ".join(dict.fromkeys(error.field for error in errors))
        raise ContractViolation(f"The row breaks the contract of {contract.name}: {names}.", errors=errors)


@dataclass(frozen=True, kw_only=True)
class CreateRecord:
    """Add a record."""

    gate: RowGate

    @again_if_busy
    def __call__(self, dataset: str, fields: Fields) -> Record:
        """Raises `ContractViolation`, or `RecordExists` if the key is taken."""
        contract = contract_named(dataset)
        key, row = self.gate.checked(contract, fields)
        records = self.gate.records
        with atomic():
            there = records.lock(dataset, key)
            if there is not None:
                record_id, is_deleted = there
                if not is_deleted:
                    raise RecordExists(
                        f"{dataset} has a record with the key {key!r} already. Use PUT to replace it."
                    )
                records.reset(record_id)
            self.gate.write(row)
            return records.get(dataset, key)


@dataclass(frozen=True, kw_only=True)
class ReplaceRecord:
    """Put a new version of a record in the place of the old one; edits of staff on top are dropped."""

    gate: RowGate

    @again_if_busy
    def __call__(
        self, dataset: str, key: str, fields: Fields, *, expected: Collection[str] | None = None
    ) -> Record:
        """`expected`: ETags of the revisions that may be replaced, None: any.

        Raises `RecordNotFound`, `PreconditionFailed`, or `ContractViolation` also if the row names another key than `key`.
        """
        contract = contract_named(dataset)
        records = self.gate.records
        with atomic():
            records.lock(dataset, key)
            current = records.get(dataset, key)
            require_revision(current.revision, expected)
            whole = _with_key(contract, key, fields)
            row = self.gate.checked_with_key(contract, whole, key, current.fields)
            records.reset(current.id)
            self.gate.write(row)
            return records.get(dataset, key)


@dataclass(frozen=True, kw_only=True)
class ChangeRecord:
    """Change some fields of a record, as an edit on top of what was received: a later file does not undo it."""

    gate: RowGate
    edit: EditRecord

    @again_if_busy
    def __call__(
        self, dataset: str, key: str, changes: Fields, *, expected: Collection[str] | None = None
    ) -> Record:
        """`changes`: field -> new value, null to empty it. Raises as `ReplaceRecord` does."""
        contract = contract_named(dataset)
        records = self.gate.records
        with atomic():
            records.lock(dataset, key)
            current = records.get(dataset, key)
            require_revision(current.revision, expected)
            stored = self.gate.stored(contract, key)
            self.gate.require_change(contract, stored | dict(changes), key, stored)
            new = {name: value for name, value in changes.items() if cell(value) != cell(stored.get(name))}
            if new:
                self.edit(current.id, {**patch_of(current.id), **new})
            return records.get(dataset, key)


@dataclass(frozen=True, kw_only=True)
class DeleteRecord:
    """Delete a record: a tombstone stays, and the layers above forget it."""

    records: RawRecords
    events: EventBus

    @again_if_busy
    def __call__(
        self, dataset: str, key: str, *, expected: Collection[str] | None = None, note: str = ""
    ) -> None:
        """`expected`: as for `ReplaceRecord`. `note`: why, for the history.

        Raises `RecordNotFound`, `PreconditionFailed`, or `RecordInUse` while other records need it.
        """
        contract_named(dataset)
        with history(_because("record deleted", note)), atomic():
            self.records.lock(dataset, key)
            require_revision(self.records.get(dataset, key).revision, expected)
            if used := held_uses(dataset, key).get(key):
                raise RecordInUse(in_use(dataset, key, used))
            self.records.delete(dataset, key)
            self.events.publish("bronze.changed")


@dataclass(frozen=True, kw_only=True)
class RestoreRecord:
    """Bring a deleted record back as it was, edits included. It is checked again."""

    gate: RowGate
    recheck: RecheckRecords

    @again_if_busy
    def __call__(
        self, dataset: str, key: str, *, expected: Collection[str] | None = None, note: str = ""
    ) -> Record:
        """`expected` and `note`: as for `DeleteRecord`.

        Raises `RecordNotFound`, `RecordExists` if it is not deleted, `PreconditionFailed`, or `ContractViolation` if it
        names a record that is missing.
        """
        contract = contract_named(dataset)
        records = self.gate.records
        with history(_because("record restored", note)), atomic():
            there = records.lock(dataset, key)
            if there is None:
                raise RecordNotFound(f"{dataset} has and had no record with the key {key!r}.")
            record_id, is_deleted = there
            if not is_deleted:
                raise RecordExists(f"The record {key!r} of {dataset} is not deleted.")
            row = records.locked(record_id)
            require_revision(row.revision, expected)
            records.bring_back(row.pk)
            _refuse(contract, _missing_references(contract, self.gate.stored(contract, key), hold=True))
            if row.raw_text is None or row.patch:
                self.recheck([row.pk])
            self.gate.events.publish("bronze.changed")
            return records.get(dataset, key)


def _because(what: str, note: str) -> str:
    return f"{what} ({note})" if note else what


def in_use(dataset: str, key: str, counts: Mapping[str, int]) -> str:
    users = ", ".join(f"{count} in {name}" for name, count in counts.items())
    return f"Other records refer to {key!r} of {dataset}: {users}. Delete those first."


def _with_key(contract: ContractSpec, key: str, fields: Fields) -> dict[str, Any]:
    """A single-field key may be left out of the body: the address has it."""
    if len(contract.key) == 1 and contract.key[0] not in fields:
        return {contract.key[0]: key, **fields}
    return dict(fields)
