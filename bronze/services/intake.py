"""Received files on their way into records and documents: loaded whole or not at all."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from bronze.busy import again_if_busy
from bronze.catalog import contract_named, duplicate_keys
from bronze.contracts import ContractSpec
from bronze.documents import Documents
from bronze.documents_text import DocumentJob, ExtractedDocument, Page, extract_documents
from bronze.domain import Receipt
from bronze.encryption import FieldCipher
from bronze.errors import OriginalMissing, RecordsBusy, WorkerDied
from bronze.file_runs import is_unwanted
from bronze.history import changes
from bronze.incoming import IncomingBatch, read_ahead
from bronze.loading import FileLoad, Prepared
from bronze.models import SourceFile
from bronze.readers import FileFormat, RowBatch, read_rows
from bronze.references import merge_bound, referring
from bronze.rejected import ReturnedRows, Settled
from bronze.repositories import MAX_ATTEMPTS, SourceFiles
from bronze.services.curation import RecheckRecords
from bronze.services.receiving import storage_key
from bronze.transactions import atomic
from governance.errors import OperationCancelled
from lake.storage import Storage
from lakehouse_project.kernel.errors import PermanentError
from lakehouse_project.kernel.events import EventBus

OnProgress = Callable[[int, int], None]
DOCUMENTS_AT_ONCE = 50
NOT_LOADED = "Loading was cancelled. Nothing of the file was kept; it can be loaded again."
USER_LINE = re.compile(r"^\s*User:\s*(\S{1,64})\s*$", re.MULTILINE)
"""A document that says `User: 1001` on a line of its own belongs to that user."""


def unheard(_done: int, _total: int) -> None:
    """Nobody wants to know how far it is."""


@dataclass(frozen=True)
class LoadedRows:
    """`touched`: records written at all. `returned`: what became of the rows in quarantine that rows have come back of."""

    receipt: Receipt
    touched: int
    returned: Settled


@dataclass(frozen=True, kw_only=True)
class MergeRows:
    """Read the rows of a file, check them and merge them into the raw records of a data set."""

    cipher: FieldCipher
    recheck: RecheckRecords

    def __call__(
        self,
        path: Path,
        file_format: FileFormat,
        dataset: str,
        file_id: int,
        *,
        seen: Callable[[pl.DataFrame], None] | None = None,
        bound: Callable[[Iterator[RowBatch]], Iterator[RowBatch]] = iter,
        on_progress: OnProgress = unheard,
    ) -> LoadedRows:
        """Call it in a transaction. `seen` is given each batch in `INCOMING_SCHEMA`; `bound` says which are taken.

        `on_progress` is told the bytes of the file that have been taken in, and its size."""
        contract = contract_named(dataset)
        returned = ReturnedRows(dataset)
        load = FileLoad(
            dataset,
            file_id,
            refuse_duplicates_of=self._unique_field(contract),
            may_copy=not any(referring(contract, "quarantine")),
        )

        def batches() -> Iterator[Prepared]:
            for read in bound(read_rows(path, file_format)):
                batch = IncomingBatch(returned.unmarked(read), contract, self.cipher)
                yield load.prepare(batch, checked=seen is not None)

        _take_in(batches(), load, seen, lambda taken: on_progress(taken, path.stat().st_size))
        merged = merge_bound(load.merge, contract, file_id=file_id)
        settled = returned.settle(file_id)
        self.recheck(merged.patched)
        return LoadedRows(merged.receipt, merged.touched + len(settled.replaced), settled)

    @staticmethod
    def _unique_field(contract: ContractSpec) -> str | None:
        """The key's field, if rows of one file with the same key are to be quarantined."""
        return contract.key[0] if contract.key and duplicate_keys(contract.name) == "quarantine" else None


def _take_in(
    batches: Iterator[Prepared],
    load: FileLoad,
    seen: Callable[[pl.DataFrame], None] | None,
    on_bytes: Callable[[int], None],
) -> None:
    """Read ahead; after each batch `on_bytes` is told the bytes of the file that have been taken in."""
    taken = 0
    with closing(read_ahead(batches)) as ahead:
        for prepared in ahead:
            load.add(prepared)
            taken += prepared.batch.bytes_read
            on_bytes(taken)
            if seen:
                seen(prepared.batch.rows)


