"""What the footers of Parquet files say of their size: bytes per column and row group. Kept, since files never change."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from urllib.parse import unquote

import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

from lake.sql.domain import local_root
from lake.sql.snapshots import Snapshot

KEPT = 50_000
THREADS = 8


@dataclass(frozen=True)
class ColumnBytes:
    """Compressed bytes of each column of a file, over its row groups."""

    row_groups: int
    rows: int
    columns: Mapping[str, int]

    def of(self, names: Sequence[str]) -> int:
        return sum(self.columns.get(name, 0) for name in names)


class Footers:
    """The footers that were read last, by table and path."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._known: OrderedDict[tuple[str, str], ColumnBytes] = OrderedDict()
        self._lock = Lock()

    def of(self, snapshot: Snapshot, rows: Sequence[int]) -> list[ColumnBytes]:
        """Those of these files, in their order. Raises `OSError` for a file that is not there, `pyarrow.ArrowException` for
        one that is damaged."""
        table, paths = snapshot.uri, snapshot.paths(rows)
        missing = [path for path in paths if (table, path) not in self._known]
        if missing:
            read = _read_all(snapshot, missing)
            with self._lock:
                self._known.update(zip(((table, path) for path in missing), read, strict=True))
        found = [self._known[table, path] for path in paths]
        with self._lock:
            while len(self._known) > max(self._kept, len(paths)):
                self._known.popitem(last=False)
        return found


def _read_all(snapshot: Snapshot, paths: Sequence[str]) -> list[ColumnBytes]:
    root = local_root(snapshot.uri)
    if root is not None:
        return [_sizes(pq.read_metadata(root / unquote(path))) for path in paths]
    store = fs.PyFileSystem(DeltaStorageHandler.from_table(snapshot.delta._table, snapshot.options, {}))  # noqa: SLF001  as its own to_pyarrow_dataset does

    def read(path: str) -> ColumnBytes:
        with store.open_input_file(path) as file:
            return _sizes(pq.read_metadata(file))

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(read, paths))


def _sizes(metadata: pq.FileMetaData) -> ColumnBytes:
    sizes: dict[str, int] = {}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            name = column.path_in_schema.split(".", 1)[0]
            sizes[name] = sizes.get(name, 0) + column.total_compressed_size
    return ColumnBytes(metadata.num_row_groups, metadata.num_rows, sizes)
