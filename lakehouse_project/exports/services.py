"""Writing a list to a file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse_project.exports.domain import Wanted
from lakehouse_project.exports.errors import ExportTooLarge
from lakehouse_project.exports.sources import table_of
from lakehouse_project.kernel.masking import Caller
from lakehouse_project.kernel.tabular import Table, encoded, gzipped
from lakehouse_project.kernel.tabular.reading import snapshot

MIB = 1 << 20


@dataclass(frozen=True)
class Exported:
    """A file that was written. `name`: what it is called where it is saved; `needs`: what its readers must be allowed to."""

    name: str
    rows: int
    size: int
    needs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WriteExport:
    """Write a list to a file, all rows as they are at one moment, at most `max_bytes`."""

    max_bytes: int

    def __call__(
        self, wanted: Wanted, caller: Caller, path: Path, on_progress: Callable[[int, int], None]
    ) -> Exported:
        """Raises what `check` does, and `ExportTooLarge`; what was written by then is the caller's to remove."""
        with snapshot():
            table = self.check(wanted, caller)
            total, done = table.count(), 0

            def on_rows(rows: int) -> None:
                nonlocal done
                done += rows
                on_progress(done, total)

            blocks = encoded(table, wanted.format, on_rows)
            size = self._write(path, gzipped(blocks) if wanted.compression == "gzip" else blocks)
        return Exported(f"{table.name}{wanted.ending}", done, size, table.needs)

    def check(self, wanted: Wanted, caller: Caller) -> Table:
        """Raises `UnknownSource`, `Forbidden`, `AlreadyCompressed`, and what is wrong with filters, fields and ordering."""
        return table_of(wanted.checked().source, wanted.query, caller)

    def _write(self, path: Path, blocks: Iterable[bytes]) -> int:
        size = 0
        with path.open("wb") as file:
            for block in self._within_limit(blocks):
                size += file.write(block)
        return size

    def _within_limit(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for block in blocks:
            size += len(block)
            if size > self.max_bytes:
                raise ExportTooLarge(
                    f"The file would be larger than {self.max_bytes // MIB:,} MiB, the most that EXPORT_MAX_MB allows: "
                    "narrow the list down, choose fields, or use Parquet or gzip."
                )
            yield block
