"""DuckDB with nothing but what it is handed: no other files, no network, no extensions, no settings to change."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

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


def source(paths: Sequence[str], schema: pa.Schema, partition_columns: Sequence[str]) -> str:
    """A SELECT of the files of a Delta table with its schema; a column that a file does not have is NULL there."""
    types = _types(schema)
    if not paths:
        nothing = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(column)}" for column, kind in types.items())
        return f"SELECT {nothing} WHERE false"
    own = {column: kind for column, kind in types.items() if column not in partition_columns}
    fields = ", ".join(
        f"{_text(column)}: {{name: {_text(column)}, type: {_text(kind)}, default_value: NULL}}"
        for column, kind in own.items()
    )
    hive = ", ".join(f"{quoted(column)}: {types[column]}" for column in partition_columns)
    reading = (
        f", hive_partitioning = true, hive_types = {{{hive}}}" if hive else ", hive_partitioning = false"
    )
    return (
        f"SELECT {', '.join(map(quoted, schema.names))} "  # noqa: S608  names are quoted
        f"FROM read_parquet({_list(paths)}, schema = MAP {{{fields}}}{reading})"
    )


@lru_cache(256)
def _types(schema: pa.Schema) -> dict[str, str]:
    """The types of DuckDB for those of Arrow."""
    with duckdb.connect(":memory:") as connection:
        connection.register("shape", schema.empty_table())
        return {row[0]: row[1] for row in connection.execute("DESCRIBE FROM shape").fetchall()}


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
