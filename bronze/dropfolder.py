"""The drop folder: files put into `inbox/` are loaded and moved to `inbox/done/`, or `inbox/failed/` with the reason.

It polls, so that it works on network shares as well. A file is taken once its size and time have not changed for a
while. `inbox/<data set>/` names the data set. Nothing is ever deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bronze.contracts import CONTRACTS, DOCUMENTS
from bronze.repositories import SourceFiles
from bronze.services import ReceiveFile
from lakehouse_project.kernel.errors import PermanentError

UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class _Look:
    size: int
    modified: int
    since: float


@dataclass(kw_only=True)
class DropFolder:
    """Call `step` again and again; `settle_seconds` is how long a file must stay the same before it is taken."""

    inbox: Path
    receive: ReceiveFile
    files: SourceFiles
    settle_seconds: float
    _seen: dict[Path, _Look] = field(default_factory=dict)
    _loading: dict[Path, int] = field(default_factory=dict)

    def step(self, now: float) -> None:
        """Take what has settled, and file away what has been loaded. `now`: seconds of any steady clock."""
        for path in [path for path in self._loading if path.exists()]:
            self._file_away(path, self._loading[path])
        for path in self._candidates():
            if path not in self._loading and self._has_settled(path, now):
                self._take(path)

    def _candidates(self) -> Iterator[Path]:
        folders = [self.inbox, *(self.inbox / name for name in (*CONTRACTS, DOCUMENTS))]
        for folder in folders:
            if folder.is_dir():
                yield from (path for path in sorted(folder.iterdir()) if _is_finished_file(path))

    def _has_settled(self, path: Path, now: float) -> bool:
        try:
            stat = path.stat()
        except FileNotFoundError:  # taken away again
            return False
        before = self._seen.get(path)
        if before is None or (before.size, before.modified) != (stat.st_size, stat.st_mtime_ns):
            self._seen[path] = _Look(stat.st_size, stat.st_mtime_ns, now)
            return self.settle_seconds == 0
        return now - before.since >= self.settle_seconds

    def _take(self, path: Path) -> None:
        dataset = path.parent.name if path.parent != self.inbox else None
        try:
            self._loading[path] = self.receive(path, name=path.name, via="folder", dataset=dataset).id
        except PermanentError as error:
            self._fail(path, error.message)

    def _file_away(self, path: Path, file_id: int) -> None:
        file = self.files.get(file_id)
        if file.state == "failed":
            self._fail(path, file.error)
        elif file.state == "loaded":
            self._move(path, DONE)

    def _fail(self, path: Path, reason: str) -> None:
        moved = self._move(path, FAILED)
        moved.with_name(moved.name + ".reason.txt").write_text(reason + "\n", encoding="utf-8")

    def _move(self, path: Path, name: str) -> Path:
        folder = self.inbox / name
        folder.mkdir(parents=True, exist_ok=True)
        target = next(candidate for candidate in _names(folder, path) if not candidate.exists())
        path.rename(target)
        self._seen.pop(path, None)
        self._loading.pop(path, None)
        return target


def _is_finished_file(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in UNFINISHED


def _names(folder: Path, path: Path) -> Iterator[Path]:
    yield folder / path.name
    number = 1
    while True:
        number += 1
        yield folder / f"{path.stem}-{number}{path.suffix}"
