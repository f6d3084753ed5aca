"""Going back: to an earlier revision of a record, or to before a file."""

from collections.abc import Collection
from dataclasses import dataclass

from bronze.busy import again_if_busy
from bronze.catalog import all_contracts
from bronze.domain import Record, Undone
from bronze.history import Revisions, changes
from bronze.references import release, release_within
from bronze.repositories import RawRecords, SourceFiles
from bronze.services.curation import RecheckRecords
from bronze.transactions import atomic, rolled_back
from bronze.undo import FileUndo
from bronze.withdrawn import hold_back, is_needed
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.preconditions import require_revision


@dataclass(frozen=True, kw_only=True)
class RestoreRevision:
    """Bring an earlier revision of a record back, as a new one."""

    records: RawRecords
    revisions: Revisions
    recheck: RecheckRecords
    events: EventBus

    @again_if_busy
    def __call__(self, record_id: int, revision: int, *, expected: Collection[str] | None = None) -> Record:
        """`expected`: ETags of the revisions that may be replaced, None: any.

        Raises `RecordNotFound`, `RevisionNotFound`, `PreconditionFailed`, or `RecordExists` if the key that the revision
        had belongs to another record now.
        """
        with changes(f"revision {revision} restored"), atomic():
            current = self.records.locked(record_id, with_all_keys=True)
            require_revision(current.revision, expected)
            self.revisions.restore(current, revision)
            restored = self.records.locked(record_id)
            is_unparsed = restored.raw_text is not None and not restored.patch
            if restored.status != "deleted" and not is_unparsed:
                self.recheck([record_id])
            self.events.publish("bronze.changed")
            (record,) = self.records.by_id([record_id])
            return record


@dataclass(frozen=True, kw_only=True)
class PreviewUndo:
    """What undoing a file would do."""

    files: SourceFiles
    undo: FileUndo

    def __call__(self, file_id: int) -> Undone:
        """Raises `FileNotReceived` or `FileNotLoaded`."""
        with rolled_back():
            file = self.files.hold_loaded(file_id)
            undone = self.undo.plan(file)
            if not is_needed(file.dataset):
                return undone
            self.undo.carry_out(file)
            return undone.model_copy(update={"waiting": hold_back(file.dataset)})


@dataclass(frozen=True, kw_only=True)
class UndoFile:
    """Take a loaded file back: put back what it updated, remove what it inserted, leave what was changed since.

    Rows that wait for what comes back wait no longer, and those that need what is removed wait again. Its receipt stays. The
    same bytes can be sent again.
    """

    files: SourceFiles
    undo: FileUndo
    events: EventBus

    @again_if_busy
    def __call__(self, file_id: int) -> Undone:
        """Raises `FileNotReceived` or `FileNotLoaded`."""
        with changes(f"undo of file {file_id}"), atomic():
            file = self.files.hold_loaded(file_id)
            self.files.one_at_a_time(file.dataset)
            undone = self.undo.plan(file)
            self.undo.carry_out(file)
            waiting = hold_back(file.dataset) if is_needed(file.dataset) else 0
            _release(file.dataset)
            self.events.publish("bronze.changed")
            return undone.model_copy(update={"file": self.files.mark_undone(file_id), "waiting": waiting})


def _release(dataset: str) -> None:
    """What an earlier file had put into quarantine for want of a record may have come back while that record is there."""
    if contract := all_contracts().get(dataset):
        release_within(contract)
        release(dataset)
