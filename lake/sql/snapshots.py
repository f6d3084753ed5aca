"""The current version of a Delta table: its schema, its files with their partitions and statistics."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from lake.errors import LakeUnavailable
from lake.sql.domain import TableAddress, local_root
from lake.sql.errors import TableUnreadable

UNREADABLE = frozenset({"columnMapping", "deletionVectors"})
FIRST_COMMIT = f"{0:020}.json"
PARTITION, LOWEST, HIGHEST = "partition.", "min.", "max."


@dataclass(frozen=True)
class Snapshot:
    """One version of a table. `files` has a row per file: `path`, `num_records`, and for partition columns and statistics
    `partition.x`, `min.x`, `max.x`."""

    name: str
    uri: str
    version: int
    schema: pa.Schema
    partition_columns: tuple[str, ...]
    files: pa.Table
    delta: DeltaTable = field(repr=False)
    options: dict[str, str] | None = field(repr=False)

    @property
    def is_partitioned(self) -> bool:
        return bool(self.partition_columns)

    @cached_property
    def partition_values(self) -> list[tuple[Any, ...]]:
        """Of each file."""
        if not self.is_partitioned:
            return [()] * self.files.num_rows
        return list(
            zip(*(self.files[PARTITION + name].to_pylist() for name in self.partition_columns), strict=True)
        )

    def partitions(self, rows: Sequence[int]) -> int:
        """How many partitions these files belong to; a table without partitions is one."""
        return len({self.partition_values[row] for row in rows})

    def paths(self, rows: Sequence[int]) -> list[str]:
        return list(self.files["path"].take(pa.array(rows, pa.int64())).to_pylist())

    def sizes(self, rows: Sequence[int]) -> list[int]:
        """Bytes of these files."""
        return list(self.files["size_bytes"].take(pa.array(rows, pa.int64())).to_pylist())


class Snapshots:
    """Opens tables, and keeps them open: the next look reads only what was committed since."""

    def __init__(self) -> None:
        self._open: dict[str, DeltaTable] = {}
        self._known: dict[str, Snapshot] = {}
        self._births: dict[str, int] = {}
        self._lock = Lock()

    def current(self, address: TableAddress) -> Snapshot:
        """Raises `LakeUnavailable`, `TableUnreadable`."""
        with self._lock:
            try:
                delta = self._newest(address)
            except (DeltaError, OSError) as error:
                self.forget(address.uri)
                raise LakeUnavailable(
                    f"The table {address.name} of the lake cannot be read: {error}"
                ) from error
            known = self._known.get(address.uri)
            if known is None or known.version != delta.version():
                known = self._known[address.uri] = _snapshot(address, delta)
            return known

    def forget(self, uri: str) -> None:
        """Open the table anew next time: it was removed, or made again."""
        self._open.pop(uri, None)
        self._known.pop(uri, None)

    def _newest(self, address: TableAddress) -> DeltaTable:
        birth = _birth(address.uri)
        if self._births.get(address.uri) != birth:
            self.forget(address.uri)
        delta = self._open.get(address.uri)
        if delta is None:
            delta = self._open[address.uri] = _opened(address)
            self._births[address.uri] = birth
        else:
            delta.update_incremental()
        return delta


def _birth(uri: str) -> int:
    """When the table was made: one that was removed and made again has another log, which no update would tell of.

    0 where it is not known: in a bucket, and where the beginning of the log has been cleaned up.
    """
    root = local_root(uri)
    with suppress(FileNotFoundError):
        return (root / "_delta_log" / FIRST_COMMIT).stat().st_mtime_ns if root else 0
    return 0


def _opened(address: TableAddress) -> DeltaTable:
    try:
        return DeltaTable(address.uri, storage_options=dict(address.options or {}))
    except TableNotFoundError as error:
        raise LakeUnavailable(
            f"The table {address.name} is not in the lake yet. Publish it first."
        ) from error


def _snapshot(address: TableAddress, delta: DeltaTable) -> Snapshot:
    _check(address.name, delta)
    schema = pa.schema(delta.schema().to_arrow())
    partition_columns = tuple(delta.metadata().partition_columns)
    files = pa.table(delta.get_add_actions(flatten=True))
    return Snapshot(
        address.name, address.uri, delta.version(), schema, partition_columns, files, delta, address.options
    )


def _check(name: str, delta: DeltaTable) -> None:
    features = UNREADABLE & set(delta.protocol().reader_features or ())
    if features:
        raise TableUnreadable(
            f"The table {name} uses {', '.join(sorted(features))} of Delta Lake, which cannot be read here. "
            "Rewrite it without."
        )
