"""Changes of many records: some fields of each, as edits on top of what was received."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from bronze.catalog import contract_named
from bronze.contracts import ContractSpec
from bronze.domain import RowOutcome
from bronze.encryption import FieldCipher
from bronze.errors import RecordNotFound
from bronze.incoming import NO_ERRORS, secret_columns
from bronze.readers.json_text import JsonDecoder, cell, encode
from bronze.references import referring, release, unbound, with_unbound
from bronze.repositories import RawRecords
from bronze.rows import frame_of
from bronze.services.batches import Batch, require_size
from bronze.services.checked import Fields
from bronze.services.unknown import unknown_fields
from bronze.stored_rows import write_outcomes
from bronze.transactions import atomic
from bronze.validation import check
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.preconditions import PreconditionFailed

KEY, REVISION = "_key", "_revision"
"""Members of a row that are no fields: which record it is, where its key fields do not say so, and which revision of it the
caller has seen."""


@dataclass
class Target:
    """A row of the request and the record that it changes. `whole`: its fields as they shall be, secrets opened."""

    row: int
    key: str
    id: int
    stored: dict[str, Any]
    changes: dict[str, Any]

    @property
    def whole(self) -> dict[str, Any]:
        return self.stored | self.changes


@dataclass(frozen=True, kw_only=True)
class ChangeBatch:
    """Change some fields of many records; a later file does not undo it."""

    records: RawRecords
    cipher: FieldCipher
    events: EventBus

    def __call__(
        self, dataset: str, rows: Sequence[Fields | FieldError], *, partial: bool = False
    ) -> list[RowOutcome]:
        """`rows`: 1 to 1000, each with its key fields or `_key`, the fields to change, and `_revision` if it matters.

        Raises `BatchSize`, and unless `partial` `BatchRefused` or `BatchConflict`: then nothing was written.
        """
        require_size(rows)
        contract = contract_named(dataset)
        fields = [{} if isinstance(row, FieldError) else row for row in rows]
        batch = Batch(_keys(contract, fields), [[row] if isinstance(row, FieldError) else [] for row in rows])
        _refuse_keyless(contract, batch)
        batch.refuse_repeated("")
        with atomic():
            there = self.records.lock_all(dataset, [key for _row, key in batch.keyed()])
            targets = list(self._targets(contract, batch, fields))
            self._check(contract, batch, targets)
            if not partial:
                batch.require_all()
            self._write(contract, batch, targets)
            revisions = self.records.revisions(dataset, [key for _row, key in batch.keyed()])
            outcomes = batch.outcomes(there, revisions)
        return [_changed(outcome) for outcome in outcomes]

    def _targets(self, contract: ContractSpec, batch: Batch, fields: Sequence[Fields]) -> Iterator[Target]:
        """The records that the rows name; rows that name none, or another revision of it, are refused."""
        texts = self.records.texts_of(contract.name, [key for _row, key in batch.keyed()])
        for row, key in batch.good().items():
            if key not in texts:
                message = f"{contract.name} has no record with the key {key!r}."
                batch.refuse(row, "", RecordNotFound.code, message)
                continue
            pk, revision, text = texts[key]
            seen = fields[row].get(REVISION)
            if seen is not None and cell(seen) != str(revision):
                message = f"the record has been changed: it is at revision {revision}"
                batch.refuse(row, REVISION, PreconditionFailed.code, message)
                continue
            changes = {name: value for name, value in fields[row].items() if name not in (KEY, REVISION)}
            yield Target(row, key, pk, self._opened(contract, text), changes)

    def _opened(self, contract: ContractSpec, text: str) -> dict[str, Any]:
        fields: dict[str, Any] = JsonDecoder().decode_at(text, 0)[0]
        secrets = [name for name in secret_columns(contract, fields) if fields[name]]
        return fields | {name: self.cipher.decrypt(str(fields[name]), name) for name in secrets}

    def _check(self, contract: ContractSpec, batch: Batch, targets: Sequence[Target]) -> None:
        """Refuse rows that would break the contract."""
        if not targets:
            return
        wholes = [target.whole for target in targets]
        checked = check(frame_of(wholes), contract)
        for target, found in zip(targets, checked["_errors"], strict=True):
            errors = batch.errors[target.row]
            errors.extend(FieldError(**error, row=target.row) for error in orjson.loads(found))
            errors.extend(unknown_fields(contract, target.changes, target.stored, row=target.row))
        for target, key in zip(targets, checked["_key"], strict=True):
            if contract.key and key != target.key:
                message = "A key cannot change: delete and create instead."
                batch.refuse(target.row, contract.key[0], "key_mismatch", message)
        for error in unbound(contract, wholes, hold=True):
            target = targets[error.row or 0]
            batch.refuse(target.row, error.field, error.rule, error.message)

    def _write(self, contract: ContractSpec, batch: Batch, targets: Sequence[Target]) -> None:
        good = [target for target in targets if not batch.errors[target.row]]
        new = [(target, changes) for target in good if (changes := _new(target))]
        if not new:
            return
        none = pl.Series("errors", [NO_ERRORS] * len(new), dtype=pl.String)
        frame = pl.DataFrame(
            {
                "id": [target.id for target, _changes in new],
                "key": [target.key for target, _changes in new],
                "patch": [encode(self._sealed(contract, changes)) for _target, changes in new],
                "errors": with_unbound(contract, _awaiting(contract, [target for target, _ in new]), none),
            }
        )
        write_outcomes(frame)
        release(contract.name)
        self.events.publish("bronze.changed")

    def _sealed(self, contract: ContractSpec, changes: Mapping[str, Any]) -> dict[str, Any]:
        secrets = [name for name in secret_columns(contract, changes) if changes[name]]
        return {**changes, **{name: self.cipher.encrypt(str(changes[name]), name) for name in secrets}}


def _keys(contract: ContractSpec, rows: Sequence[Fields]) -> list[str | None]:
    """The keys that the rows name: `_key`, or what their key fields make."""
    named = [{name: row.get(name) for name in contract.key} for row in rows]
    keys = check(frame_of(named), contract)["_key"] if contract.key else [None] * len(rows)
    return [cell(row.get(KEY)) or key for row, key in zip(rows, keys, strict=True)]


def _refuse_keyless(contract: ContractSpec, batch: Batch) -> None:
    for row, key in enumerate(batch.keys):
        if key is None and not batch.errors[row]:
            names = " and ".join(contract.key)
            message = f"the row says by {names or KEY}{f' or {KEY}' if names else ''} which record it changes"
            batch.refuse(row, contract.key[0] if contract.key else KEY, "required", message)


def _new(target: Target) -> dict[str, Any]:
    """The changes that make a difference."""
    stored = target.stored
    return {name: value for name, value in target.changes.items() if cell(value) != cell(stored.get(name))}


def _awaiting(contract: ContractSpec, targets: Sequence[Target]) -> pl.DataFrame:
    """The fields that name records they may have to wait for, as they shall be."""
    names = [field.name for field in referring(contract, "quarantine")]
    return frame_of([{name: target.whole.get(name) for name in names} for target in targets])


def _changed(outcome: RowOutcome) -> RowOutcome:
    return outcome if outcome.errors else outcome.model_copy(update={"outcome": "changed"})
