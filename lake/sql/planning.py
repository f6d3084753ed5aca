"""Which columns and files of which tables a query reads: DuckDB's own plan of it, made over empty tables of the same schema.

See `lake.sql.plans` why it holds for the full ones.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import duckdb
import pyarrow as pa

from lake.sql.children import Children, Refused
from lake.sql.errors import InvalidQuery, QueryTooLarge, QueryTooLong
from lake.sql.predicates import Conditions
from lake.sql.sandbox import locked_on, quoted
from lake.sql.snapshots import HIGHEST, LOWEST, PARTITION, Snapshot
from lake.sql.statements import Statement, check
from lakehouse_project.kernel.errors import PermanentError

PLANNING_SECONDS = 10.0


@dataclass(frozen=True)
class Need:
    """What one reading of a table needs: `rows` of `Snapshot.files` by partition, `hit` those that the lowest and highest
    values leave of them."""

    table: str
    columns: tuple[str, ...]
    partition_filter: str | None
    rows: tuple[int, ...]
    hit: tuple[int, ...]


@dataclass(frozen=True)
class _Scan:
    """A reading of a table as the plan has it. `above` are conditions right above it, in names that the query may give."""

    table: str
    columns: tuple[str, ...]
    conditions: tuple[str, ...]
    above: tuple[str, ...]


class Planner:
    """Plans are made by a child process: to fold the constants of a query may take any memory. One at a time."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._connection = locked_on((), {"threads": 1, "memory_limit": "256MB"})
        self._lock = RLock()

    def check(self, sql: str, known: Sequence[str]) -> Statement:
        """See `statements.check`."""
        with self._lock:
            return check(sql, known, self._connection)

    def needs(self, statement: Statement, snapshots: Mapping[str, Snapshot]) -> list[Need]:
        """Every reading of every table. A table that the plan does not mention counts as read whole."""
        with self._lock:
            scans = [_scan(node, above) for node, above in self._nodes(statement.sql, snapshots)]
            named = {scan.table for scan in scans}
            scans += [_Scan(name, (), (), ()) for name in statement.tables if name not in named]
            return [self._need(scan, snapshots[scan.table], statement) for scan in scans]

    def _nodes(
        self, sql: str, snapshots: Mapping[str, Snapshot]
    ) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
        schemas = {name: _as_text(snapshot.schema) for name, snapshot in snapshots.items()}
        try:
            answer = self._children.ask("explain", seconds=PLANNING_SECONDS, sql=sql, schemas=schemas)
        except Refused as refused:
            raise self._not_planned(refused) from refused
        for root in json.loads(answer["text"]):
            yield from _readings(root, ())

    def _not_planned(self, refused: Refused) -> PermanentError:
        match refused.kind:
            case "late":
                return QueryTooLong(
                    f"The query cannot be planned within {PLANNING_SECONDS:g} s. Make it simpler."
                )
            case "memory":
                return QueryTooLarge(
                    f"To be planned alone the query needs more than {self._children.memory_mb} MB of memory "
                    "(LAKE_QUERY_MEMORY_MB). Make its constants shorter."
                )
        return InvalidQuery(refused.message)

    def _need(self, scan: _Scan, snapshot: Snapshot, statement: Statement) -> Need:
        own = {name.lower() for name in snapshot.schema.names}
        said = scan.conditions if statement.renamed & own else (*scan.conditions, *scan.above)
        conditions = Conditions(self._connection)
        by_partition = conditions.on_partitions(said, snapshot.partition_columns)
        rows = self._kept(snapshot, by_partition, is_exact=True)
        bounds = conditions.on_bounds(said, _bounded_columns(snapshot))
        hit = set(self._kept(snapshot, bounds, is_exact=False))
        columns = _columns(scan, snapshot)
        return Need(scan.table, columns, by_partition, tuple(rows), tuple(row for row in rows if row in hit))

    def _kept(self, snapshot: Snapshot, condition: str | None, *, is_exact: bool) -> list[int]:
        """The files that the condition leaves: a statistic may be missing, a partition value is there."""
        every = list(range(snapshot.files.num_rows))
        if condition is None:
            return every
        files = snapshot.files.append_column("#", pa.array(every, pa.int64()))
        names = [PARTITION + name for name in snapshot.partition_columns]
        shown = ", ".join(f"{quoted(name)} AS {quoted(name.removeprefix(PARTITION))}" for name in names)
        test = f"({condition})" if is_exact else f"COALESCE(({condition}), TRUE)"
        self._connection.register("files", files)
        try:
            found = self._connection.execute(
                f'SELECT "#" FROM (SELECT *{", " + shown if shown else ""} FROM files) WHERE {test} ORDER BY 1'  # noqa: S608  written by DuckDB from its own tree
            ).fetchall()
        except duckdb.Error:
            return every  # not what DuckDB reads itself: nothing is left out
        finally:
            self._connection.unregister("files")
        return [row for (row,) in found]


def _as_text(schema: pa.Schema) -> str:
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def _readings(
    node: dict[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    if node["name"] == "SEQ_SCAN":
        yield node, above
    said = tuple(_several(node["extra_info"].get("Expression"))) if node["name"] == "FILTER" else ()
    for child in node["children"]:
        yield from _readings(child, said)


def _scan(node: dict[str, Any], above: tuple[str, ...]) -> _Scan:
    told = node["extra_info"]
    table = str(told["Table"]).rsplit(".", maxsplit=1)[-1].strip('"')
    return _Scan(table, tuple(_several(told.get("Projections"))), tuple(_several(told.get("Filters"))), above)


def _several(told: Any) -> list[str]:
    """The plan has a text where there is one, a list where there are more."""
    every = told if isinstance(told, list) else [told]
    return [str(each) for each in every if each]


def _columns(scan: _Scan, snapshot: Snapshot) -> tuple[str, ...]:
    """Columns that come from files: those that the plan lists, and those that its conditions mention."""
    conditions = " ".join(scan.conditions)
    return tuple(
        name
        for name in snapshot.schema.names
        if name not in snapshot.partition_columns and (name in scan.columns or name in conditions)
    )


def _bounded_columns(snapshot: Snapshot) -> list[str]:
    """Columns whose lowest and highest values are known; of texts they may be cut off."""
    known = set(snapshot.files.schema.names)
    return [
        field.name
        for field in snapshot.schema
        if not (
            pa.types.is_string(field.type)
            or pa.types.is_large_string(field.type)
            or pa.types.is_binary(field.type)
        )
        and {LOWEST + field.name, HIGHEST + field.name} <= known
    ]
