"""Files on their way in: admitted, kept as they came, and announced."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from django.db import IntegrityError

from bronze.admission import AdmissionLimits, Admitted, Candidate, Overrides, admit, fingerprint
from bronze.admission.archives import Refused, unpack
from bronze.admission.names import shown_name
from bronze.catalog import visible_contracts
from bronze.contracts import DOCUMENTS
from bronze.domain import ReceivedFile
from bronze.errors import FileChanged, FilesRefused, storage_error
from bronze.file_runs import look_after
from bronze.key_locks import lock_bytes
from bronze.repositories import SourceFiles, are_of_a_file
from bronze.transactions import atomic
from governance.services import enqueue
from lake.storage import Storage
from lakehouse_project.kernel.errors import FieldError, LakehouseError, PermanentError
from lakehouse_project.kernel.events import EventBus

INGEST = "ingest"
"""The kind of runs that load a file."""
NOTHING_SAID = Overrides()
REASONS_SHOWN = 5


def storage_key(sha256: str) -> str:
    return f"originals/{sha256[:2]}/{sha256}"


def enqueue_load(file: ReceivedFile, user_id: int | None) -> UUID:
    """The id of a run for the loading of a file."""
    return enqueue(INGEST, user_id=user_id, **inputs_of(file)).pk


def loaded_by(operation: UUID, file: ReceivedFile) -> ReceivedFile:
    look_after(file.id, operation)
    return file.model_copy(update={"operation": operation})


def inputs_of(file: ReceivedFile) -> dict[str, Any]:
    """What a run says of the file that it loads. The name of a document may be that of the user it belongs to."""
    named = {} if file.dataset == DOCUMENTS else {"name": file.name}
    return {"file": file.id, "dataset": file.dataset, **named}


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
        return self.keep(candidate, admit(candidate, visible_contracts()), via=via, user_id=user_id)

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
        try:
            with atomic():
                lock_bytes([admitted.sha256])
                self._store(candidate.path, admitted, candidate.name)
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

    def forget(self, hashes: Iterable[str]) -> None:
        """Remove stored bytes that belong to no file, because what was to follow on storing them has failed."""
        for sha256 in sorted(hashes):
            with atomic():
                lock_bytes([sha256])
                if not are_of_a_file(sha256):
                    with suppress(OSError):  # what has failed already is what is told
                        self.storage.delete(storage_key(sha256))

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
        received = loaded_by(enqueue_load(received, user_id), received)
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
            hashes = {what.sha256 for _, what in admitted}
            try:
                with atomic():
                    lock_bytes(hashes)
                    return [
                        self.receive.keep(candidate, what, via=via, user_id=user_id)
                        for candidate, what in admitted
                    ]
            except LakehouseError:
                self.receive.forget(hashes)
                raise


def _all_admitted(found: Sequence[Candidate | Refused]) -> list[tuple[Candidate, Admitted]]:
    admitted, refused = [], []
    for one in found:
        if isinstance(one, Refused):
            refused.append(one)
            continue
        try:
            admitted.append((one, admit(one, visible_contracts())))
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
