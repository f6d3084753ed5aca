"""The embedded engine: DuckDB over the files of the lake, with no access to anything else."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Timer
from time import perf_counter
from typing import Any, ClassVar, TypeVar

import duckdb
import pyarrow as pa

from lake.errors import LakeUnavailable
from lake.sql.domain import MB, Actual, Answer, Limits, human_bytes
from lake.sql.errors import InvalidQuery, QueryTooLarge, QueryTooLong
from lake.sql.estimating import Prepared
from lake.sql.fetching import LocalFiles
from lake.sql.sandbox import Setting, first_line, locked_on, quoted, source

THREADS = 2
SPILL = 4
"""What does not fit into memory goes to a temporary folder, at most so many times the memory."""

LARGEST_RESULT = 100 * MB
"""A result is kept and shown from memory."""

RESULT = '"result of the query"'
"""Asked for as Arrow right away, a query would be bound twice, and each file be looked at twice."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class EmbeddedEngine:
    """A database in memory, made for one query. Each table is the files that the plan leaves."""

    limits: Limits
    files: LocalFiles
    temporary: Path
    name: ClassVar[str] = "embedded"

    def run(self, query: Prepared) -> Answer:
        """Raises `InvalidQuery`, `QueryTooLong`, `QueryTooLarge`, `LakeUnavailable`."""
        begun, limit = perf_counter(), self.limits.rows

        def fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[pa.Table, dict[str, Any]]:
            connection.execute(f"CREATE TEMP TABLE {RESULT} AS {sql} LIMIT {limit + 1}").fetchall()
            profile = json.loads(connection.get_profiling_information())
            return _taken(connection), profile

        table, profile = self._within_limits(query, fetch)
        actual = _actual(query, profile, perf_counter() - begun)
        return Answer(table.slice(0, limit), table.num_rows > limit, actual)

    def plan(self, query: Prepared) -> str:
        """The plan of DuckDB as it draws it."""

        def explain(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
            [(_, text)] = connection.execute(f"EXPLAIN {sql}").fetchall()
            return str(text)

        return self._within_limits(query, explain)

    def _within_limits(self, query: Prepared, work: Callable[[duckdb.DuckDBPyConnection, str], T]) -> T:
        needed = _rows(query)
        paths = {name: self.files.of(query.snapshots[name], rows) for name, rows in needed.items()}
        self.temporary.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=self.temporary, prefix="query-") as folder,
            self._database(paths, folder) as connection,
            self._said_plainly(connection),
        ):
            return work(connection, _bound(query, paths))

    def _database(self, paths: Mapping[str, list[str]], folder: str) -> duckdb.DuckDBPyConnection:
        config: dict[str, Setting] = {
            "threads": THREADS,
            "memory_limit": f"{self.limits.memory_mb}MB",
            "temp_directory": folder,
            "max_temp_directory_size": f"{self.limits.memory_mb * SPILL}MB",
        }
        return locked_on([path for each in paths.values() for path in each], config)

    @contextmanager
    def _said_plainly(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupt at the limit of time, and say errors of DuckDB as ours."""
        late = Event()

        def stop() -> None:
            late.set()
            connection.interrupt()

        timer = Timer(self.limits.seconds, stop)
        timer.start()
        try:
            yield
        except duckdb.OutOfMemoryException as error:
            raise QueryTooLarge(self._too_large()) from error
        except (
            duckdb.IOException,
            duckdb.PermissionException,
        ) as error:  # the latter for a file that is gone
            raise LakeUnavailable(GONE) from error
        except duckdb.Error as error:
            if late.is_set():
                raise QueryTooLong(self._too_long()) from error
            raise InvalidQuery(first_line(error)) from error
        finally:
            timer.cancel()

    def _too_long(self) -> str:
        return (
            f"The query was stopped after {self.limits.seconds:g} s (LAKE_QUERY_SECONDS). "
            "Choose fewer partitions, or aggregate before joining."
        )

    def _too_large(self) -> str:
        return (
            f"The query needs more than {self.limits.memory_mb} MB of memory (LAKE_QUERY_MEMORY_MB) and "
            f"{self.limits.memory_mb * SPILL} MB of temporary files. Choose fewer columns or partitions."
        )


def _taken(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """The result, as far as it may be kept. Raises `QueryTooLarge`."""
    with connection.table(RESULT).to_arrow_reader() as reader:
        batches, size = [], 0
        for batch in reader:
            size += batch.nbytes
            if size > LARGEST_RESULT:
                raise QueryTooLarge(
                    f"The result has more than {human_bytes(LARGEST_RESULT)}: "
                    "choose fewer rows or columns, or shorter texts."
                )
            batches.append(batch)
        return pa.Table.from_batches(batches, reader.schema)


GONE = "A file of the lake could not be read; the table may have changed meanwhile. Run the query again."


def _bound(query: Prepared, paths: Mapping[str, list[str]]) -> str:
    """The query with its tables in front of it; views would be bound twice, too."""
    tables = []
    for name, found in paths.items():
        snapshot = query.snapshots[name]
        files = source(found, snapshot.schema, snapshot.partition_columns)
        tables.append(f"{quoted(name)} AS NOT MATERIALIZED ({files})")
    known = f"WITH {', '.join(tables)} " if tables else ""
    return f"{known}SELECT * FROM (\n{query.statement.sql}\n)"  # noqa: S608  a checked SELECT


def _rows(query: Prepared) -> dict[str, list[int]]:
    """The files of each table that any of its readings needs."""
    found: dict[str, set[int]] = {}
    for need in query.needs:
        found.setdefault(need.table, set()).update(need.rows)
    return {name: sorted(rows) for name, rows in found.items()}


def _actual(query: Prepared, profile: dict[str, Any], seconds: float) -> Actual:
    """From DuckDB's own record of the query: bytes of columns that its scans have read, and files opened."""
    scans = [node for root in profile["operator"] for node in _scans(root)]
    files = sum(int(scan["extra_info"].get("Total Files Read", 0)) for scan in scans)
    return Actual(
        bytes=sum(int(scan.get("bytes_scanned", 0)) for scan in scans),
        partitions=min(files, query.estimate.partitions),
        milliseconds=round(seconds * 1000, 1),
    )


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node.get("name") == "READ_PARQUET":
        yield node
    for child in node.get("children", ()):
        yield from _scans(child)
