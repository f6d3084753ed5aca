"""The embedded engine: right answers from few files, within limits."""

import resource
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.errors import LakeUnavailable
from lake.sql.domain import Answer, TableAddress
from lake.sql.errors import InvalidQuery, QueryTooLarge, QueryTooLong
from lake.sql.estimating import Estimator
from tests import lake_tables
from tests.lake_tables import ROOMY, engine_in

FRAME = lake_tables.orders()


def ask(estimator: Estimator, folder: Path, sql: str, **limits: int) -> Answer:
    return engine_in(folder, replace(ROOMY, **limits)).run(estimator(sql))


def test_estimate_and_actual_are_the_same_bytes(estimator: Estimator, tmp_path: Path) -> None:
    query = estimator(
        "SELECT status, sum(amount) AS total FROM orders WHERE year = 2024 GROUP BY ALL ORDER BY 1"
    )
    answer = engine_in(tmp_path).run(query)
    assert [row["status"] for row in answer.table.to_pylist()] == ["paid", "returned", "shipped"]
    assert answer.actual.bytes == query.estimate.bytes > 0
    assert answer.actual.partitions == query.estimate.partitions == 31
    assert list((tmp_path / "tmp").iterdir()) == []


def test_types_come_as_they_were_published(estimator: Estimator, tmp_path: Path) -> None:
    table = ask(
        estimator, tmp_path, "SELECT * FROM orders WHERE year = 2024 AND day = 5 ORDER BY order_id"
    ).table
    expected = FRAME.filter(pl.col("year") == 2024, pl.col("day") == 5).sort("order_id")
    assert pl.DataFrame(table).equals(expected)


def test_a_mart_is_joined_to_a_partitioned_table(estimator: Estimator, tmp_path: Path) -> None:
    sql = "SELECT name, count(*) AS n FROM orders JOIN status_names USING (status) WHERE year = 2023 GROUP BY ALL ORDER BY 1"
    assert ask(estimator, tmp_path, sql).table.to_pylist()[0] == {"name": "Back", "n": 124}


def test_a_name_that_a_query_gives_hides_the_table(estimator: Estimator, tmp_path: Path) -> None:
    sql = "WITH orders AS (SELECT order_id FROM orders WHERE year = 2024 AND day = 1) SELECT count(*) AS n FROM orders"
    assert ask(estimator, tmp_path, sql).table.to_pylist() == [{"n": 12}]


def test_no_partition_is_no_row(estimator: Estimator, tmp_path: Path) -> None:
    table = ask(estimator, tmp_path, "SELECT * FROM orders WHERE year = 1999").table
    assert (table.num_rows, str(table.schema.field("amount").type)) == (0, "decimal128(18, 2)")


def test_rows_beyond_the_limit_are_cut_off_and_it_is_said(estimator: Estimator, tmp_path: Path) -> None:
    sql = "SELECT order_id FROM orders WHERE year = 2023 ORDER BY ordered_at DESC"
    answer = ask(estimator, tmp_path, sql, rows=5)
    assert (answer.table.num_rows, answer.truncated) == (5, True)
    assert answer.table["order_id"].to_pylist() == [f"O{number}" for number in range(371, 366, -1)]
    assert not ask(estimator, tmp_path, f"{sql} LIMIT 5", rows=5).truncated


def test_a_query_is_stopped_at_the_limit_of_time(estimator: Estimator, tmp_path: Path) -> None:
    with pytest.raises(QueryTooLong, match=r"0\.2 s"):
        ask(
            estimator,
            tmp_path,
            "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b",
            seconds=0.2,
        )


def test_a_query_is_stopped_at_the_limit_of_memory(estimator: Estimator, tmp_path: Path) -> None:
    sql = "SELECT list(a.range || '-' || b.range) FROM range(10000) a, range(10000) b"
    with pytest.raises(QueryTooLarge, match="LAKE_QUERY_MEMORY_MB"):
        ask(estimator, tmp_path, sql, memory_mb=64)


def test_a_result_that_is_too_large_to_keep_is_told(estimator: Estimator, tmp_path: Path) -> None:
    """Few rows, long texts: the limit of rows does not help."""
    with pytest.raises(QueryTooLarge, match=r"more than 100\.0 MB"):
        ask(
            estimator, tmp_path, "SELECT repeat(repeat('x', 1000), 100) AS long FROM range(1200)", rows=10_000
        )


def grown(value: str) -> str:
    """A value of a thousand million characters for each "a" in it."""
    for _ in range(3):
        value = f"replace({value}, 'a', '{'a' * 1000}')"
    return value


