"""Which columns and files of which tables a query reads: DuckDB's own plan of it, made over empty tables of the same schema.

Only optimisations that hold whatever is in the tables are switched on, so that the plan holds for the full ones.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import duckdb
import pyarrow as pa

from lake.sql.errors import InvalidQuery
from lake.sql.predicates import Conditions
from lake.sql.sandbox import first_line, locked_on, quoted
from lake.sql.snapshots import HIGHEST, LOWEST, PARTITION, Snapshot
from lake.sql.statements import Statement, check

SOUND = frozenset(
    {
        "expression_rewriter",
        "filter_pullup",
        "filter_pushdown",
        "cte_filter_pusher",
        "unused_columns",
        "column_lifetime",
    }
    | {"cte_inlining", "deliminator", "unnest_rewriter", "outer_join_simplification"}
)


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
    """One database for all plans; one at a time."""

    def __init__(self) -> None:
        self._connection = locked_on((), {"threads": 1, "memory_limit": "256MB"})
        self._plans = _planning_database()
        self._schemas: dict[str, pa.Schema] = {}
        self._lock = RLock()

    def check(self, sql: str, known: Sequence[str]) -> Statement:
        """See `statements.check`."""
        with self._lock:
            return check(sql, known, self._connection)

    def needs(self, statement: Statement, snapshots: Mapping[str, Snapshot]) -> list[Need]:
        """Every reading of every table. A table that the plan does not mention counts as read whole."""
        with self._lock:
            for snapshot in snapshots.values():
                self._define(snapshot)
            scans = [_scan(node, above) for node, above in self._nodes(statement.sql)]
            named = {scan.table for scan in scans}
            scans += [_Scan(name, (), (), ()) for name in statement.tables if name not in named]
            return [self._need(scan, snapshots[scan.table], statement) for scan in scans]

    def _define(self, snapshot: Snapshot) -> None:
        if self._schemas.get(snapshot.name) == snapshot.schema:
            return
        empty = snapshot.schema.empty_table()
        self._plans.register("empty", empty)
        self._plans.execute(f"CREATE OR REPLACE TABLE {quoted(snapshot.name)} AS FROM empty")
        self._plans.unregister("empty")
        self._schemas[snapshot.name] = snapshot.schema

    def _nodes(self, sql: str) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
        try:
            [(_, text)] = self._plans.execute("EXPLAIN (FORMAT json) " + sql).fetchall()
        except duckdb.Error as error:
            raise InvalidQuery(first_line(error)) from error
        for root in json.loads(text):
            yield from _readings(root, ())

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


def _planning_database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:", config={"enable_external_access": "false", "threads": "1", "memory_limit": "256MB"}
    )
    every = [name for (name,) in connection.execute("FROM duckdb_optimizers()").fetchall()]
    off = ",".join(name for name in every if name not in SOUND)
    connection.execute(f"SET disabled_optimizers = '{off}'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


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
