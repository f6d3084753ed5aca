"""Object storage: where original files, published tables and backups live. Today a local folder; S3 has the same port."""

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Immutable objects by key (`originals/ab/abcd…`)."""

    def put(self, source: Path, key: str) -> None:
        """Store a copy of `source` under `key`, whole or not at all. An object that is there already is left alone."""

    def path(self, key: str) -> Path:
        """A local path with the bytes of the object. Raises `FileNotFoundError`."""

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""


@dataclass(frozen=True, kw_only=True)
class LocalStorage:
    """Objects as files below `root`."""

    root: Path

    def put(self, source: Path, key: str) -> None:
        target = self.root / key
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=".partial-")
        try:
            with os.fdopen(handle, "wb") as out, source.open("rb") as original:
                shutil.copyfileobj(original, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            Path(partial).replace(target)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(partial).unlink()
            raise

    def path(self, key: str) -> Path:
        target = self.root / key
        if not target.is_file():
            raise FileNotFoundError(target)
        return target

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)
