"""DuckDB's plan of a query over empty tables. Only optimisations that hold whatever is in the tables are switched on: so the
plan holds for the full ones."""

import duckdb
import pyarrow as pa

from lake.sql.sandbox import quoted

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


class Plans:
    """One database for all plans."""

    def __init__(self) -> None:
        self._connection = _database()
        self._schemas: dict[str, pa.Schema] = {}

    def explain(self, sql: str, schemas: dict[str, pa.Schema]) -> str:
        """The plan as JSON. `schemas` are those of the tables that the query names. Raises `duckdb.Error`."""
        for name, schema in schemas.items():
            self._define(name, schema)
        [(_, text)] = self._connection.execute("EXPLAIN (FORMAT json) " + sql).fetchall()
        return str(text)

    def _define(self, name: str, schema: pa.Schema) -> None:
        if self._schemas.get(name) == schema:
            return
        self._connection.register("empty", schema.empty_table())
        self._connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS FROM empty")
        self._connection.unregister("empty")
        self._schemas[name] = schema


def _database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:", config={"enable_external_access": "false", "threads": "1", "memory_limit": "256MB"}
    )
    every = [name for (name,) in connection.execute("FROM duckdb_optimizers()").fetchall()]
    off = ",".join(name for name in every if name not in SOUND)
    connection.execute(f"SET disabled_optimizers = '{off}'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection
