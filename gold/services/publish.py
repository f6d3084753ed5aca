"""What is derived from the marts: materialized views and CSV files."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gold.registry import MARTS, VIEWS, Mart
from gold.repositories import MartReader, TableStates, mart_table
from lakehouse_project.kernel.tabular import Format, encoded


@dataclass(frozen=True, kw_only=True)
class RefreshViews:
    """Refresh the materialized views whose tables have changed. Call it outside of a transaction."""

    states: TableStates

    def __call__(self) -> list[str]:
        """Names of the views that were refreshed."""
        states = self.states.all()
        stale = []
        for view in VIEWS:
            changed = max((states[table] for table in view.sources if table in states), default=None)
            if changed is not None and states.get(view.name) != changed:
                self.states.refresh_view(view.name)
                self.states.changed([view.name], changed)
                stale.append(view.name)
        return stale


@dataclass(frozen=True, kw_only=True)
class WriteFiles:
    """Write the CSV file of each mart that has changed since its file was written.

    The time stamp of a file is the time of the last change of its mart, so that a file which a killed run did not
    get to write is seen to be old.
    """

    reader: MartReader
    states: TableStates
    folder: Path

    def __call__(self) -> list[Path]:
        """The files that were written."""
        states = self.states.all()
        return [
            self._write(mart, states[mart.table])
            for mart in MARTS
            if mart.table in states and _written_at(self._path(mart)) != states[mart.table]
        ]

    def _path(self, mart: Mart) -> Path:
        return self.folder / f"{mart.slug}.csv"

    def _write(self, mart: Mart, changed_at: dt.datetime) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        rows = self.reader.rows(mart, mart.file_columns)
        path = self._path(mart)
        with (
            tempfile.NamedTemporaryFile(dir=self.folder, prefix=f".{mart.slug}.", delete=False) as file,
            _removed_on_error(Path(file.name)),
        ):
            file.writelines(encoded(mart_table(mart, rows), Format.CSV))
            file.flush()
        stamp = _microseconds(changed_at) * 1000
        os.utime(file.name, ns=(stamp, stamp))
        return Path(file.name).replace(path)


@contextmanager
def _removed_on_error(path: Path) -> Iterator[None]:
    """No half file stays behind: each attempt would leave one, and most of all where the disk is full."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _written_at(path: Path) -> dt.datetime | None:
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=stamp // 1000)


def _microseconds(at: dt.datetime) -> int:
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
