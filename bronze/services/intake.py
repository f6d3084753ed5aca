"""Files on their way in: received once, loaded whole or not at all."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import polars as pl
from django.db import IntegrityError

from bronze.admission import AdmissionLimits, Admitted, Candidate, Overrides, admit, fingerprint
from bronze.admission.archives import Refused, unpack
from bronze.admission.names import shown_name
from bronze.busy import again_if_busy
from bronze.catalog import all_contracts, contract_named, duplicate_keys
from bronze.contracts import ContractSpec
from bronze.documents import Documents
from bronze.documents_text import DocumentJob, ExtractedDocument, Page, extract_documents
from bronze.domain import Receipt, ReceivedFile
from bronze.encryption import FieldCipher
from bronze.errors import FileChanged, FilesRefused, OriginalMissing, RecordsBusy, WorkerDied, storage_error
from bronze.history import changes
from bronze.incoming import IncomingBatch, read_ahead
from bronze.loading import FileLoad
from bronze.merge import Merged
from bronze.models import SourceFile
from bronze.readers import FileFormat, RowBatch, read_rows
from bronze.references import merge_bound, referring
from bronze.rejected import ReturnedRows
from bronze.repositories import MAX_ATTEMPTS, SourceFiles, atomic
from bronze.services.curation import RecheckRecords
from lake.storage import Storage
from lakehouse_project.kernel.errors import FieldError, PermanentError
from lakehouse_project.kernel.events import EventBus

NOTHING_SAID = Overrides()
DOCUMENTS_AT_ONCE = 50
REASONS_SHOWN = 5
USER_LINE = re.compile(r"^\s*User:\s*(\S{1,64})\s*$", re.MULTILINE)
"""A document that says `User: 1001` on a line of its own belongs to that user."""


def storage_key(sha256: str) -> str:
    return f"originals/{sha256[:2]}/{sha256}"


@dataclass(frozen=True, kw_only=True)
class ReceiveFile:
    """Admit a file, keep its bytes, and announce it. The same bytes again give the earlier receipt."""

    files: SourceFiles
    storage: Storage
    events: EventBus
    limits: AdmissionLimits

    def __call__(
        self,
        path: Path,
        *,
        name: str,
        via: str,
        dataset: str | None = None,
        user_id: int | None = None,
        overrides: Overrides = NOTHING_SAID,
    ) -> ReceivedFile:
        """Raises a `PermanentError` that says what is wrong with the file; nothing is kept of it then."""
        candidate = self.candidate(path, name=name, dataset=dataset, overrides=overrides)
        return self.keep(candidate, admit(candidate, all_contracts()), via=via, user_id=user_id)

    def candidate(
        self, path: Path, *, name: str, dataset: str | None, overrides: Overrides = NOTHING_SAID
    ) -> Candidate:
        return Candidate(path, shown_name(name), dataset, self.limits, overrides)

    def keep(
        self, candidate: Candidate, admitted: Admitted, *, via: str, user_id: int | None
    ) -> ReceivedFile:
        """Store and announce. Raises `StorageUnavailable`, and `FileChanged` if it is not the file that was admitted."""
        if same := self.files.find_same(admitted.dataset, admitted.sha256):
            return same
        self._store(candidate.path, admitted, candidate.name)
        try:
            with atomic():
                return self._add(admitted, name=candidate.name, via=via, user_id=user_id)
        except IntegrityError:
            same = self.files.find_same(admitted.dataset, admitted.sha256)
            if same is None:
                raise
            return same  # another request has just sent the same bytes

    def _store(self, path: Path, admitted: Admitted, name: str) -> None:
        key = storage_key(admitted.sha256)
        try:
            self.storage.put(path, key)
        except OSError as error:
            raise storage_error(f"{name} cannot be stored", error) from error
        if fingerprint(self.storage.path(key)) != admitted.sha256:
            self.storage.delete(key)
            raise FileChanged(f"{name} changed while it was being read. Send it once it is complete.")

    def _add(self, admitted: Admitted, *, name: str, via: str, user_id: int | None) -> ReceivedFile:
        received = self.files.add(
            dataset_id=admitted.dataset,
            name=name[-255:],
            sha256=admitted.sha256,
            size=admitted.size,
            media_type=admitted.media_type,
            format=admitted.format.to_dict(),
            detected=list(admitted.detected),
            received_via=via,
            received_by_id=user_id,
        )
        self.events.publish("bronze.file_received", file_id=received.id)
        return received


@dataclass(frozen=True, kw_only=True)
class UnpackFiles:
    """The files that were sent, those in archives one by one."""

    limits: AdmissionLimits
    folder: Path
    """Where files are unpacked for as long as they are looked at."""

    @contextmanager
    def __call__(
        self, sent: Sequence[tuple[Path, str]], *, dataset: str | None, overrides: Overrides
    ) -> Iterator[list[Candidate | Refused]]:
        """In the order in which they were sent, and of an archive in its own. Raises `StorageUnavailable`."""
        with TemporaryDirectory(dir=self.folder, prefix="unpacked-") as folder:
            yield [
                found
                for number, (path, name) in enumerate(sent)
                for found in self._unpacked(
                    Candidate(path, shown_name(name), dataset, self.limits, overrides),
                    Path(folder) / str(number),
                )
            ]

    def _unpacked(self, candidate: Candidate, folder: Path) -> Sequence[Candidate | Refused]:
        try:
            return unpack(candidate, folder)
        except PermanentError as error:
            return [Refused(candidate.name, error)]
        except OSError as error:
            raise storage_error(f"{candidate.name} cannot be unpacked", error) from error


@dataclass(frozen=True, kw_only=True)
class ReceiveFiles:
    """Receive several files, or the files in archives: all of them, or none."""

    receive: ReceiveFile
    unpack: UnpackFiles

    def __call__(
        self,
        sent: Sequence[tuple[Path, str]],
        *,
        via: str,
        dataset: str | None = None,
        user_id: int | None = None,
        overrides: Overrides = NOTHING_SAID,
    ) -> list[ReceivedFile]:
        """`sent`: local paths and the names they were sent under.

        Raises what is wrong with a single file, and `FilesRefused` with an error for each bad one of several.
        """
        with self.unpack(sent, dataset=dataset, overrides=overrides) as found:
            admitted = _all_admitted(found)
            with atomic():
                return [
                    self.receive.keep(candidate, what, via=via, user_id=user_id)
                    for candidate, what in admitted
                ]


def _all_admitted(found: Sequence[Candidate | Refused]) -> list[tuple[Candidate, Admitted]]:
    admitted, refused = [], []
    for one in found:
        if isinstance(one, Refused):
            refused.append(one)
            continue
        try:
            admitted.append((one, admit(one, all_contracts())))
        except PermanentError as error:
            refused.append(Refused(one.name, error))
    if refused:
        raise refusal(refused, len(found))
    return admitted


def refusal(refused: Sequence[Refused], sent: int) -> PermanentError:
    """One error for files of which some cannot be taken."""
    if sent == 1:
        return refused[0].error
    reasons = " ".join(one.reason for one in refused[:REASONS_SHOWN])
    more = f" And {len(refused) - REASONS_SHOWN:,} more." if len(refused) > REASONS_SHOWN else ""
    errors = [FieldError(one.name, one.error.code, one.error.message) for one in refused]
    return FilesRefused(
        f"{len(refused)} of {sent} files cannot be taken, so none was. {reasons}{more}", errors=errors
    )


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
    ) -> Merged:
        """Call it in a transaction. `seen` is given each batch in `INCOMING_SCHEMA`; `bound` says which are taken."""
        contract = contract_named(dataset)
        returned = ReturnedRows()
        load = FileLoad(
            dataset,
            file_id,
            refuse_duplicates_of=self._unique_field(contract),
            may_copy=not any(referring(contract, "quarantine")),
        )

        def batches() -> Iterator[IncomingBatch]:
            for read in bound(read_rows(path, file_format)):
                batch = IncomingBatch(returned.unmarked(read), contract, self.cipher)
                yield batch if load.is_mostly_known and not seen else batch.check()

        with closing(read_ahead(batches())) as ahead:
            for batch in ahead:
                load.add(batch)
                if seen:
                    seen(batch.rows)
        merged = merge_bound(load.merge, contract, file_id=file_id)
        returned.settle(dataset, file_id)
        self.recheck(merged.patched)
        return merged

    @staticmethod
    def _unique_field(contract: ContractSpec) -> str | None:
        """The key's field, if rows of one file with the same key are to be quarantined."""
        return contract.key[0] if contract.key and duplicate_keys(contract.name) == "quarantine" else None


@dataclass(frozen=True, kw_only=True)
class LoadFile:
    """Turn the rows of a received file into raw records, in one transaction with its receipt."""

    files: SourceFiles
    storage: Storage
    events: EventBus
    merge: MergeRows

    @again_if_busy
    def __call__(self, file_id: int) -> Receipt | None:
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
                merged = self._merge(claimed)
            self.files.finish(file_id, merged.receipt)
            if merged.touched:
                self.events.publish("bronze.changed")
            if following := self.files.next_waiting(claimed.dataset_id):
                self.events.publish("bronze.file_received", file_id=following)
            return merged.receipt

    def _merge(self, file: SourceFile) -> Merged:
        self.files.one_at_a_time(file.dataset_id)
        path = original_of(self.storage, file.sha256)
        return self.merge(path, FileFormat.from_dict(file.format), file.dataset_id, file.pk)


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
            with suppress(WorkerDied, OriginalMissing), _failing(self.files, file_id):
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
    """Whether there is a file to load. Raises `WorkerDied` for one whose loading was begun too often."""
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
    except PermanentError as error:
        files.fail(file_id, error.message)
        raise
    except RecordsBusy:
        files.take_back_attempt(file_id)
        raise
