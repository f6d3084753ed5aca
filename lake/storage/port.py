"""What every storage can do."""

import datetime as dt
import hashlib
import io
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from lakehouse_project.kernel.errors import TransientError

PIECE_BYTES = 1 << 20


class StorageCorrupted(TransientError):
    """What the storage has is not what was written to it, or not what is expected of it."""

    code = "storage_corrupted"


@dataclass(frozen=True)
class StoredFile:
    """An object as the storage lists it. `size` in bytes, `modified` in UTC."""

    key: str
    size: int
    modified: dt.datetime


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object, or the marker of its deletion, in a bucket that keeps versions."""

    key: str
    version: str
    size: int
    modified: dt.datetime
    is_latest: bool
    is_marker: bool


class ObjectWriter(io.RawIOBase):
    """A writable file whose bytes become an object when its block ends without an error.

    `size` and `sha256` are those of the bytes written so far; after the block, those of the object.
    """

    def __init__(self) -> None:
        super().__init__()
        self.size = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._hash.update(view)
        self._take(view)
        self.size += len(view)
        return len(view)

    @abstractmethod
    def _take(self, data: memoryview) -> None:
        """Keep all of `data`."""


class Storage(Protocol):
    """Objects by key (`originals/ab/abcd…`).

    Keys are relative paths with `/`. A missing object is a `FileNotFoundError`. A local storage raises `OSError` where
    the disk fails; one on S3 raises `lake.s3.BucketUnavailable` with a sentence that says why.
    """

    @property
    def where(self) -> str:
        """For people: `/srv/lake/storage` or `s3://bucket/prefix`."""

    def uri(self, key: str) -> str:
        """Where readers such as polars, delta-rs and Athena find `key`: a path, or `s3://bucket/prefix/key`."""

    def options(self) -> dict[str, str]:
        """What delta-rs and polars need to get there (`storage_options`). It holds secrets: never show it."""

    def put(self, source: Path, key: str) -> None:
        """Store a copy of `source` under `key`, whole or not at all. An object that is there already is left alone."""

    def write(
        self, key: str, *, tags: Mapping[str, str] | None = None
    ) -> AbstractContextManager[ObjectWriter]:
        """A writable file that becomes the object `key` when the block ends, in place of one that is there.

        Memory does not grow with the size. An error in the block leaves everything as it was. The bytes have been
        verified when the block is over; raises `StorageCorrupted` (and removes the object) where they are others.
        Tags are letters, digits, blanks and `+ - = . _ : / @`, at most 10 of them.
        """

    def create(self, key: str, content: bytes) -> None:
        """A small object, whole or not at all; of several at once one succeeds. Raises `FileExistsError` if it is there."""

    def open(self, key: str) -> io.BufferedReader:
        """The bytes as a stream, to be closed. Raises `FileNotFoundError`."""

    def path(self, key: str) -> Path:
        """A local path with the bytes of the object, to be read now and never written. Raises `FileNotFoundError`."""

    def download(self, key: str, target: Path) -> str:
        """Stream the bytes to the local file `target`; their sha256. Raises `FileNotFoundError`."""

    def digest(self, key: str) -> str:
        """The sha256 of the bytes, read anew. Raises `FileNotFoundError`."""

    def head(self, key: str) -> StoredFile:
        """Size and time. Raises `FileNotFoundError`."""

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """The objects whose keys begin with `prefix`, by key."""

    def tags(self, key: str) -> dict[str, str]:
        """The tags of an object. Raises `FileNotFoundError`."""

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an object. Raises `FileNotFoundError`."""

    def delete(self, key: str) -> None:
        """Remove the object if it is there. A bucket that keeps versions keeps the former ones."""

    def delete_prefix(self, prefix: str) -> int:
        """Remove the objects whose keys begin with `prefix`, which is not empty; how many there were."""

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """All versions and deletion markers, where the storage keeps them: a folder has none."""

    def unfinished(self, prefix: str = "") -> Iterator[StoredFile]:
        """What killed writers have left behind: partial files, multipart uploads. `modified` is when they began."""

    def abort_unfinished(self, prefix: str = "", *, before: dt.datetime) -> int:
        """Remove what writers that began before that moment have left behind; how many there were."""

    def purge(self, prefix: str) -> int:
        """Remove everything below `prefix`: objects, all their versions, markers, unfinished writes; how many in all."""


def checked(key: str) -> str:
    """The key, if it is one. Raises `ValueError` for one that would leave the storage."""
    if not key or key.startswith("/") or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError(f"{key!r} is no key of a storage.")
    return key


def required(prefix: str) -> str:
    """The prefix, if it names something: nobody empties a whole storage by an empty one."""
    if not prefix.strip("/"):
        raise ValueError("An empty prefix would remove everything.")
    return prefix


def copy_hashed(source: BinaryIO, out: Any) -> str:
    """Copy all bytes; their sha256."""
    found = hashlib.sha256()
    while piece := source.read(PIECE_BYTES):
        found.update(piece)
        out.write(piece)
    return found.hexdigest()
