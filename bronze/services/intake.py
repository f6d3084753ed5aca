"""Files on their way in: received once, loaded whole or not at all."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import IntegrityError

from bronze.admission import AdmissionLimits, Admitted, Candidate, admit
from bronze.documents_text import DocumentJob, ExtractedDocument, extract_documents
from bronze.domain import Receipt, ReceivedFile
from bronze.encryption import FieldCipher
from bronze.errors import WorkerDied
from bronze.incoming import incoming
from bronze.merge import IncomingTable
from bronze.readers import FileFormat, read_rows
from bronze.repositories import MAX_ATTEMPTS, Documents, SourceFiles, atomic, contract_named, lock_dataset
from bronze.services.curation import RecheckRecords
from lake.storage import Storage
from lakehouse_project.kernel.errors import PermanentError
from lakehouse_project.kernel.events import EventBus

DOCUMENTS_AT_ONCE = 50
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
    max_bytes: int

    def __call__(
        self, path: Path, *, name: str, via: str, dataset: str | None = None, user_id: int | None = None
    ) -> ReceivedFile:
        """Raises a `PermanentError` that says what is wrong with the file; nothing is kept of it then."""
        admitted = admit(Candidate(path, name, dataset, AdmissionLimits(max_bytes=self.max_bytes)))
        if same := self.files.find_same(admitted.dataset, admitted.sha256):
            return same
        self.storage.put(path, storage_key(admitted.sha256))
        try:
            with atomic():
                return self._add(admitted, name=name, via=via, user_id=user_id)
        except IntegrityError:
            same = self.files.find_same(admitted.dataset, admitted.sha256)
            if same is None:
                raise
            return same  # another request has just sent the same bytes

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
class LoadFile:
    """Turn the rows of a received file into raw records, in one transaction with its receipt."""

    files: SourceFiles
    storage: Storage
    events: EventBus
    cipher: FieldCipher
    recheck: RecheckRecords

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
            lock_dataset(claimed.dataset_id)
            path = self.storage.path(storage_key(claimed.sha256))
            receipt, changed = self._merge(
                path, FileFormat.from_dict(claimed.format), claimed.dataset_id, file_id
            )
            self.files.finish(file_id, receipt)
            if changed:
                self.events.publish("bronze.changed")
            return receipt

    def _merge(self, path: Path, file_format: FileFormat, dataset: str, file_id: int) -> tuple[Receipt, bool]:
        contract = contract_named(dataset)
        table = IncomingTable()
        for batch in read_rows(path, file_format):
            table.add(incoming(batch, contract, self.cipher))
        merged = table.merge(dataset, file_id)
        self.recheck(merged.patched)
        return merged.receipt, merged.touched > 0


@dataclass(frozen=True, kw_only=True)
class LoadDocuments:
    """Read the text of documents that are waiting, many with one child process."""

    files: SourceFiles
    documents: Documents
    storage: Storage
    events: EventBus

    def __call__(self, first: int) -> int:
        """Load document `first` and others that wait; return how many."""
        with atomic():
            claimed = {file.sha256: file for file in self.files.claim_documents(first, DOCUMENTS_AT_ONCE)}
            shas = {self.storage.path(storage_key(sha)): sha for sha in claimed}
            jobs = [DocumentJob(path, claimed[sha].format["kind"], claimed[sha].format["encoding"]) for path, sha in shas.items()]
            for job, extracted in extract_documents(jobs):
                self._store(claimed[shas[job.path]].pk, shas[job.path], extracted)
            if claimed:
                self.events.publish("bronze.changed")
        return len(claimed)

    def _store(self, file_id: int, sha256: str, extracted: ExtractedDocument) -> None:
        owner = next(filter(None, (USER_LINE.search(page.text) for page in extracted.pages)), None)
        values = asdict(extracted)
        pages = [(page.number, page.text, page.error or "") for page in extracted.pages]
        self.documents.store(
            sha256,
            file_id=file_id,
            pages=pages,
            status=extracted.status,
            message=values["message"] or "",
            title=values["title"] or "",
            author=values["author"] or "",
            user_id=owner[1] if owner else "",
        )
        self.files.finish(file_id, Receipt(read=1, inserted=1))


def _begun(files: SourceFiles, file_id: int) -> bool:
    """Whether there is a file to load. Raises `WorkerDied` for one whose loading was begun too often."""
    attempt = files.begin(file_id)
    if attempt > MAX_ATTEMPTS:
        error = WorkerDied(f"Loading was begun {MAX_ATTEMPTS} times and never ended; the file may be too large.")
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
