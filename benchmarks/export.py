"""A list as a file, beside a raw COPY of the same columns; and the memory that it takes.

    .venv/bin/python -m benchmarks.export --rows 1000000

The peer is psql's `\\copy (SELECT …) TO … CSV` of the same texts in the same order. Each export runs in a process of its
own, whose highest resident set is that of Python, Django and all imports included. The processor time is that of the process
and the server together. The records are first loaded from a CSV file, which is not measured.
"""

import argparse
from pathlib import Path

from benchmarks.lab import Lab, laboratory
from benchmarks.people import write_people

FORMATS = ("csv", "ndjson", "json", "parquet", "arrow")


def load(lab: Lab, rows: int) -> None:
    from bronze.services import LoadFile, ReceiveFile  # noqa: PLC0415  Django is set up by now
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415

    path = write_people(lab.home / f"users-{rows}.csv", rows)
    resolve(LoadFile)(resolve(ReceiveFile)(path, name="users.csv", via="benchmark").id)
    lab.script("VACUUM ANALYZE bronze_rawrecord")


def raw_copy(lab: Lab, path: Path) -> float:
    """Seconds of a plain `\\copy` of the same columns."""
    from bronze.contracts import CONTRACTS  # noqa: PLC0415

    fields = ", ".join(f"effective->>'{name}'" for name in CONTRACTS["users"].field_names())
    about = "id, key, status, errors, conflict, revision, source_file_id, line"
    chosen = "FROM bronze_rawrecord WHERE dataset_id = 'users' AND status <> 'deleted' ORDER BY id"
    with lab.stopwatch(with_children=True) as watch:
        lab.script(f"\\copy (SELECT {fields}, {about} {chosen}) TO '{path}' (FORMAT csv)")
    print(f"  raw copy   {watch.cost}")
    return watch.cost.wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with laboratory() as lab:
        for number in (rows // 5, rows):
            load(lab, number)
            print(f"{number:,} records")
            peer = raw_copy(lab, lab.home / "raw.csv")
            for to in FORMATS:
                with lab.stopwatch() as watch:
                    done = lab.child("benchmarks.export_file", "bronze/users", to, lab.home / f"out.{to}")
                assert done["rows"] == number
                cpu = watch.cost.cpu + done["cpu"]
                print(
                    f"  {to:<8}   {done['wall']:.2f} s (processor {cpu:.2f} s)   {done['wall'] / peer:.2f} raw copies   "
                    f"{done['peak_mb']:.0f} MB"
                )


if __name__ == "__main__":
    main()
