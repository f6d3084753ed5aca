"""The bytes of files as they came: to look at, and to load once more."""

from dataclasses import dataclass
from pathlib import Path

from bronze.domain import ReceivedFile
from bronze.errors import OriginalMissing
from bronze.repositories import SourceFiles
from bronze.services.receiving import enqueue_load, loaded_by, storage_key
from bronze.transactions import atomic
from lake.storage import Storage
from lakehouse_project.kernel.events import EventBus


@dataclass(frozen=True, kw_only=True)
class OpenOriginal:
    """Where the bytes of a file are. They may hold all that the data set has, secrets in clear."""

    files: SourceFiles
    storage: Storage

    def __call__(self, file_id: int) -> tuple[ReceivedFile, Path]:
        """Raises `FileNotReceived`, or `OriginalMissing` where the storage has lost the bytes."""
        file = self.files.get(file_id)
        try:
            return file, self.storage.path(storage_key(file.sha256))
        except FileNotFoundError as error:
            raise OriginalMissing("The storage has lost the bytes of this file. Send it again.") from error


@dataclass(frozen=True, kw_only=True)
class RetryFile:
    """Load a file that failed once more, such as after the worker has got more memory."""

    files: SourceFiles
    original: OpenOriginal
    events: EventBus

    def __call__(self, file_id: int, *, user_id: int | None = None) -> ReceivedFile:
        """Raises `FileNotReceived`, `FileNotFailed` or `OriginalMissing`."""
        self.original(file_id)
        with atomic():
            file = self.files.retry(file_id)
            file = loaded_by(enqueue_load(file, user_id), file)
            self.events.publish("bronze.file_received", file_id=file_id)
        return file
