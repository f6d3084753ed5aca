"""How fast are a backup and a verified restore, beside plain `pg_dump | gzip` and `gunzip | psql` of the same database?

Fills bronze and silver with the seed of a scale (10: 10,000 users, 200,000 order lines), then measures one after the other:
`pg_dump | gzip` into a file, a backup, `gunzip | psql` into a new database, and a verification, which restores, counts and
sums up every table. MB are those of the database on the disk. The time is that on the clock.

    python -m benchmarks.backup --scale 10 --rounds 1
"""

# ruff: noqa: PLC0415  Django is set up by the laboratory
import argparse
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.lab import laboratory


def main() -> None:
    parser = argparse.ArgumentParser(description="Backup and verified restore beside pg_dump | gzip.")
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    with laboratory() as lab:
        fill(options.scale)
        report(measure(lab.database, lab.psql.parent, lab.home, options.rounds))


def fill(scale: float) -> None:
    from bronze.services import SeedLake
    from bronze.tasks import load_received
    from lakehouse_project.kernel.services import resolve
    from silver.tasks import refine

    resolve(SeedLake)(scale=scale, seed=42)
    load_received()
    refine()


def measure(database: str, programs: Path, home: Path, rounds: int) -> dict[str, Any]:
    from django.db import connection

    from lake.backups.create import CreateBackup
    from lake.backups.verify import VerifyBackup
    from lakehouse_project.kernel.services import resolve

    plain, made = home / "plain.sql.gz", []
    beside = database.rpartition("/")[0] + "/beside"

    def restore() -> None:
        shell(
            f"{programs}/psql --quiet {database} -c 'DROP DATABASE IF EXISTS beside' -c 'CREATE DATABASE beside'"
        )
        shell(
            f"gunzip --stdout {plain} | {programs}/psql --quiet --set=ON_ERROR_STOP=0 {beside} > /dev/null 2>&1"
        )

    steps: dict[str, Callable[[], Any]] = {
        "pg_dump | gzip": lambda: shell(f"{programs}/pg_dump {database} | gzip > {plain}"),
        "backup": lambda: made.append(resolve(CreateBackup)()),
        "gunzip | psql": restore,
        "verification": lambda: made.append(resolve(VerifyBackup)(made[-1].id)),
    }
    taken = {name: statistics.median(timed(step) for _ in range(rounds)) for name, step in steps.items()}
    if made[-1].state != "verified":
        raise SystemExit(f"The backup is no good: {made[-1].verdict}")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    sizes = {"plain": plain.stat().st_size, "backup": made[-1].manifest.dump.size, "database": size}
    return {"taken": taken, "sizes": sizes, "rto": made[-1].verification.seconds}


def shell(command: str) -> None:
    subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True)


def timed(step: Callable[[], Any]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def report(found: dict[str, Any]) -> None:
    taken, sizes = found["taken"], {name: size / 1e6 for name, size in found["sizes"].items()}
    print(
        f"database {sizes['database']:,.0f} MB, gzip {sizes['plain']:,.0f} MB, backup {sizes['backup']:,.0f} MB"
    )
    for name, seconds in taken.items():
        print(f"{name:<16} {seconds:8.1f} s  {sizes['database'] / seconds:8.1f} MB/s")
    print(f"restore alone (RTO) {found['rto']:.1f} s")
    print(f"backup / pg_dump | gzip:      {taken['backup'] / taken['pg_dump | gzip']:.2f}")
    print(f"verification / gunzip | psql: {taken['verification'] / taken['gunzip | psql']:.2f}")


if __name__ == "__main__":
    main()
