"""Readers at work while partitions are replaced see the old or the new, never a part of either."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from lake.delta import DeltaLog, table_key
from lake.manifests import Catalogue
from lake.services import PublishTable
from lake.storage import LocalStorage, Storage
from tests.integration.lake.memory import Numbers

ROUNDS = 8
DAY, OTHER_DAY = (2024, 1, 5), (2024, 1, 6)
KEY = table_key("numbers")
Seen = tuple[int, int]
"""Rows of the day, and the sum of their rounds."""


def by_polars(storage: Storage) -> Seen:
    table = pl.scan_delta(storage.uri(KEY), storage_options=storage.options() or None)
    found = table.filter(pl.col("day") == 5).select(pl.len(), pl.col("round").sum()).collect()
    return found.row(0)  # type: ignore[return-value]


def by_pyarrow(storage: Storage) -> Seen:
    table = DeltaTable(storage.uri(KEY), storage_options=storage.options() or None)
    found = table.to_pyarrow_table(columns=["round"], filters=[("day", "=", 5)])
    return found.num_rows, sum(found["round"].to_pylist())


def by_the_catalogue(storage: Storage) -> Seen:
    """Knows nothing of Delta: the prefixes of the catalogue, each read whole."""
    partitions = Catalogue(storage=storage, name="numbers").read()["partitions"]
    (location,) = (each["location"] for each in partitions if each["values"]["day"] == 5)
    files = [storage.path(stored.key) for stored in storage.list(f"{KEY}/{location}")]
    frame = pl.concat([pl.read_parquet(file) for file in files])
    return frame.height, frame["round"].sum()


def by_duckdb(storage: Storage) -> Seen:
    """Over the file list of Delta; of a bucket by way of local copies."""
    state = DeltaLog(storage=storage, name="numbers").state()
    assert state
    paths = [str(storage.path(f"{KEY}/{file.path}")) for file in state.files if file.partition == DAY]
    query = "SELECT count(*), sum(round)::bigint FROM read_parquet(?, hive_partitioning = false)"
    with duckdb.connect() as connection:
        return connection.execute(query, [paths]).fetchall()[0]


@contextmanager
def reading(read: Callable[[Storage], Seen], storage: Storage) -> Iterator[list[Seen | Exception]]:
    """Read again and again meanwhile; what was seen is there when the block is over."""
    seen: list[Seen | Exception] = []
    has_begun, is_over = threading.Event(), threading.Event()

    def loop() -> None:
        while True:
            was_over = is_over.is_set()
            try:
                seen.append(read(storage))
            except Exception as error:  # noqa: BLE001  a reader that fails is what the test looks for
                seen.append(error)
            has_begun.set()
            if was_over:
                return

    thread = threading.Thread(target=loop)
    thread.start()
    has_begun.wait()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize("read", [by_polars, by_pyarrow, by_the_catalogue, by_duckdb])
def test_readers_see_the_old_or_the_new_partition(anywhere: Storage, read: Any) -> None:
    """In round n the day has 1,000 + n rows that all hold n, so that every mix of two rounds shows."""
    publish = PublishTable(storage=anywhere)
    numbers = Numbers({OTHER_DAY: (10, 99), DAY: (1001, 1)})
    publish(numbers, None)
    states = {(1000 + number, (1000 + number) * number) for number in range(1, ROUNDS + 1)}
    with reading(read, anywhere) as seen:
        for number in range(2, ROUNDS + 1):
            numbers.content[DAY] = (1000 + number, number)
            publish(numbers, [DAY])
    assert set(seen) <= states
    assert seen[-1] == (1000 + ROUNDS, (1000 + ROUNDS) * ROUNDS)


def test_many_publishes_make_checkpoints_and_stay_readable(tmp_path: Path) -> None:
    storage = LocalStorage(root=tmp_path)
    publish = PublishTable(storage=storage)
    numbers = Numbers()
    for number in range(27):
        numbers.content[DAY] = (1, number)
        publish(numbers, [DAY])
    assert by_polars(storage) == (1, 26)
    assert [stored for stored in storage.list(f"{KEY}/_delta_log/") if "checkpoint" in stored.key]
