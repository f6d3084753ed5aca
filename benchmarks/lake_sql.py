"""Queries of the lake through the scan guard beside DuckDB alone on the same files, in one run.

    .venv/bin/python -m benchmarks.lake_sql --rows 1000000 --rounds 5

The table has 1,095 partitions of a day. The product looks at the table log, estimates, guards, and hands DuckDB the
files that are left. Peers: DuckDB with the list of all files, which it prunes by itself; and DuckDB with the files of the
very partitions, found beforehand at no cost. Each run of either opens a database of its own, since the product gives
every query one.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb
import polars as pl
from deltalake import DeltaTable

from benchmarks.lab import Cost
from lake.sql.children import Children
from lake.sql.domain import Limits, TableAddress
from lake.sql.embedded import EmbeddedEngine
from lake.sql.estimating import Estimator, Guard
from lake.sql.fetching import LocalFiles
from lake.sql.planning import Planner
from tests.lake_tables import Lake, with_partitions, write

DAYS = 1095
LIMITS = Limits(scan_bytes=10**12, seconds=600, memory_mb=2000, rows=10_000)
HIVE = "hive_partitioning = true, hive_types = {year: INTEGER, month: INTEGER, day: INTEGER}"
MONTH = "SELECT status, count(*) AS n, sum(amount) AS total FROM {} WHERE year = 2023 AND month = 5 GROUP BY ALL ORDER BY 1"
DAY = (
    "SELECT user_id, sum(amount) AS spent FROM {} WHERE year = 2023 AND month = 5 AND day = 7 "
    "GROUP BY ALL ORDER BY spent DESC, user_id LIMIT 5"
)
ALL = "SELECT status, sum(amount) AS total FROM {} WHERE year > 0 GROUP BY ALL ORDER BY 1"
QUESTIONS = {
    "a day": (DAY, "/year=2023/month=5/day=7/"),
    "a month": (MONTH, "/year=2023/month=5/"),
    "all days": (ALL, ""),
}


def orders(rows: int) -> pl.DataFrame:
    number = pl.int_range(0, rows, eager=True)
    frame = pl.DataFrame({"number": number}).select(
        order_id=pl.format("O{}", "number"),
        user_id=pl.format("U{}", pl.col("number") % 5000),
        ordered_at=pl.lit(datetime(2022, 1, 1, tzinfo=UTC))
        + pl.duration(seconds=pl.col("number") * (DAYS * 86_400 // rows)),
        status=pl.col("number").map_elements(
            lambda each: ("paid", "shipped", "returned")[each % 3], pl.String
        ),
        amount=(pl.col("number") % 977).cast(pl.Decimal(18, 2)),
    )
    return with_partitions(frame, "ordered_at")


def alone(sql: str, files: list[str]) -> list[tuple[object, ...]]:
    listed = ", ".join(f"'{file}'" for file in files)
    with duckdb.connect(":memory:", config={"threads": 2}) as connection:
        return connection.execute(sql.format(f"read_parquet([{listed}], {HIVE})")).fetchall()


def timed(work: Callable[[], object], rounds: int) -> Cost:
    """The median of each."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Cost(median(walls), median(cpus))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "orders"
        write(orders(given.rows), table)
        measure(table, Path(folder), given.rounds)


def measure(table: Path, folder: Path, rounds: int) -> None:
    children = Children(LIMITS.memory_mb)
    estimator = Estimator(tables=Lake([TableAddress("orders", str(table))]), planner=Planner(children))
    engine = EmbeddedEngine(
        limits=LIMITS,
        files=LocalFiles(folder=folder / "cache", megabytes=1000),
        temporary=folder / "tmp",
        children=children,
    )
    files = [
        str(table / path)
        for path in DeltaTable(table).get_add_actions(flatten=True).column("path").to_pylist()
    ]
    first = timed(lambda: estimator(ALL.format("orders")), 1)
    print(f"{len(files):,} files. The first estimate over all of them, footers read: {shown(first)}")
    for name, (sql, part) in QUESTIONS.items():
        left = [file for file in files if part in file]
        compare(name, sql, files=files, left=left, estimator=estimator, engine=engine, rounds=rounds)


def compare(
    name: str,
    sql: str,
    *,
    files: list[str],
    left: list[str],
    estimator: Estimator,
    engine: EmbeddedEngine,
    rounds: int,
) -> None:
    def ours() -> list[tuple[object, ...]]:
        query = estimator(sql.format("orders"))
        Guard(LIMITS.scan_bytes).require(query.estimate)
        return [tuple(row.values()) for row in engine.run(query).table.to_pylist()]

    assert ours() == alone(sql, files) == alone(sql, left)
    product = timed(ours, rounds)
    estimate = timed(lambda: estimator(sql.format("orders")), rounds)
    peer = timed(lambda: alone(sql, files), rounds)
    told = timed(lambda: alone(sql, left), rounds)
    print(
        f"{name:<9} product {shown(product)}, of it the estimate {shown(estimate)}; DuckDB with all files {shown(peer)}, "
        f"with those left {shown(told)}"
    )
    print(
        f"{'':<9} product / DuckDB {product.wall / peer.wall:.2f} ({product.cpu / peer.cpu:.2f}), "
        f"/ DuckDB with those left {product.wall / told.wall:.2f} ({product.cpu / told.cpu:.2f})"
    )


def shown(cost: Cost) -> str:
    return f"{cost.wall * 1000:.0f} ms ({cost.cpu * 1000:.0f})"


if __name__ == "__main__":
    main()
