"""DuckDB with nothing but what it is handed: no other files, no network, no extensions, no settings to change."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

Setting = str | bool | int | float | list[str]

SHUT: Mapping[str, Setting] = {
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


def locked_on(paths: Sequence[str], config: Mapping[str, Setting]) -> duckdb.DuckDBPyConnection:
    """A database in memory that can read these files, and stays shut: no later statement opens it up."""
    connection = duckdb.connect(":memory:", config={**SHUT, **config})
    connection.execute("SET enable_profiling = 'no_output'")
    connection.execute("SET python_enable_replacements = false")
    connection.execute("SET TimeZone = 'UTC'")
    if paths:
        connection.execute(f"SET allowed_paths = {_list(paths)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def create_view(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    paths: Sequence[str],
    schema: pa.Schema,
    partition_columns: Sequence[str],
) -> None:
    """The files of a Delta table as a view with its schema; a column that a file does not have is NULL there.

    Without files it is an empty table."""
    if not paths:
        connection.register("empty", schema.empty_table())
        connection.execute(f"CREATE TABLE {quoted(name)} AS FROM empty")
        connection.unregister("empty")
        return
    types = _types(connection, schema)
    own = {column: kind for column, kind in types.items() if column not in partition_columns}
    fields = ", ".join(
        f"{_text(column)}: {{name: {_text(column)}, type: {_text(kind)}, default_value: NULL}}"
        for column, kind in own.items()
    )
    hive = ", ".join(f"{quoted(column)}: {types[column]}" for column in partition_columns)
    reading = (
        f", hive_partitioning = true, hive_types = {{{hive}}}" if hive else ", hive_partitioning = false"
    )
    connection.execute(
        f"CREATE VIEW {quoted(name)} AS SELECT {', '.join(map(quoted, schema.names))} "  # noqa: S608  names are quoted
        f"FROM read_parquet({_list(paths)}, schema = MAP {{{fields}}}{reading})"
    )


def _types(connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> dict[str, str]:
    """The types of DuckDB for those of Arrow."""
    shape = schema.empty_table()
    connection.register("shape", shape)
    try:
        return {row[0]: row[1] for row in connection.execute("DESCRIBE FROM shape").fetchall()}
    finally:
        connection.unregister("shape")


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def first_line(error: duckdb.Error) -> str:
    """What DuckDB says, without the drawing of the place."""
    return str(error).split("\n\n", 1)[0].replace("\n", " ").strip()


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: Sequence[str]) -> str:
    return "[" + ", ".join(map(_text, values)) + "]"
