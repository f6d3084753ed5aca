"""The plain Hive catalogue: for each table a JSON file that says in which prefix each partition is now.

A reader that knows no Delta log takes the prefixes from there. The file is replaced as a whole, and what an earlier one
named stays until the grace time is over.
"""

import json
from typing import Any

import polars as pl

from lake.delta import as_columns, table_key
from lake.domain import TableState
from lake.storage import Storage

CATALOGUE = "hive/"


def manifest_key(name: str) -> str:
    return f"{CATALOGUE}{name}.json"


def write_manifest(storage: Storage, name: str, state: TableState) -> None:
    """Flip the catalogue to this version of the table.

    `location` of a partition is relative to `root`, and so are the paths of its files.
    """
    head = {
        "table": name,
        "version": state.version,
        "root": storage.uri(table_key(name)),
        "partition_by": list(state.partition_by),
        "columns": as_columns(state.schema),
        "rows": state.rows,
        "bytes": state.size,
    }
    with storage.write(manifest_key(name)) as out:
        out.write(f'{json.dumps(head)[:-1]}, "partitions": {_partitions(state)}}}'.encode())


def read_manifest(storage: Storage, name: str) -> dict[str, Any]:
    """See `write_manifest`. Raises `FileNotFoundError`."""
    with storage.open(manifest_key(name)) as source:
        return dict(json.loads(source.read()))


def manifest_version(storage: Storage, name: str) -> int | None:
    """Which version the catalogue is at; None where there is none."""
    try:
        return int(read_manifest(storage, name)["version"])
    except FileNotFoundError:
        return None


def _partitions(state: TableState) -> str:
    """JSON of the partitions, by value."""
    parts = list(state.partition_by)
    file = pl.struct(
        "path",
        pl.col("size").alias("bytes"),
        "rows",
        pl.col("path").str.extract(r"-([0-9a-f]+)\.parquet$").alias("sha256"),
    )
    grouped = state.frame.sort("path").group_by(parts or pl.lit(0).alias("all"), maintain_order=True)
    frame = grouped.agg(
        pl.col("path").first().str.extract(r"^(.*/)").alias("location"),
        pl.col("rows").sum().alias("total"),
        file.alias("files"),
    ).sort(parts or "total")
    return frame.select(
        (pl.struct(parts) if parts else pl.lit(None)).alias("values"),
        "location",
        pl.col("total").alias("rows"),
        "files",
    ).write_json()