@pytest.mark.parametrize("value", ["'a'", "status"])
def test_a_value_that_outgrows_the_memory_ends_the_query_and_nothing_else(
    estimator: Estimator, tmp_path: Path, value: str
) -> None:
    """While it is planned, where all of it is written in the query, or while it runs."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(QueryTooLarge, match=r"more than 256 MB of memory.*LAKE_QUERY_MEMORY_MB"):
        ask(estimator, tmp_path, f"SELECT max(length({grown(value)})) FROM orders WHERE year = 2023")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert ask(estimator, tmp_path, "SELECT 1 AS one").table.to_pylist() == [{"one": 1}]


def test_a_child_that_is_gone_is_replaced(estimator: Estimator, tmp_path: Path) -> None:
    for process in psutil.Process().children(recursive=True):
        with suppress(
            psutil.ZombieProcess
        ):  # one that has ended before, and that nobody has asked about since
            if "lake.sql.child" in process.cmdline():
                process.kill()
                process.wait()
    assert ask(estimator, tmp_path, "SELECT 1 AS one").table.num_rows == 1


def test_what_fails_while_running_is_told(estimator: Estimator, tmp_path: Path) -> None:
    with pytest.raises(InvalidQuery, match="Could not convert"):
        ask(estimator, tmp_path, "SELECT CAST(order_id AS INTEGER) FROM orders WHERE year = 2023")


def test_a_table_that_was_removed_and_made_again_is_read_anew(tmp_path: Path) -> None:
    address = TableAddress("orders", str(tmp_path / "orders"))
    estimator = lake_tables.estimator_of(address)
    counts = []
    for days in (2, 3):
        lake_tables.write(lake_tables.orders(days=days), address.uri)
        table = ask(estimator, tmp_path, "SELECT count(*) AS n FROM orders WHERE year > 0").table
        counts.append(table.to_pylist()[0]["n"])
        shutil.rmtree(address.uri)
    assert counts == [24, 36]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    address = TableAddress("orders", str(tmp_path / "orders"))
    lake_tables.write(lake_tables.orders(days=2), address.uri)
    for file in Path(address.uri).rglob("*.parquet"):
        file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(LakeUnavailable, match="cannot be read"):
        lake_tables.estimator_of(address)("SELECT count(*) AS n FROM orders WHERE year > 0")


def test_a_column_that_came_later_is_empty_before(tmp_path: Path) -> None:
    """Also where none of the files that are read has it."""
    frame = lake_tables.orders(days=2)
    address = TableAddress("orders", str(tmp_path / "orders"))
    lake_tables.write(frame.filter(pl.col("day") == 1), address.uri)
    frame.filter(pl.col("day") == 2).with_columns(note=pl.lit("new")).write_delta(
        address.uri, mode="append", delta_write_options={"schema_mode": "merge"}
    )
    estimator = lake_tables.estimator_of(address)
    notes = [
        ask(estimator, tmp_path, f"SELECT DISTINCT note FROM orders WHERE year = 2023 AND day = {day}")
        .table["note"]
        .to_pylist()
        for day in (1, 2)
    ]
    assert notes == [[None], ["new"]]


def test_a_missing_file_is_told_without_its_path(tmp_path: Path) -> None:
    lake_tables.write(lake_tables.orders(days=1), tmp_path / "orders")
    estimator = lake_tables.estimator_of(TableAddress("orders", str(tmp_path / "orders")))
    query = estimator("SELECT * FROM orders WHERE year = 2023")
    for file in (tmp_path / "orders").rglob("*.parquet"):
        file.unlink()
    with pytest.raises(LakeUnavailable) as told:
        engine_in(tmp_path).run(query)
    assert str(tmp_path) not in told.value.message


def test_the_plan_shows_how_it_is_read(estimator: Estimator, tmp_path: Path) -> None:
    plan = engine_in(tmp_path).plan(estimator("SELECT count(*) FROM orders WHERE year = 2023 AND day < 3"))
    assert "Parquet" in plan


columns = st.sampled_from(["year", "month", "day"])
leaf = st.one_of(
    st.builds(
        "{} {} {}".format,
        columns,
        st.sampled_from(["=", "<", ">=", "<>"]),
        st.sampled_from([1, 2, 12, 15, 2023, 2024]),
    ),
    st.builds("day IN ({}, {})".format, st.integers(1, 31), st.integers(1, 31)),
    st.builds("month + day {} {}".format, st.sampled_from(["<", ">"]), st.integers(2, 40)),
    st.builds("make_date(year, month, day) >= '2023-12-{:02}'".format, st.integers(1, 31)),
    st.sampled_from(["status = 'paid'", "amount > 50", "ordered_at >= '2024-01-10'"]),
    st.sampled_from(["year = year(ordered_at)", "day = amount"]),
)
conditions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds("({} AND {})".format, inner, inner),
        st.builds("({} OR {})".format, inner, inner),
        st.builds("NOT ({})".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=60)
@given(condition=conditions)
def test_leaving_files_out_never_changes_an_answer(
    lake: Path, estimator: Estimator, tmp_path_factory: pytest.TempPathFactory, condition: str
) -> None:
    sql = "SELECT count(*) AS n, sum(amount) AS total FROM {} WHERE " + condition
    frame = FRAME  # noqa: F841  DuckDB finds it by its name
    expected = duckdb.sql("SET TimeZone = 'UTC'") or duckdb.sql(sql.format("frame")).fetchall()
    query = estimator(sql.format("orders"))
    found = engine_in(tmp_path_factory.getbasetemp()).run(query).table.to_pylist()
    assert [tuple(row.values()) for row in found] == expected
