"""The drop folder: files put into `inbox/` are loaded and moved to `inbox/done/`, or `inbox/failed/` with the reason.

It polls, so that it works on network shares as well. A file is taken once its size and time have not changed for a
while. `inbox/<data set>/` names the data set. Nothing is ever deleted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bronze.contracts import CONTRACTS, DOCUMENTS
from bronze.repositories import SourceFiles
from bronze.services import ReceiveFile
from lakehouse_project.kernel.errors import LakehouseError, PermanentError

log = structlog.get_logger(__name__)

UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class _Look:
    """What a file looked like: its size in bytes, and when it was modified in nanoseconds."""

    size: int
    modified: int


@dataclass(kw_only=True)
class DropFolder:
    """Call `step` again and again; `settle_seconds` is how long a file must stay the same before it is taken."""

    inbox: Path
    receive: ReceiveFile
    files: SourceFiles
    settle_seconds: float
    _seen: dict[Path, tuple[_Look, float]] = field(default_factory=dict)
    _loading: dict[Path, tuple[_Look, int]] = field(default_factory=dict)

    def step(self, now: float) -> None:
        """Take what has settled, and file away what has been loaded. `now`: seconds of any steady clock.

        A file that cannot be moved or stored just now is left for the next step and holds up no other.
        """
        candidates = list(self._candidates())
        self._seen = {path: seen for path, seen in self._seen.items() if path in candidates}
        self._loading = {path: taken for path, taken in self._loading.items() if path in candidates}
        for path in candidates:
            try:
                self._look_at(path, now)
            except (OSError, LakehouseError) as error:
                log.warning("file_left", path=str(path), error=str(error))

    def _look_at(self, path: Path, now: float) -> None:
        look = _look(path)
        taken = self._loading.get(path)
        if taken is not None and taken[0] == look:
            self._file_away(path, taken[1])
        elif self._has_settled(path, look, now):
            self._take(path, look)

    def _candidates(self) -> Iterator[Path]:
        folders = [self.inbox, *(self.inbox / name for name in (*CONTRACTS, DOCUMENTS))]
        for folder in folders:
            if folder.is_dir():
                yield from (path for path in sorted(folder.iterdir()) if _is_finished_file(path))

    def _has_settled(self, path: Path, look: _Look, now: float) -> bool:
        before, since = self._seen.get(path, (None, now))
        if before != look:
            since = now
        self._seen[path] = look, since
        return now - since >= self.settle_seconds

    def _take(self, path: Path, look: _Look) -> None:
        dataset = path.parent.name if path.parent != self.inbox else None
        try:
            file = self.receive(path, name=path.name, via="folder", dataset=dataset)
        except PermanentError as error:
            self._fail(path, error.message)
        else:
            self._loading[path] = look, file.id

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
        return target


def _look(path: Path) -> _Look:
    stat = path.stat()
    return _Look(stat.st_size, stat.st_mtime_ns)


def _is_finished_file(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in UNFINISHED


def _names(folder: Path, path: Path) -> Iterator[Path]:
    yield folder / path.name
    number = 1
    while True:
        number += 1
        yield folder / f"{path.stem}-{number}{path.suffix}"
