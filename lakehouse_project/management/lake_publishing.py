"""The verbs of `lakehouse lake` that are about publishing."""

from typing import Any

from django.core.management.base import OutputWrapper
from rich.console import Console

from lake.services import PublishLake, VacuumLake
from lake.tables import LakeTables
from lakehouse_project.kernel.services import resolve

VERBS = ("publish", "tables", "vacuum")


def add_verbs(verbs: Any) -> None:
    publish = verbs.add_parser("publish", help="publish the partitions that changed")
    publish.add_argument("--everything", action="store_true", help="read all rows, and publish what differs")
    verbs.add_parser("tables", help="the published tables: rows, partitions, files, where they are")
    verbs.add_parser("vacuum", help="delete files that were replaced longer ago than LAKE_GRACE_HOURS")


def run(verb: str, out: OutputWrapper, options: dict[str, Any]) -> None:
    if verb == "publish":
        _publish(out, everything=options["everything"])
    elif verb == "tables":
        _tables(out)
    else:
        out.write(f"{resolve(VacuumLake)():,} files were deleted.")


def _publish(out: OutputWrapper, *, everything: bool) -> None:
    publish = resolve(PublishLake)
    with Console(stderr=True).status("publishing"):
        published = publish.everything() if everything else publish()
    for name, rows in published.rows.items():
        out.write(f"{name}: {rows:,} rows")
    out.write(f"{published.partitions:,} partitions were replaced.")


def _tables(out: OutputWrapper) -> None:
    tables = resolve(LakeTables).facts()
    if not tables:
        out.write(
            "Nothing is published. A worker does it once there are rows, or `lakehouse lake publish --everything`."
        )
        return
    width = max(len(table.name) for table in tables)
    for table in tables:
        by = "/".join(table.partition_by) or "-"
        out.write(
            f"{table.name:<{width}}  {table.rows:>12,} rows  {table.partitions:>6,} partitions by {by:<14}  "
            f"{table.size:>13,} bytes  version {table.version:<5}  {table.location}"
        )
