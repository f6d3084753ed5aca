"""The Delta log of a published table: which files make it up, and the commits that replace some of them.

The Parquet files are written by us, into a prefix of their own for each publish of each partition, and the log names
them. So readers of Delta and readers that only know prefixes of partitions read the same files.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl
from deltalake import DeltaTable, Field, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    RemoveAction,
    Transaction,
    create_table_with_add_actions,
)

from lake.domain import DataFile, TableSpec, TableState, Values
from lake.errors import LakeUnavailable, PublishConflict
from lake.storage import Storage

WRITER = "lakehouse"
"""Each commit counts up the transaction of this name: of two publishers at once one fails, where both would add."""

CHECKPOINT_INTERVAL = 25
CONFIGURATION = {"delta.checkpointInterval": str(CHECKPOINT_INTERVAL)}


@dataclass(frozen=True)
class NewFile:
    """A file that has been stored, with what the log shall say of it."""

    file: DataFile
    stats: str


@dataclass(frozen=True)
class OpenTable:
    """A version of a table with what delta-rs needs to commit on top of it."""

    table: DeltaTable
    state: TableState


def table_key(name: str) -> str:
    """Where a table is within the storage."""
    return f"lake/{name}"


@dataclass(frozen=True, kw_only=True)
class DeltaLog:
    """The log of the table `name`. Raises `LakeUnavailable` where it cannot be read or written."""

    storage: Storage
    name: str

    @property
    def uri(self) -> str:
        return self.storage.uri(table_key(self.name))

    def state(self) -> TableState | None:
        """The newest version; None where there is no table."""
        opened = self.open()
        return None if opened is None else opened.state

    def open(self) -> OpenTable | None:
        """The newest version, to be replaced; None where there is no table."""
        with self._asked("read"):
            table = self._open()
            return None if table is None else OpenTable(table, _state(table))

    def replace(
        self, opened: OpenTable, spec: TableSpec, added: Sequence[NewFile], removed: Sequence[DataFile]
    ) -> TableState:
        """Take files in and out, in one commit on top of the version that was opened. Raises `PublishConflict`."""
        with self._asked("commit to"):
            opened.table.create_write_transaction(
                [*(_add(spec, new) for new in added), *(_remove(spec, file) for file in removed)],
                "append",
                schema_of(spec),
                list(spec.partition_by),
                commit_properties=_next(opened.table),
            )
            opened.table.update_incremental()
            return _state(opened.table)

    def is_newest(self, version: int) -> bool:
        """Whether the table has this version and no later one. Asks for two names, however many files it has."""
        return self._has(version) and not self._has(version + 1)

    def append(
        self,
        version: int,
        transaction: int,
        spec: TableSpec,
        added: Sequence[NewFile],
        removed: Sequence[DataFile],
    ) -> None:
        """`replace` as the version that is given, by a file of the log that we write ourselves: to open a table, delta-rs
        reads of all its files. Raises `PublishConflict` where there is that version."""
        try:
            self.storage.create(self._entry(version), _commit(spec, transaction, added, removed))
        except FileExistsError as error:
            raise PublishConflict(f"Another publisher has changed {self.name} meanwhile.") from error
        if version % CHECKPOINT_INTERVAL == 0:
            with self._asked("write a checkpoint of"):
                table = DeltaTable(self.uri, storage_options=self.storage.options())
                table.create_checkpoint()
                table.cleanup_metadata()

    def _has(self, version: int) -> bool:
        try:
            self.storage.head(self._entry(version))
        except FileNotFoundError:
            return False
        return True

    def _entry(self, version: int) -> str:
        return f"{table_key(self.name)}/_delta_log/{version:020}.json"

    def create(self, opened: OpenTable | None, spec: TableSpec, added: Sequence[NewFile]) -> TableState:
        """Begin the table, or replace all of it and its schema, in one commit. Raises `PublishConflict`."""
        with self._asked("create"):
            create_table_with_add_actions(
                self.uri,
                schema_of(spec),
                [_add(spec, new) for new in added],
                mode="overwrite" if opened else "error",
                partition_by=list(spec.partition_by),
                name=spec.name,
                description=spec.comment,
                configuration=CONFIGURATION,
                storage_options=self.storage.options(),
                commit_properties=_next(opened.table if opened else None),
            )
            return _state(DeltaTable(self.uri, storage_options=self.storage.options()))

    def vacuum(self, hours: int) -> int:
        """Delete files that no version of the last `hours` needs; how many there were."""
        with self._asked("clean up"):
            table = self._open()
            if table is None:
                return 0
            return len(table.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True))

    def _open(self) -> DeltaTable | None:
        try:
            return DeltaTable(self.uri, storage_options=self.storage.options())
        except TableNotFoundError:
            return None

    @contextmanager
    def _asked(self, verb: str) -> Iterator[None]:
        try:
            yield
        except CommitFailedError as error:
            raise PublishConflict(f"Another publisher has changed {self.name} meanwhile.") from error
        except (DeltaError, OSError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise LakeUnavailable(
                f"Cannot {verb} the table {self.name} in {self.storage.where}: {first}"
            ) from error


def schema_of(spec: TableSpec) -> Schema:
    """The Delta schema: the columns of the files, then those of the partition."""
    columns = {column.name: column.dtype for column in spec.columns}
    columns |= dict.fromkeys(spec.partition_by, pl.Int32())
    plain = Schema.from_arrow(pl.DataFrame(schema=columns).to_arrow().schema)
    comments = {column.name: column.comment for column in spec.columns if column.comment}
    return Schema(
        [
            Field(
                field.name,
                field.type,
                metadata={"comment": comments[field.name]} if field.name in comments else {},
            )
            for field in plain.fields
        ]
    )


def folder_of(spec: TableSpec, partition: Values) -> str:
    """`year=2024/month=1/day=31`; empty for a table without partitions."""
    return "/".join(f"{name}={value}" for name, value in zip(spec.partition_by, partition, strict=True))


def _state(table: DeltaTable) -> TableState:
    parts = tuple(table.metadata().partition_columns)
    frame = pl.DataFrame(table.get_add_actions(flatten=True)).select(
        "path",
        pl.col("size_bytes").alias("size"),
        pl.col("num_records").alias("rows"),
        *(pl.col(f"partition.{name}").alias(name) for name in parts),
    )
    return TableState(
        table.version(), table.transaction_version(WRITER) or 0, table.schema().to_json(), parts, frame
    )


def _commit(
    spec: TableSpec, transaction: int, added: Sequence[NewFile], removed: Sequence[DataFile]
) -> bytes:
    """One action per line, as the Delta protocol has them ("Actions")."""
    now = _now()
    actions: list[dict[str, Any]] = [
        {"commitInfo": {"timestamp": now, "operation": "WRITE", "operationParameters": {"mode": "Append"}}},
        {"txn": {"appId": WRITER, "version": transaction}},
    ]
    actions += [
        {
            "add": {
                "path": new.file.path,
                "partitionValues": _values(spec, new.file),
                "size": new.file.size,
                "modificationTime": now,
                "dataChange": True,
                "stats": new.stats,
            }
        }
        for new in added
    ]
    actions += [
        {
            "remove": {
                "path": file.path,
                "deletionTimestamp": now,
                "dataChange": True,
                "extendedFileMetadata": True,
                "partitionValues": _values(spec, file),
                "size": file.size,
            }
        }
        for file in removed
    ]
    return "".join(f"{json.dumps(action)}\n" for action in actions).encode()


def _add(spec: TableSpec, new: NewFile) -> AddAction:
    values = _values(spec, new.file)
    return AddAction(new.file.path, new.file.size, values, _now(), data_change=True, stats=new.stats)


def _remove(spec: TableSpec, file: DataFile) -> RemoveAction:
    return RemoveAction(file.path, True, _now(), file.size, _values(spec, file))


def _values(spec: TableSpec, file: DataFile) -> dict[str, str | None]:
    return {name: str(value) for name, value in zip(spec.partition_by, file.partition, strict=True)}


def _next(table: DeltaTable | None) -> CommitProperties:
    last = table.transaction_version(WRITER) if table else None
    return CommitProperties(app_transactions=[Transaction(WRITER, (last or 0) + 1, None)])


def _now() -> int:
    return int(time.time() * 1000)


def as_columns(schema: str) -> list[dict[str, Any]]:
    """Name, type and comment of each column of a Delta schema."""
    return [
        {
            "name": field.name,
            "type": str(getattr(field.type, "type", field.type)),
            "comment": field.metadata.get("comment", ""),
        }
        for field in Schema.from_json(schema).fields
    ]
