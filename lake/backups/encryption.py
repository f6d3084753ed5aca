"""Encryption in the format of age (https://age-encryption.org/v1): what is written here `age --decrypt` opens."""

from pathlib import Path
from typing import Any, Protocol

import pyrage

from lake.backups.errors import BackupDamaged, BackupLocked
from lakehouse_project.kernel.errors import NotConfigured

SUFFIX = ".age"
PIECE_BYTES = 1 << 20


class Source(Protocol):
    """What can be read in pieces."""

    def read(self, size: int = -1, /) -> bytes: ...


class Sink(Protocol):
    """What takes bytes."""

    def write(self, data: bytes, /) -> Any: ...


def recipient_of(text: str) -> pyrage.x25519.Recipient:
    """Raises `NotConfigured`."""
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise NotConfigured(
            f"BACKUP_RECIPIENT is no public key of age ({error}). `age-keygen` prints one that begins with age1."
        ) from error


def identities_in(path: Path) -> list[pyrage.x25519.Identity]:
    """The identities in a file of `age-keygen`. Raises `BackupLocked`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BackupLocked(f"The identity file {path} cannot be read ({error}).") from None
    try:
        found = [pyrage.x25519.Identity.from_str(line.strip()) for line in lines if _is_key(line)]
    except pyrage.IdentityError as error:
        raise BackupLocked(f"{path} holds what is no identity of age ({error}).") from None
    if not found:
        raise BackupLocked(f"{path} holds no identity of age (a line that begins with AGE-SECRET-KEY-1).")
    return found


def _is_key(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def copy_sealed(source: Source, sink: Sink, recipient: str | None) -> None:
    """All bytes of `source`, encrypted if there is a recipient. Errors of either side are raised as they are."""
    if recipient is None:
        _copy(source, sink)
        return
    watched = _Watched(source, sink)
    try:
        pyrage.encrypt_io(watched, watched, [recipient_of(recipient)])
    except (pyrage.EncryptError, OSError) as error:
        raise (watched.failure or error) from None


def copy_opened(
    source: Source, sink: Sink, identities: list[pyrage.x25519.Identity], *, is_sealed: bool
) -> None:
    """All bytes of `source`, decrypted if they are encrypted. Raises `BackupLocked`, or `BackupDamaged` for bytes that are
    not as they were written; what was written to `sink` until then is good."""
    if not is_sealed:
        _copy(source, sink)
        return
    if not identities:
        raise BackupLocked(
            "The backup is encrypted: name the file with the identity (BACKUP_IDENTITY_FILE, or --identity)."
        )
    watched = _Watched(source, sink)
    try:
        pyrage.decrypt_io(watched, watched, identities)
    except (pyrage.DecryptError, OSError) as error:
        if watched.failure is not None:
            raise watched.failure from None
        if "No matching keys" in str(error):
            raise BackupLocked("The identity is not the one that this backup is encrypted to.") from None
        raise BackupDamaged("The encrypted bytes have been changed or cut off.") from None


def _copy(source: Source, sink: Sink) -> None:
    while piece := source.read(PIECE_BYTES):
        sink.write(piece)


class _Watched:
    """Both ends of a copy, and the error of either, which pyrage gives back as words only."""

    def __init__(self, source: Source, sink: Sink) -> None:
        self._source, self._sink = source, sink
        self.failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self._source.read(size)
        except BaseException as error:
            self.failure = error
            raise

    def write(self, data: bytes) -> int:
        try:
            self._sink.write(data)
        except BaseException as error:
            self.failure = error
            raise
        return len(data)

    def flush(self) -> None:
        """The sink is flushed by whoever opened it."""
