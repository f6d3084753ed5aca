"""The embedded engine: DuckDB over the files of the lake, with no access to anything else."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar

import pyarrow as pa

from lake.sql.children import Children, Refused
from lake.sql.domain import MB, Actual, Answer, Limits, human_bytes
from lake.sql.errors import FilesGone, InvalidQuery, QueryTooLarge, QueryTooLong
from lake.sql.estimating import Prepared
from lake.sql.fetching import LocalFiles
from lake.sql.sandbox import Setting, quoted, source
from lakehouse_project.kernel.errors import LakehouseError

THREADS = 2
SPILL = 4
"""What does not fit into memory goes to a temporary folder, at most so many times the memory."""

LARGEST_RESULT = 100 * MB
"""A result is kept and shown from memory."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedEngine:
    """A database in memory, made for one query in a child process. Each table is the files that the plan leaves."""

    limits: Limits
    files: LocalFiles
    temporary: Path
    children: Children
    name: ClassVar[str] = "embedded"

    def run(self, query: Prepared) -> Answer:
        """Raises `InvalidQuery`, `QueryTooLong`, `QueryTooLarge`, `LakeUnavailable`."""
        begun, limit = perf_counter(), self.limits.rows
        with self._folder() as folder:
            result = folder / "result.arrow"
            asked = {"rows": limit + 1, "result": str(result), "largest": LARGEST_RESULT}
            profile = self._ask("run", query, folder, **asked)["profile"]
            with pa.OSFile(str(result)) as file:
                table = pa.ipc.open_stream(file.read_buffer()).read_all()
        actual = _actual(query, profile, perf_counter() - begun)
        return Answer(table.slice(0, limit), table.num_rows > limit, actual)

    def plan(self, query: Prepared) -> str:
        """The plan of DuckDB as it draws it."""
        with self._folder() as folder:
            return str(self._ask("plan", query, folder)["text"])

    def _ask(self, work: str, query: Prepared, folder: Path, **more: Any) -> dict[str, Any]:
        needed = _rows(query)
        paths = {name: self.files.of(query.snapshots[name], rows) for name, rows in needed.items()}
        request = {
            "sql": _bound(query, paths),
            "paths": [path for each in paths.values() for path in each],
            "config": self._config(folder),
            **more,
        }
        try:
            return self.children.ask(work, seconds=self.limits.seconds, **request)
        except Refused as refused:
            raise self._plainly(refused) from refused

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        self.temporary.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.temporary, prefix="query-") as folder:
            yield Path(folder)

    def _config(self, folder: Path) -> dict[str, Setting]:
        return {
            "threads": THREADS,
            "memory_limit": f"{self.limits.memory_mb}MB",
            "temp_directory": str(folder),
            "max_temp_directory_size": f"{self.limits.memory_mb * SPILL}MB",
        }

    def _plainly(self, refused: Refused) -> LakehouseError:
        match refused.kind:
            case "memory":
                return QueryTooLarge(
                    f"The query needs more than {self.limits.memory_mb} MB of memory (LAKE_QUERY_MEMORY_MB) and "
                    f"{self.limits.memory_mb * SPILL} MB of temporary files. Choose fewer columns or partitions."
                )
            case "late":
                return QueryTooLong(
                    f"The query was stopped after {self.limits.seconds:g} s (LAKE_QUERY_SECONDS). "
                    "Choose fewer partitions, or aggregate before joining."
                )
            case "large":
                return QueryTooLarge(
                    f"The result has more than {human_bytes(LARGEST_RESULT)}: "
                    "choose fewer rows or columns, or shorter texts."
                )
            case "gone":
                return FilesGone(
                    "A file of the lake could not be read; the table may have changed meanwhile. Run the query again."
                )
        return InvalidQuery(refused.message)


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
