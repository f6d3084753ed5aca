"""Edits of staff on top of raw records, and the check that decides whether a record is valid."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bronze.catalog import contract_named
from bronze.domain import Record
from bronze.encryption import FieldCipher
from bronze.errors import ConflictNotFound
from bronze.history import changes
from bronze.incoming import secret_columns
from bronze.models import RawRecord
from bronze.repositories import RawRecords, atomic
from bronze.stored_rows import ids_by_dataset, outcomes, read_stored, write_outcomes
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


@dataclass(frozen=True, kw_only=True)
class EditRecord:
    """Put an edit on top of a record; what was received stays as it is."""

    records: RawRecords
    recheck: RecheckRecords
    events: EventBus
    cipher: FieldCipher

    def __call__(
        self, record_id: int, patch: Mapping[str, Any], *, expected: Collection[str] | None = None
    ) -> Record:
        """`patch`: field -> value, null meaning null; an empty one takes earlier edits back.

        `expected`: ETags of the revisions that may be edited, None: any. A new edit of a field settles its conflict.
        Raises `RecordNotFound` or `PreconditionFailed`.
        """
        with atomic():
            before = self.records.locked(record_id)
            require_revision(before.revision, expected)
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
