"""The plain Hive catalogue: for each table a JSON file that says in which prefix each partition is now.

A reader that knows no Delta log takes the prefixes from there. The file is replaced as a whole, and what an earlier one
named stays until the grace time is over.
"""

import json
from collections.abc import Mapping
from typing import Any

from lake.delta import as_columns, table_key
from lake.domain import DataFile, TableState, Values
from lake.storage import Storage


def manifest_key(name: str) -> str:
    return f"hive/{name}.json"


def write_manifest(storage: Storage, name: str, state: TableState) -> None:
    """Flip the catalogue to this version of the table."""
    content = {
        "table": name,
        "version": state.version,
        "root": storage.uri(table_key(name)),
        "partition_by": list(state.partition_by),
        "columns": as_columns(state.schema),
        "rows": state.rows,
        "bytes": state.size,
        "partitions": [
            _partition(state.partition_by, values, files)
            for values, files in sorted(state.by_partition().items())
        ],
    }
    with storage.write(manifest_key(name)) as out:
        out.write(json.dumps(content, separators=(",", ":")).encode())


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


def _partition(parts: tuple[str, ...], values: Values, files: list[DataFile]) -> Mapping[str, Any]:
    """`location` is relative to `root`, and so are the paths of the files."""
    return {
        "values": dict(zip(parts, values, strict=True)),
        "location": f"{files[0].folder}/",
        "rows": sum(file.rows for file in files),
        "files": [
            {"path": file.path, "bytes": file.size, "rows": file.rows, "sha256": file.sha256}
            for file in sorted(files, key=lambda file: file.path)
        ],
    }
