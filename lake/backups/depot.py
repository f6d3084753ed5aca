"""Where backups lie: the objects of each in the storage, and what is found there."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from pydantic import ValidationError

from lake.backups.domain import (
    IDENTIFIER,
    ROOT,
    Entity,
    Manifest,
    StoredBackup,
    StoredPart,
    Verification,
    base_key,
)
from lake.backups.encryption import SUFFIX, Source, copy_sealed
from lake.backups.errors import BackupDamaged, BackupNotFound
from lake.storage import Storage

LATEST = "latest"
MANIFEST = ".manifest.json"
VERIFICATION = ".verification-"


@dataclass(frozen=True)
class Found:
    """What is in the storage. `damaged` are manifests that cannot be read; `loose` are objects without a manifest, which a
    killed backup or prune has left."""

    backups: tuple[StoredBackup, ...]
    damaged: tuple[str, ...]
    loose: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Depot:
    """The backups in a storage. One is there once its manifest is, which is written last and removed first."""

    storage: Storage

    def store(
        self, identifier: str, kind: str, opened: AbstractContextManager[Source], recipient: str | None
    ) -> StoredPart:
        """Keep all that `opened` gives, encrypted if there is a recipient; nothing if its block ends with an error."""
        key = f"{base_key(identifier)}.{kind}{SUFFIX if recipient else ''}"
        with self.storage.write(key, tags={"backup": identifier, "kind": kind}) as out, opened as source:
            copy_sealed(source, out, recipient)
        return StoredPart(key=key, size=out.size, sha256=out.sha256)

    def publish(self, manifest: Manifest) -> None:
        """From now on the backup is one."""
        self._write(f"{base_key(manifest.id)}{MANIFEST}", manifest)

    def judge(self, backup: StoredBackup, verification: Verification) -> None:
        """Keep what a verification has shown."""
        self._write(
            f"{base_key(backup.id)}{VERIFICATION}{verification.verified_at:%Y%m%dT%H%M%S%fZ}.json",
            verification,
        )
        with suppress(FileNotFoundError):
            state = "verified" if verification.is_good else "failed"
            tags = {"backup": backup.id, "kind": "dump", "state": state}
            self.storage.tag(backup.manifest.dump.key, tags)

    def find(self) -> Found:
        """Everything that is there, newest backup first."""
        objects = _grouped(entry.key for entry in self.storage.list(ROOT))
        backups, damaged, loose = [], [], []
        for identifier, keys in sorted(objects.items(), reverse=True):
            if base_key(identifier) + MANIFEST not in keys:
                loose += keys
                continue
            try:
                backups.append(self._read(identifier, keys))
            except (ValidationError, FileNotFoundError):
                damaged.append(base_key(identifier) + MANIFEST)
        return Found(tuple(backups), tuple(damaged), tuple(loose))

    def get(self, identifier: str) -> StoredBackup:
        """By its name, or `latest`. Raises `BackupNotFound`, or `BackupDamaged` if its manifest cannot be read."""
        if identifier == LATEST:
            return self._latest()
        if IDENTIFIER.match(identifier):
            keys = [entry.key for entry in self.storage.list(base_key(identifier))]
            if base_key(identifier) + MANIFEST in keys:
                return self._read_whole(identifier, keys)
        raise BackupNotFound(
            f"There is no backup {identifier!r} in {self.storage.where}; `lakehouse backup list` names them."
        )

    def _latest(self) -> StoredBackup:
        if not (found := self.find().backups):
            raise BackupNotFound(
                f"There is no backup in {self.storage.where} yet: `lakehouse backup create` makes one."
            )
        return found[0]

    def restorable(self, identifier: str) -> StoredBackup:
        """As `get`; `latest` is the newest that nothing is known to be wrong with.

        Raises `BackupDamaged` for one that restoring has shown to be no good.
        """
        if identifier == LATEST:
            usable = [each for each in self.find().backups if each.state != "failed"]
            return usable[0] if usable else self._latest()
        backup = self.get(identifier)
        if backup.state == "failed":
            raise BackupDamaged(
                f"{backup.id} is {backup.verdict}. `lakehouse backup list` shows the others; verify it again once its "
                "files are mended."
            )
        return backup

    def _read_whole(self, identifier: str, keys: list[str]) -> StoredBackup:
        try:
            return self._read(identifier, keys)
        except ValidationError as error:
            raise BackupDamaged(
                f"The manifest of {identifier} cannot be read: {error.errors()[0]['msg']}."
            ) from None

    @contextmanager
    def opened(self, part: StoredPart) -> Iterator["HashedReader"]:
        """The bytes of an object; whoever has read them all asks `require` whether they are the ones that were stored."""
        try:
            stream = self.storage.open(part.key)
        except FileNotFoundError:
            raise BackupDamaged(f"{part.key} is missing in {self.storage.where}.") from None
        with stream:
            yield HashedReader(stream, part)

    def require(self, part: StoredPart) -> None:
        """Raises `BackupDamaged` unless the object is there with every byte."""
        with self.opened(part) as source:
            source.require()

    def remove(self, identifier: str) -> None:
        """The manifest goes first: what is left when this is interrupted is no backup any more, and `prune` finds it."""
        base = base_key(identifier)
        self.storage.delete(f"{base}{MANIFEST}")
        self.storage.delete_prefix(base)

    def remove_loose(self, keys: Iterable[str], before: datetime) -> list[str]:
        """Remove objects without a manifest that are older than that: younger ones may belong to a backup being made."""
        removed = []
        for key in keys:
            with suppress(FileNotFoundError):
                if self.storage.head(key).modified < before:
                    self.storage.delete(key)
                    removed.append(key)
        return removed

    def _read(self, identifier: str, keys: list[str]) -> StoredBackup:
        manifest = Manifest.model_validate_json(self._bytes(base_key(identifier) + MANIFEST))
        judged = sorted(key for key in keys if VERIFICATION in key)
        verification = Verification.model_validate_json(self._bytes(judged[-1])) if judged else None
        return StoredBackup(manifest=manifest, verification=verification)

    def _bytes(self, key: str) -> bytes:
        with self.storage.open(key) as stream:
            return stream.read()

    def _write(self, key: str, entity: Entity) -> None:
        with self.storage.write(key) as out:
            out.write(entity.model_dump_json(indent=2).encode())


class HashedReader:
    """A stream that knows what it should have been."""

    def __init__(self, stream: BinaryIO, part: StoredPart) -> None:
        self._stream, self._part = stream, part
        self._hash = hashlib.sha256()
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._hash.update(piece)
        self._size += len(piece)
        return piece

    def require(self) -> None:
        """Read what is left. Raises `BackupDamaged` unless all bytes are the ones that were stored."""
        while self.read(io.DEFAULT_BUFFER_SIZE * 128):
            pass
        if self._size != self._part.size:
            raise BackupDamaged(f"{self._part.key} has {self._size:,} bytes instead of {self._part.size:,}.")
        if self._hash.hexdigest() != self._part.sha256:
            raise BackupDamaged(f"{self._part.key} has other bytes than were stored: its sha256 differs.")


def _grouped(keys: Iterable[str]) -> dict[str, list[str]]:
    """Keys by the name of the backup they belong to; what is none of ours is left alone."""
    grouped: dict[str, list[str]] = {}
    for key in keys:
        identifier = key.rsplit("/", 1)[-1].split(".", 1)[0]
        if IDENTIFIER.match(identifier) and key.startswith(base_key(identifier)):
            grouped.setdefault(identifier, []).append(key)
    return grouped


def now() -> datetime:
    return datetime.now(UTC)
