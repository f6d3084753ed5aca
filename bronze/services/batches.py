"""Batches of raw records: many rows, one check, one merge, one transaction."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from bronze.busy import again_if_busy
from bronze.catalog import contract_named
from bronze.contracts import ContractSpec
from bronze.domain import RowOutcome
from bronze.encryption import FieldCipher
from bronze.errors import BatchConflict, BatchRefused, BatchSize, RecordExists, RecordInUse, RecordNotFound
from bronze.incoming import NO_ERRORS
from bronze.references import unbound
from bronze.repositories import RawRecords
from bronze.services.checked import CheckedRows, checked_rows
from bronze.services.named import REVISION, Fields, keyless, keys_of, outdated
from bronze.services.records import in_use
from bronze.services.unknown import no_fields, unknown_fields
from bronze.transactions import atomic
from bronze.uses import held_uses
from bronze.validation import MAX_KEY
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.preconditions import PreconditionFailed

MAX_ROWS = 1000

There = Mapping[str, tuple[int, bool]]
"""Key -> id of its record, and whether that is deleted."""


@dataclass(frozen=True)
class Batch:
    """The key of each row, None where it has none, and what is wrong with it; in the order of the request."""

    keys: Sequence[str | None]
    errors: Sequence[list[FieldError]]

    def refuse(self, row: int, field: str, rule: str, message: str) -> None:
        self.errors[row].append(FieldError(field, rule, message, row=row))

    def refuse_repeated(self, field: str) -> None:
        first: dict[str, int] = {}
        for row, key in self.keyed():
            if first.setdefault(key, row) != row:
                self.refuse(row, field, "duplicate_key", f"row {first[key]} has the same key")

    def keyed(self) -> list[tuple[int, str]]:
        return [(row, key) for row, key in enumerate(self.keys) if key is not None]

    def good(self) -> dict[int, str]:
        return {row: key for row, key in self.keyed() if not self.errors[row]}

    def require_all(self) -> None:
        """Raises `BatchRefused`, or `BatchConflict` if nothing but the state of the records is in the way."""
        errors = [error for of_row in self.errors for error in of_row]
        if not errors:
            return
        rows = sum(1 for of_row in self.errors if of_row)
        message = (
            f"{rows} of {len(self.keys)} rows cannot be taken, so none was. Mode partial takes the others."
        )
        conflicts = {RecordExists.code, RecordInUse.code, PreconditionFailed.code}
        is_conflict = {error.rule for error in errors} <= conflicts
        raise (BatchConflict if is_conflict else BatchRefused)(message, errors=errors)

    def outcomes(self, there: There, revisions: Mapping[str, int]) -> list[RowOutcome]:
        """Of a batch that was written."""
        failed = [
            RowOutcome(row=row, outcome="failed", key=self.keys[row], revision=None, errors=tuple(errors))
            for row, errors in enumerate(self.errors)
            if errors
        ]
        written = [
            RowOutcome(
                row=row,
                outcome="replaced" if _is_live(there, key) else "created",
                key=key,
                revision=revisions[key],
            )
            for row, key in self.good().items()
        ]
        return sorted(failed + written, key=lambda outcome: outcome.row)


@dataclass(frozen=True, kw_only=True)
class WriteBatch:
    """Add records; with `replace` also put new versions in the place of those that are there."""

    records: RawRecords
    cipher: FieldCipher
    events: EventBus

    @again_if_busy
    def __call__(
        self, dataset: str, rows: Sequence[Fields | FieldError], *, replace: bool, partial: bool = False
    ) -> list[RowOutcome]:
        """`rows`: 1 to 1000, an error in the place of one that could not be read. `partial`: write the good ones.

        Raises `BatchSize`, and unless `partial` `BatchRefused` or `BatchConflict`: then nothing was written.
        """
        require_size(rows)
        contract = contract_named(dataset)
        fields = [{} if isinstance(row, FieldError) else row for row in rows]
        checked = checked_rows(contract, fields, self.records, self.cipher)
        batch = _read(contract, rows, checked.rows)
        with atomic():
            there = self.records.lock_all(dataset, [key for _row, key in batch.keyed()])
            if not replace:
                _refuse_taken(contract, batch, there)
            for error in (*self._unknown(contract, batch, fields), *unbound(contract, fields, hold=True)):
                batch.errors[error.row or 0].append(error)
            if not partial:
                batch.require_all()
            return batch.outcomes(there, self._write(batch, checked, there))

    def _unknown(
        self, contract: ContractSpec, batch: Batch, fields: Sequence[Fields]
    ) -> Iterator[FieldError]:
        """Fields that are misspelled. A row may have those that the record of its key has."""
        known = set(contract.field_names())
        odd = (row for row, values in enumerate(fields) if not values.keys() <= known)
        unknown = [row for row in odd if any(unknown_fields(contract, fields[row]))]
        keys = [key for row in unknown if (key := batch.keys[row]) is not None]
        stored = self.records.names_of(contract.name, keys) if keys else {}
        for row in unknown:
            yield from unknown_fields(contract, fields[row], stored.get(batch.keys[row] or "", ()), row=row)

    def _write(self, batch: Batch, checked: CheckedRows, there: There) -> Mapping[str, int]:
        """The revisions of the good rows, written."""
        good = batch.good()
        if good:
            self.records.reset(*(there[key][0] for key in good.values() if key in there))
            checked.merge(list(good))
            self.events.publish("bronze.changed")
        return self.records.revisions(checked.contract.name, list(good.values()))


@dataclass(frozen=True, kw_only=True)
class DeleteBatch:
    """Delete records: tombstones stay, and the layers above forget them."""

    records: RawRecords
    events: EventBus

    @again_if_busy
    def __call__(
        self, dataset: str, rows: Sequence[Fields | FieldError], *, partial: bool = False
    ) -> list[RowOutcome]:
        """`rows`: 1 to 1000, each with its key fields or `_key`, and `_revision` if it matters.

        Raises as `WriteBatch` does; a key without a record counts as a bad row.
        """
        require_size(rows)
        contract = contract_named(dataset)
        fields = [{} if isinstance(row, FieldError) else row for row in rows]
        batch = named_batch(contract, rows, fields, "deletes")
        named = [key for _row, key in batch.keyed()]
        with atomic():
            there = self.records.lock_all(dataset, named)
            self._refuse_kept(dataset, batch, there)
            self._refuse_outdated(dataset, batch, fields)
            if not partial:
                batch.require_all()
            good = batch.good()
            if good:
                self.records.delete(dataset, *good.values())
                self.events.publish("bronze.changed")
            outcomes = batch.outcomes(there, self.records.revisions(dataset, named))
        return [_deleted(outcome) for outcome in outcomes]

    def _refuse_kept(self, dataset: str, batch: Batch, there: There) -> None:
        used = held_uses(dataset, *(key for _row, key in batch.keyed()))
        for row, key in batch.keyed():
            if not _is_live(there, key):
                batch.refuse(row, "", RecordNotFound.code, f"{dataset} has no record with the key {key!r}.")
            elif key in used:
                batch.refuse(row, "", RecordInUse.code, in_use(dataset, key, used[key]))

    def _refuse_outdated(self, dataset: str, batch: Batch, fields: Sequence[Fields]) -> None:
        asked = {row: key for row, key in batch.good().items() if REVISION in fields[row]}
        found = self.records.revisions(dataset, list(asked.values())) if asked else {}
        for error in outdated(
            {row: fields[row] for row in asked}, {row: found[key] for row, key in asked.items()}
        ):
            batch.errors[error.row or 0].append(error)


def named_batch(
    contract: ContractSpec, rows: Sequence[Fields | FieldError], fields: Sequence[Fields], what: str
) -> Batch:
    """The batch of rows that name records. `what` is done with them."""
    batch = Batch(keys_of(contract, fields), [[row] if isinstance(row, FieldError) else [] for row in rows])
    for row, key in enumerate(batch.keys):
        if key is None and not batch.errors[row]:
            batch.errors[row].append(keyless(contract, row, what))
    batch.refuse_repeated("")
    return batch


def require_size(rows: Collection[Any]) -> None:
    if not 1 <= len(rows) <= MAX_ROWS:
        raise BatchSize(f"A batch has 1 to {MAX_ROWS} rows, this one has {len(rows)}.")


def _read(contract: ContractSpec, rows: Sequence[Fields | FieldError], frame: pl.DataFrame) -> Batch:
    """The batch after the check of the contract."""
    batch = Batch(frame["key"].to_list(), [[] for _row in rows])
    for number, (row, found) in enumerate(zip(rows, frame["errors"], strict=True)):
        if isinstance(row, FieldError):
            batch.errors[number].append(row)
        elif found != NO_ERRORS:
            batch.errors[number].extend(FieldError(**error, row=number) for error in orjson.loads(found))
        elif not row:
            batch.errors[number].extend(no_fields(row, row=number))
        elif batch.keys[number] is None:
            message = f"{contract.key[0]} is longer than a key may be ({MAX_KEY} characters)"
            batch.refuse(number, contract.key[0], "key_length", message)
    batch.refuse_repeated(_key_field(contract))
    return batch


def _key_field(contract: ContractSpec) -> str:
    """The field that an error about a key names; none where the key is made from the content."""
    return contract.key[0] if contract.key else ""


def _refuse_taken(contract: ContractSpec, batch: Batch, there: There) -> None:
    for row, key in batch.keyed():
        if _is_live(there, key):
            message = f"{contract.name} has a record with the key {key!r} already."
            batch.refuse(row, _key_field(contract), RecordExists.code, message)


def _is_live(there: There, key: str) -> bool:
    return key in there and not there[key][1]


def _deleted(outcome: RowOutcome) -> RowOutcome:
    return outcome if outcome.errors else outcome.model_copy(update={"outcome": "deleted"})
