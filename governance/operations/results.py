"""Files that operations leave for whoever asked: below one folder, each named after its operation."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

UNFINISHED = ".part"
LONGEST_WRITE = 24 * 3600
"""Seconds after which a half-written file is taken to be left behind."""


@dataclass(frozen=True, kw_only=True)
class ResultFiles:
    """Where result files are."""

    folder: Path

    @contextmanager
    def new(self, run_id: str) -> Iterator[Path]:
        """A path to write to. The file is there, whole, once the block has ended; after an error nothing is."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self.folder / f"{run_id}{UNFINISHED}"
        try:
            yield partial
            partial.replace(self.path(run_id))
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def path(self, run_id: str) -> Path:
        return self.folder / run_id

    def sweep(self, known: Callable[[Iterable[str]], set[str]]) -> int:
        """Remove the files whose operation is not `known` any more, and those whose writer is gone; how many."""
        found = {path.name: path for path in self.folder.glob("*")}
        kept = known(name for name in found if not name.endswith(UNFINISHED))
        gone = [path for name, path in found.items() if name not in kept and not _is_being_written(path)]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)


def _is_being_written(path: Path) -> bool:
    try:
        return path.suffix == UNFINISHED and time.time() - path.stat().st_mtime < LONGEST_WRITE
    except FileNotFoundError:
        return False
