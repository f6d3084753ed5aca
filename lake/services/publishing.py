"""Publishing one table: only the partitions that differ, all of them in one commit."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import polars as pl
import stamina

from lake.delta import DeltaLog, NewFile, folder_of, schema_of, table_key
from lake.domain import DataFile, TableHead, TableSpec, TableState, Values
from lake.errors import PublishConflict
from lake.manifests import Catalogue, Root
from lake.parquet import ParquetFile, parquet_files
from lake.sources import Source
from lake.storage import Storage

ROWS_AT_ONCE = 250_000
"""Rows that are read at once; more only where one partition has more."""
PARTITIONS_AT_ONCE = 366
WRITERS = 4
ATTEMPTS = 5


@dataclass(frozen=True)
class TableChange:
    """What a publish did to a table: its version now, and what was written and removed."""

    head: TableHead
    rows: int = 0
    partitions: int = 0


@dataclass(frozen=True, kw_only=True)
class PublishTable:
    """Make partitions of a table in the storage what the source says.

    Files first, then one Delta commit, then the catalogue: readers see all of the old or all of the new, and a run that
    was killed between two steps is made good by the next one, since a partition whose bytes are the same is left alone.
    """

    storage: Storage

    def __call__(self, source: Source, wanted: Collection[Values] | None) -> TableChange:
        """`wanted` None: all partitions. A table that is not there yet, or has another schema, is published whole.

        Raises `LakeUnavailable`, or `PublishConflict` where other publishers are faster again and again.
        """
        for attempt in stamina.retry_context(on=PublishConflict, attempts=ATTEMPTS, timeout=None):
            with attempt:
                return self._publish(source, wanted)
        raise AssertionError("the last attempt raises")

    def _publish(self, source: Source, wanted: Collection[Values] | None) -> TableChange:
        spec = source.spec
        log = DeltaLog(storage=self.storage, name=spec.name)
        catalogue = Catalogue(storage=self.storage, name=spec.name)
        root = None if wanted is None else catalogue.root()
        if (
            wanted is None
            or root is None
            or not (_is_of(root.head, spec) and log.is_newest(root.head.version))
        ):
            return self._from_the_log(source, wanted, log, catalogue)
        try:
            before = catalogue.files(root, wanted)
        except FileNotFoundError:  # somebody has taken a part of it away
            return self._from_the_log(source, wanted, log, catalogue)
        work = _Work(self.storage, source, before)
        work.run(wanted)
        return self._on_top(work, log, catalogue, root)

    def _on_top(self, work: "_Work", log: DeltaLog, catalogue: Catalogue, root: Root) -> TableChange:
        """Of the catalogue at the newest version, which knows the files: it costs what the wanted partitions cost."""
        if not work.changed:
            return TableChange(root.head)
        log.append(root.head.version + 1, root.transaction + 1, work.source.spec, work.added, work.removed)
        head = catalogue.move(root, [new.file for new in work.added], work.removed)
        return work.done(head)

    def _from_the_log(
        self, source: Source, wanted: Collection[Values] | None, log: DeltaLog, catalogue: Catalogue
    ) -> TableChange:
        spec, opened = source.spec, log.open()
        known = opened if opened and _is_of(opened.state, spec) else None
        work = _Work(self.storage, source, known.state.by_partition(wanted) if known else {})
        work.run(wanted if known else None)
        if known is None:
            state = log.create(opened, spec, work.added)
        elif work.changed:
            state = log.replace(known, spec, work.added, work.removed)
        else:
            state = known.state
        root = catalogue.root()
        head = root.head if root and root.head == state.head else catalogue.write(state)
        return work.done(head)


def _is_of(version: TableHead | TableState, spec: TableSpec) -> bool:
    return version.partition_by == spec.partition_by and version.schema == schema_of(spec).to_json()


@dataclass
class _Work:
    """One publish: gathers what is to be added and removed. The files are stored, and nobody knows of them yet."""

    storage: Storage
    source: Source
    before: Mapping[Values, list[DataFile]]
    """The files of the partitions as they are."""
    added: list[NewFile] = field(default_factory=list)
    removed: list[DataFile] = field(default_factory=list)
    changed: int = 0
    publish: str = field(
        default_factory=lambda: f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    )

    def run(self, wanted: Collection[Values] | None) -> None:
        counts = self.source.counts(wanted)
        with ThreadPoolExecutor(WRITERS) as pool:
            for some in _batches(counts):
                self._replace(some, pool)
        for partition in self.before.keys() - counts.keys():
            self.removed += self.before[partition]
            self.changed += 1

    def done(self, head: TableHead) -> TableChange:
        return TableChange(head, sum(new.file.rows for new in self.added), self.changed)

    def _replace(self, some: Sequence[Values], pool: ThreadPoolExecutor) -> None:
        """The partitions whose bytes differ."""
        parts = _by_partition(self.source.spec, self.source.rows(some))
        tasks = [
            (self.before.get(values, []), pool.submit(self._store, values, rows)) for values, rows in parts
        ]
        for old, task in tasks:
            if (stored := task.result()) is not None:
                self.added += stored
                self.removed += old
                self.changed += 1

    def _store(self, partition: Values, rows: pl.DataFrame) -> list[NewFile] | None:
        """The files of the partition, now in the storage; None if it has the same bytes already."""
        files = list(parquet_files(rows))
        if [file.sha256 for file in files] == [
            file.sha256 for file in _in_order(self.before.get(partition, ()))
        ]:
            return None
        folder = "/".join(filter(None, (folder_of(self.source.spec, partition), self.publish)))
        return [
            self._written(f"{folder}/part-{number:04}", partition, file) for number, file in enumerate(files)
        ]

    def _written(self, name: str, partition: Values, parquet: ParquetFile) -> NewFile:
        path = f"{name}-{parquet.sha256}.parquet"
        with self.storage.write(f"{table_key(self.source.spec.name)}/{path}") as out:
            out.write(parquet.content)
        return NewFile(DataFile(path, len(parquet.content), parquet.rows, partition), parquet.stats)


def _by_partition(spec: TableSpec, frame: pl.DataFrame) -> Iterator[tuple[Values, pl.DataFrame]]:
    columns = pl.Schema({column.name: column.dtype for column in spec.columns})
    rows = frame.sort(*spec.partition_by, *spec.sorted_by, nulls_last=True).cast(columns)
    if not spec.partition_by:
        yield (), rows.select(spec.names)
        return
    rows = rows.select(*spec.names, *spec.partition_by)
    parts = rows.partition_by(*spec.partition_by, as_dict=True, maintain_order=True, include_key=False)
    yield from ((tuple(map(int, values)), part) for values, part in parts.items())


def _in_order(files: Iterable[DataFile]) -> list[DataFile]:
    return sorted(files, key=lambda file: file.path)


def _batches(counts: Mapping[Values, int]) -> Iterator[list[Values]]:
    batch: list[Values] = []
    rows = 0
    for partition in sorted(counts):
        if batch and (rows + counts[partition] > ROWS_AT_ONCE or len(batch) == PARTITIONS_AT_ONCE):
            yield batch
            batch, rows = [], 0
        batch.append(partition)
        rows += counts[partition]
    if batch:
        yield batch
