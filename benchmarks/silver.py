"""The refinement of order lines, each part against a peer in the same run.

.venv/bin/python -m benchmarks.silver --rows 1000000
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import psycopg

from benchmarks.lab import Cost, Lab, laboratory
from benchmarks.orders import CHANGED, IN_11_DAYS, SCATTERED, fill
from benchmarks.orders_in_duckdb import Rival
from benchmarks.stress import stress

TABLE = "silver_factorderline"
PEER_READ = """
SELECT id AS raw_record_id, status AS record_status, updated_at AS recorded_at, order_id, line_number, user_id, sku,
    ordered_at, order_status AS status, quantity, unit_price, currency
FROM bench_lines WHERE id > %(after)s ORDER BY id LIMIT %(size)s
"""
CONTENT = f"""
SELECT count(*), sum(hashtextextended((order_id, line_number, user_id_natural, sku_natural, ordered_at, status, quantity,
    unit_price, amount, currency, amount_reporting, date_id, user_id, product_id, raw_record_id)::text, 0)::numeric)
FROM {TABLE}
"""
FORGET = f"""
TRUNCATE {TABLE}; DELETE FROM governance_watermark WHERE stage = 'silver'; VACUUM ANALYZE {TABLE};
"""


class Bench:
    """The parts, in the order in which they build on each other."""

    def __init__(self, lab: Lab, rows: int, rounds: int) -> None:
        self._lab = lab
        self._rows = rows
        self._rounds = rounds

    def reading(self) -> None:
        ours, peer = self._race(lambda: _drain(_pages()), lambda: _drain(_copied(PEER_READ)))
        report("reading bronze / a typed table", ours, peer, "at most 1.6")

    def transforms(self) -> None:
        """Page by page, as the refinement goes."""
        rival = Rival(self._lab.home)
        mine: list[Cost] = []
        theirs: list[Cost] = []
        for page in _pages():
            known = _known(page)
            rival.put({"records": page, **known})
            ours, peer = self._race(lambda page=page, known=known: _transform(page, known), rival.transform)
            mine.append(ours)
            theirs.append(peer)
            assert_alike(_transform(page, known), rival.found())
        report("transforms / DuckDB", _sum(mine), _sum(theirs), "at most 1.5")

    def loading(self) -> None:
        """Rows that are ready: filled beside and swapped in, or copied into the same table as it is, or without indexes."""
        frames = [_transform(page, _known(page)) for page in _pages()]
        ready = _write_ready(frames, self._lab.home / "ready.tsv")
        fillings, indexed, bare = [], [], []
        for _ in range(self._rounds):
            self._lab.script(FORGET)
            fillings.append(self._timed(lambda: _fill(frames)))
            self._lab.script(FORGET)
            indexed.append(self._copy(TABLE, ready))
            self._lab.script(f"CREATE TABLE bench_bare (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING IDENTITY)")
            bare.append(self._copy("bench_bare", ready))
            self._lab.script("DROP TABLE bench_bare")
        ours = middle(fillings)
        report("load / \\copy into the same table", ours, middle(indexed), "at most 2.5")
        report("load / \\copy into it without indexes", ours, middle(bare), "at most 2.5")

    def increments(self) -> None:
        """Whole runs in a worker of its own: the first one, and after changes."""
        self._lab.script(FORGET)
        full = self.refine("full run")
        for name, which, target in (
            ("1 % scattered", SCATTERED, "at most 0.15"),
            ("of 11 days", IN_11_DAYS, "at most 0.10"),
        ):
            self._lab.script(CHANGED.format(which=which))
            self._lab.script("VACUUM ANALYZE bronze_rawrecord")
            report(f"run after changes, {name} / full", self.refine(f"after changes, {name}"), full, target)
        self._marts()
        after = content()
        self._lab.script(FORGET)
        self.refine("full run again")
        print(f"  increments equal a full run: {content() == after}", flush=True)

    def _marts(self) -> None:
        """One changed row on its way through silver into the marts. The files are written whole, whatever has changed."""
        from gold.services import RefreshMarts, RefreshViews, WriteFiles  # noqa: PLC0415  Django is set up by now
        from lakehouse_project.kernel.services import resolve  # noqa: PLC0415
        from silver.tasks import refine  # noqa: PLC0415

        marts, views, files = resolve(RefreshMarts), resolve(RefreshViews), resolve(WriteFiles)
        first = self._timed(lambda: (marts(), views(), files()))
        self._lab.script(f"VACUUM ANALYZE {TABLE}")
        self._lab.script(CHANGED.format(which="key = 'o100:1'"))
        refined, refreshed = self._timed(refine), self._timed(lambda: (marts(), views()))
        print(f"  marts, views and files: all {first}")
        print(
            f"  after one changed row: silver {refined}, marts and views {refreshed}, files {self._timed(files)}",
            flush=True,
        )

    def refine(self, what: str) -> Cost:
        with self._lab.stopwatch() as watch:
            done = self._lab.child("benchmarks.refine_once")
        cost = Cost(done["wall"], watch.cost.cpu + done["cpu"])
        counts = {name: count for name, count in done["counts"].items() if count}
        print(f"  {what}: {cost}, peak of the worker {done['peak_mb']:.0f} MB, {counts}", flush=True)
        return cost

    def _race(self, ours: Callable[[], object], peer: Callable[[], object]) -> tuple[Cost, Cost]:
        pairs = [(self._timed(ours), self._timed(peer)) for _ in range(self._rounds)]
        return middle([pair[0] for pair in pairs]), middle([pair[1] for pair in pairs])

    def _timed(self, work: Callable[[], object]) -> Cost:
        with self._lab.stopwatch() as watch:
            work()
        return watch.cost

    def _copy(self, table: str, ready: Path) -> Cost:
        """On a connection that stays open: what a backend has used is known only while it is there or long gone."""
        statement = f"COPY {table} ({', '.join(_columns())}) FROM STDIN"
        with (
            psycopg.connect(self._lab.database, autocommit=True) as connection,
            self._lab.stopwatch() as watch,
            connection.cursor().copy(statement.encode()) as copy,
            ready.open("rb") as file,
        ):
            while block := file.read(1 << 20):
                copy.write(block)
        return watch.cost


def _pages() -> Iterator[pl.DataFrame]:
    from governance.feed import Window  # noqa: PLC0415  Django is set up by now
    from silver.repositories.records import all_pages, extents  # noqa: PLC0415
    from silver.transforms.registry import TRANSFORMS  # noqa: PLC0415

    extent = extents(Window(low=0, high=0, is_full=True))["order_lines"]
    yield from all_pages("order_lines", TRANSFORMS["order_lines"].fields, extent)


def _copied(query: str) -> Iterator[pl.DataFrame]:
    from lakehouse_project.kernel.copy import copy_pages  # noqa: PLC0415

    yield from copy_pages(query, after="raw_record_id")


def _drain(pages: Iterator[pl.DataFrame]) -> None:
    for _ in pages:
        pass


def _known(page: pl.DataFrame) -> dict[str, pl.DataFrame]:
    from django.conf import settings  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415

    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415
    from silver.services import RefineChanges  # noqa: PLC0415
    from silver.services.lookups import Lookups  # noqa: PLC0415
    from silver.transforms.registry import TRANSFORMS  # noqa: PLC0415

    calendar = resolve(RefineChanges).calendar
    lookups = Lookups(reporting_currency=settings.REPORTING_CURRENCY, calendar=calendar)
    with transaction.atomic():
        return dict(lookups.of("order_lines", TRANSFORMS["order_lines"].typed(page).rows))


def _transform(page: pl.DataFrame, known: dict[str, pl.DataFrame]) -> pl.DataFrame:
    from silver.transforms.registry import TRANSFORMS  # noqa: PLC0415

    return TRANSFORMS["order_lines"](page, known).rows


def assert_alike(ours: pl.DataFrame, theirs: pl.DataFrame) -> None:
    """Equal to the cent: half a cent goes to the even one here, and up in DuckDB."""
    names = [
        "raw_record_id",
        "line_number",
        "ordered_at",
        "status",
        "amount",
        "date_id",
        "product_id",
        "user_id",
    ]
    ours, theirs = ours.sort("raw_record_id"), theirs.sort("raw_record_id")
    theirs = theirs.with_columns(pl.col("ordered_at").dt.replace_time_zone("UTC"))
    exact = [pl.col(name).cast(ours.schema[name]) for name in names]
    assert ours.select(names).equals(theirs.select(exact))
    apart = (ours["amount_reporting"].cast(pl.Float64) - theirs["amount_reporting"].cast(pl.Float64)).abs()
    assert apart.null_count() == 0
    assert float(str(apart.max())) < 0.011


def _columns() -> tuple[str, ...]:
    from silver.repositories.tables import ORDER_LINES  # noqa: PLC0415

    return ORDER_LINES.columns


def _write_ready(frames: list[pl.DataFrame], path: Path) -> Path:
    with path.open("wb") as file:
        for frame in frames:
            frame.select(_columns()).write_csv(file, include_header=False, separator="\t", null_value="\\N")
    return path


def _fill(frames: list[pl.DataFrame]) -> None:
    from django.db import transaction  # noqa: PLC0415

    from silver.repositories.filling import Filling, swap  # noqa: PLC0415
    from silver.repositories.loading import open_ledger  # noqa: PLC0415
    from silver.repositories.tables import ORDER_LINES  # noqa: PLC0415

    with transaction.atomic():
        open_ledger()
        filling = Filling(ORDER_LINES)
        for frame in frames:
            filling.add(frame)
        filling.complete()
        swap([filling])


def content() -> Any:
    from silver.repositories.statements import fetch  # noqa: PLC0415

    return fetch(CONTENT)


def middle(costs: list[Cost]) -> Cost:
    return Cost(median(cost.wall for cost in costs), median(cost.cpu for cost in costs))


def _sum(costs: list[Cost]) -> Cost:
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs))


def report(what: str, ours: Cost, peer: Cost, target: str) -> None:
    ratios = f"{ours.wall / peer.wall:.2f}, of processor time {ours.cpu / peer.cpu:.2f} ({target})"
    print(f"{what}: {ratios}   {ours} to {peer}", flush=True)


PARTS = ("reading", "transforms", "loading", "increments", "stress")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=float, default=25, help="how long the writers of the stress test write"
    )
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    with laboratory() as lab:
        start = time.perf_counter()
        fill(lab, options.rows)
        print(f"{options.rows:,} order lines in bronze after {time.perf_counter() - start:.0f} s", flush=True)
        bench = Bench(lab, options.rows, options.rounds)
        bench.refine("first run")
        for part in options.only:
            if part == "stress":
                print(stress(lab, seconds=options.seconds), flush=True)
            else:
                getattr(bench, part)()


if __name__ == "__main__":
    main()
