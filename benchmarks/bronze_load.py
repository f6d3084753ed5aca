"""Loading a file into bronze against other ways to bring the same rows into PostgreSQL, in one run.

    .venv/bin/python -m benchmarks.bronze_load --rows 1000000 --rounds 3

The ways: a raw `\\copy` of the file into a typed table without indexes; a raw `\\copy` of ready-made JSON into a table like
the raw records, generated column and all indexes included, without foreign key and triggers; Django's
`bulk_create(batch_size=1000)` of ready-made records; pandas' `read_csv` and `to_sql` into the typed table.
"""

import argparse
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import polars as pl

from benchmarks.lab import Cost, Lab, laboratory
from benchmarks.people import write_people

TYPED = """
SET client_min_messages = warning;
DROP TABLE IF EXISTS bench_typed;
CREATE TABLE bench_typed (
    user_id bigint, full_name text, email text, phone text, address text, city text, postal_code text, country text,
    created_at timestamptz, updated_at timestamptz
);
"""
TWIN = """
SET client_min_messages = warning;
DROP TABLE IF EXISTS bench_twin;
CREATE TABLE bench_twin (LIKE bronze_rawrecord INCLUDING ALL);
"""
EMPTY = """
TRUNCATE bronze_rawrecord, bronze_recordhistory, bronze_sourcefile, bronze_document, bronze_documentpage;
"""
RECORD_COLUMNS = ("dataset_id", "key", "payload", "line", "source_file_id", "content_hash")


class Race:
    """One way after another with the same file, `rounds` times."""

    def __init__(self, lab: Lab, rows: int, slow_rows: int) -> None:
        self._lab = lab
        self.rows = rows
        self.slow_rows = slow_rows
        self._csv = write_people(lab.home / "people.csv", rows)
        self._again = write_people(lab.home / "again.csv", rows, changed=1)
        self._few = write_people(lab.home / "few.csv", slow_rows)
        self._ready = _write_ready(self._csv, lab.home / "ready.csv")
        self.peaks: list[float] = []

    def ways(self) -> Mapping[str, Callable[[], Cost]]:
        """Name -> a run of it. `again` needs what `bronze` has left; the slow ones run with `slow_rows`."""
        ways = {
            "typed": self._typed,
            "twin": self._twin,
            "bronze": lambda: self._bronze(self._csv, afresh=True),
            "again": lambda: self._bronze(self._again, afresh=False),
            "bulk_create": self._bulk_create,
        }
        if importlib.util.find_spec("pandas"):
            ways["to_sql"] = self._to_sql
        return ways

    def _typed(self) -> Cost:
        self._lab.script(TYPED)
        return self._copied(f"\\copy bench_typed from '{self._csv}' (format csv, header)")

    def _twin(self) -> Cost:
        self._lab.script(TWIN)
        columns = ", ".join(RECORD_COLUMNS)
        return self._copied(f"\\copy bench_twin ({columns}) from '{self._ready}' (format csv)")

    def _copied(self, command: str) -> Cost:
        with self._lab.stopwatch(with_children=True) as watch:
            self._lab.script(command)
        return watch.cost

    def _bronze(self, path: Path, *, afresh: bool) -> Cost:
        from bronze.services import ReceiveFile  # noqa: PLC0415  Django is set up by now
        from lakehouse_project.kernel.services import resolve  # noqa: PLC0415

        if afresh:
            self._lab.script(EMPTY)
        file = resolve(ReceiveFile)(path, name=path.name, via="command", dataset="users")
        with self._lab.stopwatch() as watch:
            done = self._lab.child("benchmarks.load_file", file.id)
        assert done["receipt"]["read"] == self.rows, done
        self.peaks.append(done["peak_mb"])
        return Cost(done["wall"], watch.cost.cpu + done["cpu"])

    def _bulk_create(self) -> Cost:
        from bronze.models import RawRecord  # noqa: PLC0415

        self._lab.script(EMPTY)
        rows = pl.read_csv(self._few, infer_schema=False).to_dicts()
        records = [
            RawRecord(dataset_id="users", key=row["user_id"], payload=row, line=line, content_hash=b"0" * 32)
            for line, row in enumerate(rows, start=2)
        ]
        with self._lab.stopwatch() as watch:
            RawRecord.objects.bulk_create(records, batch_size=1000)
        return self._scaled(watch.cost)

    def _to_sql(self) -> Cost:
        import pandas as pd  # noqa: PLC0415  not among the requirements of the project
        from sqlalchemy import create_engine  # noqa: PLC0415

        self._lab.script(TYPED)
        engine = create_engine(self._lab.database.replace("postgresql://", "postgresql+psycopg://"))
        with self._lab.stopwatch() as watch:
            frame = pd.read_csv(self._few, parse_dates=["created_at", "updated_at"])
            frame.to_sql("bench_typed", engine, if_exists="append", index=False, chunksize=10_000)
        engine.dispose()
        return self._scaled(watch.cost)

    def _scaled(self, cost: Cost) -> Cost:
        factor = self.rows / self.slow_rows
        return Cost(cost.wall * factor, cost.cpu * factor)


def _write_ready(source: Path, target: Path) -> Path:
    """The rows of `source` as another program might hand them over: key, JSON, line, file, hash."""
    rows = pl.scan_csv(source, infer_schema=False)
    payload = pl.struct(pl.all()).struct.json_encode()
    ready = rows.select(
        dataset_id=pl.lit("users"),
        key=pl.col("user_id"),
        payload=payload,
        line=pl.int_range(2, pl.len() + 2),
        source_file_id=pl.lit(1),
        content_hash=pl.lit("\\x" + "5a" * 32),
    )
    ready.sink_csv(target, include_header=False)
    return target


def report(race: Race, costs: Mapping[str, list[Cost]]) -> None:
    wall = {name: median(cost.wall for cost in found) for name, found in costs.items()}
    cpu = {name: median(cost.cpu for cost in found) for name, found in costs.items()}
    print(f"\n{race.rows:,} rows, 10 columns; medians of {len(next(iter(costs.values())))} rounds")
    for name in costs:
        print(f"  {name:12} {wall[name]:8.2f} s   processor {cpu[name]:8.2f} s")
    for text, above, below, target in (
        ("bronze / typed", "bronze", "typed", "at most 5"),
        ("bronze / twin", "bronze", "twin", "at most 1.5"),
        ("again / bronze", "again", "bronze", "at most 0.6"),
        ("bulk_create / bronze", "bulk_create", "bronze", "at least 10"),
        ("to_sql / bronze", "to_sql", "bronze", "at least 4"),
    ):
        if above in wall and below in wall:
            ratios = f"{wall[above] / wall[below]:6.2f}   of processor time {cpu[above] / cpu[below]:6.2f}"
            print(f"  {text:22} {ratios}   ({target})")
    print(f"  peak of the worker {max(race.peaks):.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--slow-rows", type=int, default=50_000, help="rows for bulk_create and to_sql")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names of ways; all by default")
    options = parser.parse_args()
    with laboratory() as lab:
        race = Race(lab, options.rows, min(options.slow_rows, options.rows))
        ways = {name: way for name, way in race.ways().items() if not options.only or name in options.only}
        costs: dict[str, list[Cost]] = {name: [] for name in ways}
        for number in range(options.rounds):
            for name, way in ways.items():
                costs[name].append(way())
                print(f"round {number + 1}: {name} {costs[name][-1]}", flush=True)
        report(race, costs)


if __name__ == "__main__":
    main()
