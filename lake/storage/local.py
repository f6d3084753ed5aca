"""Objects as files of a local folder."""

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lake.storage.port import (
    PIECE_BYTES,
    ObjectVersion,
    ObjectWriter,
    StoredFile,
    checked,
    copy_hashed,
    required,
)

PARTIAL = ".partial-"
TAGS = ".tags"
"""Folder below the root with a JSON file for each object that has tags."""


class _FileWriter(ObjectWriter):
    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file

    def _take(self, data: memoryview) -> None:
        self._file.write(data)


@dataclass(frozen=True, kw_only=True)
class LocalStorage:
    """Objects as files below `root`. Written beside their place, synced to the disk, then renamed into it."""

    root: Path

    @property
    def where(self) -> str:
        return str(self.root)

    def uri(self, key: str) -> str:
        return str(self._at(key))

    def options(self) -> dict[str, str]:
        return {}

    def put(self, source: Path, key: str) -> None:
        if not self._at(key).exists():
            with source.open("rb") as original, self.write(key) as out:
                shutil.copyfileobj(original, out, PIECE_BYTES)

    @contextmanager
    def write(self, key: str, *, tags: Mapping[str, str] | None = None) -> Iterator[ObjectWriter]:
        target = self._at(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=PARTIAL)
        partial = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                writer = _FileWriter(file)
                yield writer
                file.flush()
                os.fsync(file.fileno())
            self._set_tags(key, tags or {})
            partial.replace(target)
            _sync_folder(target.parent)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def create(self, key: str, content: bytes) -> None:
        target = self._at(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=PARTIAL) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            target.hardlink_to(file.name)
        _sync_folder(target.parent)

    def open(self, key: str) -> io.BufferedReader:
        return self.path(key).open("rb")

    def path(self, key: str) -> Path:
        target = self._at(key)
        if not target.is_file():
            raise FileNotFoundError(target)
        return target

    def download(self, key: str, target: Path) -> str:
        with self.open(key) as source, target.open("wb") as out:
            return copy_hashed(source, out)

    def digest(self, key: str) -> str:
        with self.open(key) as source:
            return hashlib.file_digest(source, "sha256").hexdigest()

    def head(self, key: str) -> StoredFile:
        return self._stored(self.path(key))

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        yield from (found for found in self._below(prefix) if not _is_partial(found.key))

    def tags(self, key: str) -> dict[str, str]:
        self.path(key)
        with suppress(FileNotFoundError):
            return dict(json.loads(self._tags_at(key).read_text(encoding="utf-8")))
        return {}

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        self.path(key)
        self._set_tags(key, tags)

    def delete(self, key: str) -> None:
        self._at(key).unlink(missing_ok=True)
        self._tags_at(key).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> int:
        removed = 0
        for stored in self.list(required(prefix)):
            self.delete(stored.key)
            removed += 1
        self._drop_empty_folders(prefix)
        return removed

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        yield from ()

    def unfinished(self, prefix: str = "") -> Iterator[StoredFile]:
        yield from (found for found in self._below(prefix) if _is_partial(found.key))

    def abort_unfinished(self, prefix: str = "", *, before: dt.datetime) -> int:
        old = [found for found in self.unfinished(prefix) if found.modified < before]
        for found in old:
            self._at(found.key).unlink(missing_ok=True)
        return len(old)

    def purge(self, prefix: str) -> int:
        partial = self.abort_unfinished(required(prefix), before=dt.datetime.max.replace(tzinfo=dt.UTC))
        return partial + self.delete_prefix(prefix)

    def _at(self, key: str) -> Path:
        return self.root / checked(key)

    def _tags_at(self, key: str) -> Path:
        return self.root / TAGS / f"{checked(key)}.json"

    def _set_tags(self, key: str, tags: Mapping[str, str]) -> None:
        place = self._tags_at(key)
        if not tags:
            place.unlink(missing_ok=True)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=place.parent, prefix=PARTIAL, delete=False) as out:
            json.dump(dict(tags), out)
        Path(out.name).replace(place)

    def _below(self, prefix: str) -> Iterator[StoredFile]:
        """All files but those of the tags, by key."""
        start = self.root / prefix.rpartition("/")[0]
        found = []
        for folder, folders, names in os.walk(start):
            if Path(folder) == self.root and TAGS in folders:
                folders.remove(TAGS)
            for name in names:
                path = Path(folder) / name
                if path.relative_to(self.root).as_posix().startswith(prefix):
                    with suppress(FileNotFoundError):  # another one has just removed or renamed it
                        found.append(self._stored(path))
        yield from sorted(found, key=lambda stored: stored.key)

    def _stored(self, path: Path) -> StoredFile:
        facts = path.stat()
        modified = dt.datetime.fromtimestamp(facts.st_mtime, dt.UTC)
        return StoredFile(path.relative_to(self.root).as_posix(), facts.st_size, modified)

    def _drop_empty_folders(self, prefix: str) -> None:
        for root in (self.root, self.root / TAGS):
            for folder, _, _ in os.walk(root / prefix.rstrip("/"), topdown=False):
                with suppress(OSError):  # something is in it
                    Path(folder).rmdir()


def _is_partial(key: str) -> bool:
    return key.rpartition("/")[2].startswith(PARTIAL)


def _sync_folder(folder: Path) -> None:
    """So that the new name is there after a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
