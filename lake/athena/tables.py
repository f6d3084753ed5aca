"""How Glue is told of a table: the Delta table as it is, and the same files as Hive partitions."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HIVE_TYPES: Mapping[str, str] = {
    "string": "string",
    "long": "bigint",
    "integer": "int",
    "short": "smallint",
    "byte": "tinyint",
    "float": "float",
    "double": "double",
    "boolean": "boolean",
    "binary": "binary",
    "date": "date",
    "timestamp": "timestamp",
    "timestamp_ntz": "timestamp",
}
DECIMAL = re.compile(r"decimal\(\d+,\s*\d+\)")
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
PARQUET_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
LINKS_INPUT = "org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat"
LINKS_OUTPUT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
YEARS_AHEAD = 5
RANGES = {"month": "1,12", "day": "1,31"}


@dataclass(frozen=True)
class HiveTable:
    """A published table as its Hive catalogue (`hive/<name>.json`) has it. `root` ends with a slash."""

    name: str
    root: str
    columns: Sequence[Mapping[str, Any]]
    partition_by: tuple[str, ...]
    locations: Mapping[tuple[int, ...], str]
    files: Mapping[tuple[int, ...], Sequence[str]]

    @staticmethod
    def of(name: str, manifest: Mapping[str, Any]) -> "HiveTable":
        root, parts = f"{str(manifest['root']).rstrip('/')}/", tuple(manifest["partition_by"])
        found = {tuple(each["values"][part] for part in parts): each for each in manifest["partitions"]}
        return HiveTable(
            name=name,
            root=root,
            columns=manifest["columns"],
            partition_by=parts,
            locations={values: root + each["location"] for values, each in found.items()},
            files={values: [root + file["path"] for file in each["files"]] for values, each in found.items()},
        )


def delta_statement(database: str, name: str, location: str) -> str:
    """Athena reads columns and partitions from the log of a Delta table, so that nothing has to be told of them."""
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `{database}`.`{name}` "
        f"LOCATION '{location.rstrip('/')}/' TBLPROPERTIES ('table_type' = 'DELTA')"
    )


def partitioned_input(table: HiveTable, name: str) -> dict[str, Any]:
    """A table whose partitions are told one by one (`partition_input`)."""
    storage = _storage(table.root, _columns(table), PARQUET_INPUT, PARQUET_OUTPUT)
    return _table(name, table, storage, {"classification": "parquet"})


def projected_input(table: HiveTable, name: str, links: str) -> dict[str, Any]:
    """A table whose partitions Athena works out by itself: below `links` each has a file that lists its Parquet files."""
    years = [values[0] for values in table.locations] or [dt.datetime.now(dt.UTC).year]
    last = max(*years, dt.datetime.now(dt.UTC).year + YEARS_AHEAD)
    ranges = {"year": f"{min(years)},{last}", **RANGES}
    properties = {
        "classification": "parquet",
        "projection.enabled": "true",
        "storage.location.template": links
        + "/".join(f"{part}=${{{part}}}" for part in table.partition_by)
        + "/",
    }
    for part in table.partition_by:
        properties |= {f"projection.{part}.type": "integer", f"projection.{part}.range": ranges[part]}
    return _table(name, table, _storage(links, _columns(table), LINKS_INPUT, LINKS_OUTPUT), properties)


def partition_input(table: HiveTable, values: tuple[int, ...]) -> dict[str, Any]:
    """One partition, where it is now."""
    storage = _storage(table.locations[values], _columns(table), PARQUET_INPUT, PARQUET_OUTPUT)
    return {"Values": [str(value) for value in values], "StorageDescriptor": storage}


def _table(
    name: str, table: HiveTable, storage: dict[str, Any], properties: dict[str, str]
) -> dict[str, Any]:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "PartitionKeys": [{"Name": part, "Type": "int"} for part in table.partition_by],
        "StorageDescriptor": storage,
        "Parameters": {"EXTERNAL": "TRUE", **properties},
    }


def _storage(location: str, columns: list[dict[str, str]], read: str, write: str) -> dict[str, Any]:
    return {
        "Location": location,
        "Columns": columns,
        "InputFormat": read,
        "OutputFormat": write,
        "SerdeInfo": {"SerializationLibrary": PARQUET_SERDE, "Parameters": {"serialization.format": "1"}},
    }


def _columns(table: HiveTable) -> list[dict[str, str]]:
    return [
        {
            "Name": column["name"],
            "Type": hive_type(column["type"]),
            "Comment": str(column.get("comment", ""))[:255],
        }
        for column in table.columns
        if column["name"] not in table.partition_by
    ]


def hive_type(delta_type: str) -> str:
    """Raises `ValueError` for a type that the lake does not publish."""
    if DECIMAL.fullmatch(delta_type):
        return delta_type.replace(" ", "")
    if delta_type not in HIVE_TYPES:
        raise ValueError(f"Glue has no type for {delta_type}")
    return HIVE_TYPES[delta_type]
