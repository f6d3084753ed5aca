"""Edits of staff on top of raw records, and the check that decides whether a record is valid."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from bronze.busy import again_if_busy
from bronze.catalog import contract_named
from bronze.conflicts import Conflicts
from bronze.domain import Record
from bronze.encryption import FieldCipher
from bronze.errors import ConflictNotFound, ContractViolation
from bronze.history import changes
from bronze.incoming import secret_columns
from bronze.models import RawRecord
from bronze.readers.json_text import cell, encode
from bronze.references import release
from bronze.repositories import RawRecords
from bronze.rows import KEYLESS, frame_of
from bronze.stored_rows import ids_by_dataset, outcomes, patch_of, read_stored, with_fields, write_outcomes
from bronze.transactions import atomic
from bronze.validation import check
from lakehouse_project.kernel.errors import FieldError
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.preconditions import require_revision

AT_ONCE = 20_000
"""Records that are held in memory at a time."""

Kept = Literal["patch", "received"]


@dataclass(frozen=True, kw_only=True)
class RecheckRecords:
    """Check records, edits included, against their contract: valid, or quarantined with the reasons."""

    cipher: FieldCipher

    def __call__(self, ids: Sequence[int]) -> None:
        """A row without a key that has got one by an edit gets its natural key, if that is free."""
        for first in range(0, len(ids), AT_ONCE):
            for dataset, some in ids_by_dataset(ids[first : first + AT_ONCE]).items():
                contract = contract_named(dataset)
                write_outcomes(outcomes(contract, read_stored(contract, self.cipher, some)))
                release(dataset)


@dataclass(frozen=True, kw_only=True)
class StorePatch:
    """Store the edits on top of a record and what the check says of it with them, as one revision."""

    cipher: FieldCipher

    def __call__(self, row: RawRecord, patch: Mapping[str, Any]) -> None:
        """`row` is locked. Secrets of `patch` are sealed. An edit that is another one now settles its conflict."""
        contract = contract_named(row.dataset_id)
        touched = {**row.patch, **patch}
        fields = {name: patch.get(name, row.payload.get(name)) for name in touched}
        stored = read_stored(contract, self.cipher, [row.pk])
        found = outcomes(contract, with_fields(stored, contract, self.cipher, fields))
        write_outcomes(found.with_columns(patch=pl.lit(encode(dict(patch)))), anew=True)
        release(contract.name)


@dataclass(frozen=True, kw_only=True)
class EditRecord:
    """Put an edit on top of a record; what was received stays as it is."""

    records: RawRecords
    store: StorePatch
    events: EventBus
    cipher: FieldCipher

    @again_if_busy
    def __call__(
        self, record_id: int, patch: Mapping[str, Any], *, expected: Collection[str] | None = None
    ) -> Record:
        """`patch`: field -> value, null meaning null; an empty one takes earlier edits back.

        `expected`: ETags of the revisions that may be edited, None: any. A new edit of a field settles its conflict.
        Raises `RecordNotFound`, `PreconditionFailed`, or `ContractViolation` if the key of a record that has one changes.
        """
        with atomic():
            before = self.records.locked(record_id)
            require_revision(before.revision, expected)
            _require_same_key(before, patch)
            (record,) = self.records.by_id([record_id])
            self.store(before, {**patch, **self._sealed(record, patch)})
            self.events.publish("bronze.changed")
            (edited,) = self.records.by_id([record_id])
            return edited

    def _sealed(self, record: Record, patch: Mapping[str, Any]) -> dict[str, str]:
        """The secrets of `patch` encrypted; those that it repeats from the record are so already."""
        return {
            name: self.cipher.encrypt(str(patch[name]), name)
            for name in secret_columns(contract_named(record.dataset), patch)
            if patch[name] and patch[name] != record.fields.get(name)
        }


def _require_same_key(before: RawRecord, patch: Mapping[str, Any]) -> None:
    contract = contract_named(before.dataset_id)
    touched = [name for name in contract.key if cell(patch.get(name)) != cell(before.patch.get(name))]
    if before.key.startswith(KEYLESS) or not touched:
        return
    key = check(frame_of([{**before.payload, **patch}]), contract)["_key"][0]
    if key != before.key:
        message = "is the key of this record and cannot change: delete it and create another"
        errors = [FieldError(name, "key_mismatch", f"{name} {message}") for name in touched]
        raise ContractViolation(f"{', '.join(touched)} {message}.", errors=errors)


@dataclass(frozen=True, kw_only=True)
class ResolveConflict:
    """Choose between the edit of a field and what a later file says."""

    records: RawRecords
    store: StorePatch
    events: EventBus

    @again_if_busy
    def __call__(
        self, record_id: int, field: str, *, keep: Kept, expected: Collection[str] | None = None
    ) -> Record:
        """`expected`: as for `EditRecord`. Raises `RecordNotFound`, `ConflictNotFound` or `PreconditionFailed`."""
        with changes(f"conflict over {field}: {keep} kept"), atomic():
            row = self.records.locked(record_id)
            require_revision(row.revision, expected)
            if field not in row.conflict:
                raise ConflictNotFound(f"{row.key} of {row.dataset_id} has no conflict over {field!r}.")
            if keep == "received":
                patch = patch_of(record_id)
                self.store(row, {name: value for name, value in patch.items() if name != field})
            else:
                others = {name: known for name, known in row.conflict.items() if name != field}
                self.records.set_conflict(record_id, others)
            self.events.publish("bronze.changed")
            (record,) = self.records.by_id([record_id])
            return record


@dataclass(frozen=True, kw_only=True)
class ResolveConflicts:
    """Choose in the same way for all conflicts of many records."""

    conflicts: Conflicts
    recheck: RecheckRecords
    events: EventBus

    @again_if_busy
    def __call__(self, ids: Sequence[int], *, keep: Kept) -> int:
        """How many records had a conflict. Those without one are left alone."""
        with changes(f"conflicts: {keep} kept"), atomic():
            settled = self.conflicts.settle(ids, keep_edits=keep == "patch")
            if settled:
                self.recheck(settled)
                self.events.publish("bronze.changed")
            return len(settled)