@dataclass(frozen=True, kw_only=True)
class LoadFile:
    """Turn the rows of a received file into raw records, in one transaction with its receipt."""

    files: SourceFiles
    storage: Storage
    events: EventBus
    merge: MergeRows

    @again_if_busy
    def __call__(self, file_id: int, on_progress: OnProgress = unheard) -> Receipt | None:
        """The receipt; None if there is nothing to do (loaded already, or another worker is at it).

        Raises a `PermanentError` if the file cannot be read; it is marked as failed then, and no row of it is kept.
        """
        if not _begun(self.files, file_id):
            return None
        with _failing(self.files, file_id), atomic():
            claimed = self.files.claim(file_id)
            if claimed is None:
                return None
            with changes(f"load of file {file_id}", user_id=claimed.received_by_id):
                loaded = self._load(claimed, on_progress)
            self.files.finish(file_id, loaded.receipt)
            for sentence in loaded.returned.sentences():
                self.files.remark(file_id, sentence)
            if loaded.touched:
                self.events.publish("bronze.changed")
            if following := self.files.next_waiting(claimed.dataset_id):
                self.events.publish("bronze.file_received", file_id=following)
            return loaded.receipt

    def _load(self, file: SourceFile, on_progress: OnProgress) -> LoadedRows:
        self.files.one_at_a_time(file.dataset_id)
        path, file_format = original_of(self.storage, file.sha256), FileFormat.from_dict(file.format)
        return self.merge(path, file_format, file.dataset_id, file.pk, on_progress=on_progress)


@dataclass(frozen=True, kw_only=True)
class LoadDocuments:
    """Read the text of documents that are waiting, many with one child process."""

    files: SourceFiles
    documents: Documents
    storage: Storage
    events: EventBus

    def __call__(self, first: int) -> int:
        """Load document `first` and others that wait; return how many."""
        loaded = 0
        claimed: dict[Path, SourceFile] = {}
        with closing(
            self._claim_each(self.files.waiting_documents(first, DOCUMENTS_AT_ONCE), claimed)
        ) as jobs:
            for job, extracted in extract_documents(jobs):
                self._store(claimed[job.path], extracted)
                loaded += 1
        if loaded:
            self.events.publish("bronze.changed")
        return loaded

    def _claim_each(self, ids: Iterable[int], claimed: dict[Path, SourceFile]) -> Generator[DocumentJob]:
        """The documents that no other worker has, each in a transaction that is open until its text is stored.

        One transaction for all of them would keep the layers above from reading on for as long as they take.
        """
        for file_id in ids:
            with suppress(WorkerDied, OriginalMissing, OperationCancelled), _failing(self.files, file_id):
                if not _begun(self.files, file_id):
                    continue
                with atomic():
                    if file := self.files.claim(file_id):
                        path = original_of(self.storage, file.sha256)
                        claimed[path] = file
                        yield job_of(file, path)

    def _store(self, file: SourceFile, extracted: ExtractedDocument) -> None:
        self.documents.store(file.sha256, file_id=file.pk, is_deleted=False, **stored_values(extracted))
        self.files.finish(file.pk, Receipt(read=1, inserted=1))
        if extracted.status != "ok":
            self.files.remark(file.pk, f"text when first read: {extracted.status}. {extracted.message}")


def job_of(file: SourceFile, path: Path) -> DocumentJob:
    """How the text of a received document is read."""
    known = FileFormat.from_dict(file.format)
    kind: Literal["pdf", "text"] = "pdf" if known.kind == "pdf" else "text"
    return DocumentJob(path, kind, known.encoding, known.compression)


def owner_in(pages: Iterable[Page]) -> str:
    """The user that a text names as the one it belongs to; empty for nobody."""
    return next((found[1] for page in pages if (found := USER_LINE.search(page.text))), "")


def stored_values(extracted: ExtractedDocument) -> dict[str, Any]:
    """What `Documents.store` is given."""
    return {
        "pages": [(page.number, page.text, page.error or "") for page in extracted.pages],
        "owner": owner_in(extracted.pages),
        "status": extracted.status,
        "message": extracted.message,
        "title": extracted.title,
        "author": extracted.author,
    }


def original_of(storage: Storage, sha256: str) -> Path:
    """A local path with the bytes of a received file. Raises `OriginalMissing`."""
    try:
        return storage.path(storage_key(sha256))
    except FileNotFoundError as error:
        raise OriginalMissing("The storage has lost the bytes of this file. Send it again.") from error


def _begun(files: SourceFiles, file_id: int) -> bool:
    """Whether there is a file to load. Raises `WorkerDied` for one whose loading was begun too often, and
    `OperationCancelled` for one that somebody wants no more."""
    if is_unwanted(file_id):
        files.fail(file_id, NOT_LOADED)
        raise OperationCancelled(NOT_LOADED)
    attempt = files.begin(file_id)
    if attempt > MAX_ATTEMPTS:
        error = WorkerDied(
            f"Loading was begun {MAX_ATTEMPTS} times and never ended; the file may be too large."
        )
        files.fail(file_id, error.message)
        raise error
    return attempt > 0


@contextmanager
def _failing(files: SourceFiles, file_id: int) -> Iterator[None]:
    """Mark the file as failed if it cannot be loaded, after the transaction of the attempt is rolled back."""
    try:
        yield
    except OperationCancelled:
        files.fail(file_id, NOT_LOADED)
        raise
    except PermanentError as error:
        files.fail(file_id, error.message)
        raise
    except RecordsBusy:
        files.take_back_attempt(file_id)
        raise
