"""What does publishing cost beside polars' own `write_delta`, and does it matter how many partitions there are?"""

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from deltalake import WriterProperties

from benchmarks.lab import Lab, laboratory
from benchmarks.warehouse import fill

PARTS = ["year", "month", "day"]
FEW, MANY = 10, 1095
ROWS_OF_A_DAY = 500
CHANGED = (2021, 1, 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=10, help="1 means 20,000 order lines")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with laboratory() as lab, tempfile.TemporaryDirectory(dir=lab.home) as folder:
        fill(lab, users=1000 * options.scale, lines=20_000 * options.scale, events=50_000 * options.scale)
        lab.script("VACUUM ANALYZE")
        beside_polars(lab, Path(folder), options.rounds)
        one_partition(Path(folder), options.rounds)


def beside_polars(lab: Lab, folder: Path, rounds: int) -> None:
    """The same rows, at hand as a frame; and with reading them from PostgreSQL."""
    from silver.published import fact_sources  # noqa: PLC0415  Django is set up by now

    source = fact_sources("omit")[0]
    counts = source.counts(None)
    began = time.perf_counter()
    frame = source.rows(list(counts))
    reading = time.perf_counter() - began
    at_hand = AtHand.of(source.spec, frame)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(timed(lambda n=number: publish(folder / f"ours-{n}", at_hand)))
        theirs.append(timed(lambda n=number: write_delta(frame, folder / f"theirs-{n}")))
    whole = timed(lambda: publish(folder / "whole", source))
    rows = f"{frame.height:,} rows in {len(counts):,} partitions"
    print(
        f"{rows}: published {min(ours):.2f} s, write_delta {min(theirs):.2f} s, ratio {min(ours) / min(theirs):.2f}"
    )
    print(f"with reading them from PostgreSQL ({reading:.2f} s for all at once): {whole:.2f} s")


def one_partition(folder: Path, rounds: int) -> None:
    """Replacing one day of a table with few days, and of one with three years."""
    costs = {}
    for days in (FEW, MANY):
        table = folder / f"days-{days}"
        source = AtHand.of(some_spec(), some_days(days))
        publish(table, source)
        times = []
        for number in range(1, rounds * 5 + 1):
            source.parts[CHANGED] = source.parts[CHANGED].with_columns(
                pl.lit(number, pl.Int64).alias("value")
            )
            times.append(timed(lambda t=table, s=source: publish(t, s, [CHANGED])))
        costs[days] = sorted(times)[len(times) // 2]
        print(f"one of {days:,} partitions: median {costs[days] * 1000:.1f} ms")
    print(f"ratio {costs[MANY] / costs[FEW]:.2f}")


Values = tuple[int, ...]


@dataclass
class AtHand:
    """A source whose rows are in memory, by partition."""

    spec: object
    parts: dict[Values, pl.DataFrame]

    @classmethod
    def of(cls, spec: object, frame: pl.DataFrame) -> "AtHand":
        parts = frame.partition_by(PARTS, as_dict=True)
        return cls(spec, {tuple(map(int, values)): part for values, part in parts.items()})

    def news(self, window: object, stamp: str) -> object:
        raise NotImplementedError

    def counts(self, partitions: Collection[Values] | None) -> Mapping[Values, int]:
        wanted = self.parts if partitions is None else partitions
        return {values: self.parts[values].height for values in wanted if values in self.parts}

    def rows(self, partitions: Sequence[Values]) -> pl.DataFrame:
        return pl.concat([self.parts[values] for values in partitions])


def publish(folder: Path, source: object, wanted: Collection[tuple[int, ...]] | None = None) -> None:
    from lake.services import PublishTable  # noqa: PLC0415
    from lake.storage import LocalStorage  # noqa: PLC0415

    PublishTable(storage=LocalStorage(root=folder))(source, wanted)


def write_delta(frame: pl.DataFrame, folder: Path) -> None:
    options = {"partition_by": PARTS, "writer_properties": WriterProperties(compression="ZSTD")}
    frame.write_delta(str(folder), delta_write_options=options)


def some_spec() -> object:
    from lake.domain import LakeColumn, TableSpec  # noqa: PLC0415

    columns = [LakeColumn(name, pl.Int64()) for name in ("id", "day_number", "value")]
    return TableSpec(
        name="days", comment="", columns=tuple(columns), partition_by=tuple(PARTS), sorted_by=("id",)
    )


def some_days(days: int) -> pl.DataFrame:
    frame = pl.DataFrame({"id": pl.int_range(days * ROWS_OF_A_DAY, eager=True)})
    number = pl.col("id") // ROWS_OF_A_DAY
    date = pl.lit(dt.date(2021, 1, 1)) + pl.duration(days=number)
    return frame.with_columns(
        number.alias("day_number"),
        pl.lit(0, pl.Int64).alias("value"),
        date.dt.year().cast(pl.Int32).alias("year"),
        date.dt.month().cast(pl.Int32).alias("month"),
        date.dt.day().cast(pl.Int32).alias("day"),
    )


def timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
