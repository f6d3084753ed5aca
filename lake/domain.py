"""What is published: tables, the columns and partitions of each, and the files that they are made of."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

PARTS = ("year", "month", "day")
"""Partition columns, coarsest first. A table is partitioned by the first few of them, or by none."""

Values = tuple[int, ...]
"""One partition: its year, month and day, as many as the table has partition columns."""


@dataclass(frozen=True)
class LakeColumn:
    """A column with the type that it has in every file."""

    name: str
    dtype: pl.DataType
    comment: str = ""


@dataclass(frozen=True, kw_only=True)
class TableSpec:
    """One published table. `columns` are those in the files, without the partition columns."""

    name: str
    comment: str
    columns: tuple[LakeColumn, ...]
    partition_by: tuple[str, ...] = ()
    sorted_by: tuple[str, ...]
    """The order within a file; it leaves nothing open, so that the same rows give the same bytes."""
    datasets: frozenset[str] = frozenset()
    """The data sets that it is made of: who may not see one of them, does not get to see the table."""

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


@dataclass(frozen=True)
class DataFile:
    """One Parquet file of a table. `path` is relative to the table; its name ends with the sha256 of the bytes."""

    path: str
    size: int
    rows: int
    partition: Values = ()

    @property
    def sha256(self) -> str:
        return self.path.rpartition("-")[2].removesuffix(".parquet")

    @property
    def folder(self) -> str:
        """The prefix that holds the files of one publish of one partition, and nothing else."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class TableHead:
    """A version of a table without its files: how many there are, and what is in them."""

    version: int
    schema: str
    """JSON of the Delta schema, partition columns included."""
    partition_by: tuple[str, ...]
    rows: int
    size: int
    files: int
    partitions: int


@dataclass(frozen=True)
class TableState:
    """A version of a table, as its Delta log has it."""

    version: int
    transaction: int
    """How many commits of ours it has."""
    schema: str
    """JSON of the Delta schema, partition columns included."""
    partition_by: tuple[str, ...]
    frame: pl.DataFrame
    """A row per file: `path`, `size`, `rows`, and the partition columns. Thousands of files are handled as one."""

    @property
    def head(self) -> TableHead:
        return TableHead(
            self.version,
            self.schema,
            self.partition_by,
            self.rows,
            self.size,
            self.frame.height,
            self.partitions,
        )

    @property
    def files(self) -> list[DataFile]:
        return [DataFile(path, size, rows, tuple(values)) for path, size, rows, *values in self.frame.rows()]

    @property
    def rows(self) -> int:
        return int(self.frame["rows"].sum())

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return int(self.frame["size"].sum())

    @property
    def partitions(self) -> int:
        if not self.partition_by:
            return min(self.frame.height, 1)
        return self.frame.n_unique(list(self.partition_by))

    def by_partition(self, wanted: Collection[Values] | None = None) -> Mapping[Values, list[DataFile]]:
        """The files of the wanted partitions, of all if None."""
        found: dict[Values, list[DataFile]] = {}
        for file in self.files if wanted is None else self._only(wanted).files:
            found.setdefault(file.partition, []).append(file)
        return found

    def _only(self, wanted: Collection[Values]) -> "TableState":
        schema = dict.fromkeys(self.partition_by, pl.Int32)
        partitions = pl.DataFrame(list(wanted), schema=schema, orient="row")
        return replace(self, frame=self.frame.join(partitions, on=list(self.partition_by), how="semi"))


@dataclass(frozen=True)
class TableFacts:
    """What is remembered of the last publish of a table. `location` is where readers find it."""

    name: str
    location: str
    partition_by: tuple[str, ...]
    version: int
    rows: int
    size: int
    files: int
    partitions: int
    published_at: dt.datetime
    stamp: str = ""
    """What the source was like then; says whether it has changed since."""


@dataclass(frozen=True)
class Published:
    """Rows written per table by one run, and how many partitions were replaced or removed."""

    rows: Mapping[str, int] = field(default_factory=dict)
    partitions: int = 0

    @property
    def is_nothing(self) -> bool:
        return not self.rows
