"""The inbox as a folder, on a disk or a network share."""

import errno
import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, get_args

from bronze.admission.errors import FileNotReadable
from bronze.errors import FileChanged, InboxUnavailable
from bronze.services.inbox import Dropped, Folder, free_names, is_finished_name, reason_name

LONGEST_NAME = 255
"""Bytes of a file name on the usual file systems."""


@dataclass(frozen=True, kw_only=True)
class DropFolder:
    """Files as they lie in `root`. Symbolic links are not followed: they could lead to files that nobody meant to show."""

    root: Path
    via: ClassVar[str] = "folder"

    @property
    def where(self) -> str:
        return str(self.root)

    def waiting(self, datasets: Collection[str]) -> Iterable[Dropped]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            yield from self._in(self.root, None)
            for folder in sorted(self.root.iterdir()):
                if folder.name in datasets and folder.is_dir() and not folder.is_symlink():
                    yield from self._in(folder, folder.name)
        except OSError as error:
            raise InboxUnavailable(f"{self.root} cannot be read: {error.strerror}.") from error

    def strange(self, datasets: Collection[str]) -> list[str]:
        """Folders that nobody looks into: they are called neither like one of `datasets` nor as what is set aside."""
        known = {*datasets, *get_args(Folder)}
        return sorted(
            path.name
            for path in self.root.iterdir()
            if path.is_dir() and not path.name.startswith(".") and path.name not in known
        )

    def _in(self, folder: Path, dataset: str | None) -> Iterator[Dropped]:
        for path in sorted(filter(_is_finished, folder.iterdir())):
            try:
                version = _version(path.lstat())
            except FileNotFoundError:
                continue  # taken away since the folder was listed
            yield Dropped(str(path), path.name, dataset, version)

    @contextmanager
    def fetched(self, dropped: Dropped) -> Iterator[Path]:
        """The path leads to the open file, whatever is put in its place meanwhile."""
        with _opened(dropped) as descriptor:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileNotReadable(f"{dropped.name} is not a file.")
            _require_same(dropped, status)
            yield Path(f"/proc/self/fd/{descriptor}")

    def set_aside(self, dropped: Dropped, folder: Folder, reason: str = "") -> None:
        path = Path(dropped.place)
        _require_same(dropped, path.lstat())
        aside = self.root / folder
        aside.mkdir(parents=True, exist_ok=True)
        note = f"{reason}\n".encode(errors="backslashreplace") if reason else b""
        target = next(target for name in free_names(path.name) if _is_free(target := aside / name, note))
        if note:  # first: whatever ends this process, no file lies in `failed` without its reason
            _reason_path(target).write_bytes(note)
        path.rename(target)


@contextmanager
def _opened(dropped: Dropped) -> Iterator[int]:
    try:
        descriptor = os.open(dropped.place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            message = "is a symbolic link, which is not followed: put the file itself into the inbox"
            raise FileNotReadable(f"{dropped.name} {message}.") from error
        if error.errno == errno.EACCES:
            raise FileNotReadable(f"{dropped.name} may not be read: no permission.") from error
        raise
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_finished(path: Path) -> bool:
    return is_finished_name(path.name) and (path.is_symlink() or path.is_file())


def _version(status: os.stat_result) -> tuple[int, ...]:
    """Which file it is, bytes, and when it was modified in nanoseconds."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _require_same(dropped: Dropped, status: os.stat_result) -> None:
    if _version(status) != dropped.version:
        raise FileChanged(f"{dropped.name} has been replaced or written to.")


def _is_free(target: Path, note: bytes) -> bool:
    """Whether a file may lie there with `note` as its reason. One that was written and then not followed by its file, since
    the process ended, does not take the place."""
    return not os.path.lexists(target) and (
        not os.path.lexists(path := _reason_path(target)) or _is_begun(path, note)
    )


def _is_begun(path: Path, note: bytes) -> bool:
    """Whether the file holds `note`, or its beginning."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > len(note):
        return False
    return bool(note) and note.startswith(path.read_bytes())


def _reason_path(target: Path) -> Path:
    """Beside the file, under a name that is short enough."""
    name = reason_name(target.name)
    surplus = len(os.fsencode(name)) - LONGEST_NAME
    if surplus > 0:
        name = reason_name(os.fsdecode(os.fsencode(target.name)[:-surplus]))
    return target.with_name(name)
