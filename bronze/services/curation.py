"""Edits of staff on top of raw records, and the check that decides whether a record is valid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

import orjson

from bronze.contracts import ContractSpec
from bronze.domain import Record
from bronze.encryption import FieldCipher
from bronze.errors import ConflictNotFound
from bronze.history import changes
from bronze.incoming import secret_columns
from bronze.models import RawRecord
from bronze.repositories import RawRecords, atomic, contract_named
from bronze.rows import frame_of
from bronze.validation import check
from lakehouse_project.kernel.events import EventBus

Kept = Literal["patch", "received"]


@dataclass(frozen=True, kw_only=True)
class RecheckRecords:
    """Check records, edits included, against their contract: valid, or quarantined with the reasons."""

    records: RawRecords
    cipher: FieldCipher

    def __call__(self, ids: Sequence[int]) -> None:
        rows = sorted(self.records.by_id(ids), key=lambda record: record.dataset)
        for dataset, of_dataset in groupby(rows, key=lambda record: record.dataset):
            self._recheck(contract_named(dataset), list(of_dataset))

    def _recheck(self, contract: ContractSpec, records: list[Record]) -> None:
        checked = check(frame_of([self._plain(record, contract) for record in records]), contract)
        for record, errors in zip(records, checked["_errors"], strict=True):
            self.records.set_outcome(record.id, orjson.loads(errors))

    def _plain(self, record: Record, contract: ContractSpec) -> dict[str, Any]:
        opened = {
            name: self.cipher.decrypt(str(record.fields[name]), name)
            for name in secret_columns(contract, record.fields)
            if record.fields[name]
        }
        return record.fields | opened


@dataclass(frozen=True, kw_only=True)
class EditRecord:
    """Put an edit on top of a record; what was received stays as it is."""

    records: RawRecords
    recheck: RecheckRecords
    events: EventBus
    cipher: FieldCipher

    def __call__(self, record_id: int, patch: Mapping[str, Any]) -> Record:
        """`patch`: field -> value, null meaning null; an empty one takes earlier edits back.

        A new edit of a field settles its conflict. Raises `RecordNotFound`.
        """
        with atomic():
            before = self.records.locked(record_id)
            (record,) = self.records.by_id([record_id])
            sealed = {**patch, **self._sealed(record, patch)}
            self.records.set_patch(record_id, sealed, _unsettled(before, sealed))
            self.recheck([record_id])
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


def _unsettled(before: RawRecord, patch: Mapping[str, Any]) -> dict[str, Any]:
    """The conflicts of fields that an edit leaves as they were."""
    return {
        name: known
        for name, known in before.conflict.items()
        if name in patch and patch[name] == before.patch.get(name)
    }


@dataclass(frozen=True, kw_only=True)
class ResolveConflict:
    """Choose between the edit of a field and what a later file says."""

    records: RawRecords
    recheck: RecheckRecords
    events: EventBus

    def __call__(self, record_id: int, field: str, *, keep: Kept) -> Record:
        """Raises `RecordNotFound` or `ConflictNotFound`."""
        with changes(f"conflict over {field}: {keep} kept"), atomic():
            row = self.records.locked(record_id)
            if field not in row.conflict:
                raise ConflictNotFound(f"{row.key} of {row.dataset_id} has no conflict over {field!r}.")
            dropped = {field} if keep == "received" else set()
            patch = {name: value for name, value in row.patch.items() if name not in dropped}
            conflict = {name: known for name, known in row.conflict.items() if name != field}
            self.records.set_patch(record_id, patch, conflict)
            self.recheck([record_id])
            self.events.publish("bronze.changed")
            (record,) = self.records.by_id([record_id])
            return record
