"""What a query would read is known before, is never less than what it does read, and decides whether it runs."""

import time
from pathlib import Path

import polars as pl
import pytest

from lake.errors import LakeUnavailable
from lake.sql.domain import TableAddress, cost_of
from lake.sql.errors import QueryRefused, TableUnreadable
from lake.sql.estimating import Estimator, Guard
from tests import lake_tables
from tests.lake_tables import ANY


def partitions(estimator: Estimator, sql: str) -> list[tuple[int, int]]:
    return [(scan.partitions, scan.partitions_total) for scan in estimator(sql).estimate.scans]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year = 2024", 31),
        ("year = 2024 AND month = 1 AND day = 3", 1),
        ("year = 2024 AND day IN (1, 2, 40)", 2),
        ("year = 2024 AND month BETWEEN 1 AND 6 AND day <= 7", 7),
        ("(year = 2023 AND day > 29) OR (year = 2024 AND day < 3)", 4),
        ("(year = 2023 AND day > 29 AND status = 'paid') OR (year = 2024 AND day < 3)", 4),
        ("year * 100 + month = 202312", 31),
        ("make_date(year, month, day) BETWEEN '2023-12-30' AND '2024-01-02'", 4),
        ("NOT (year = 2023)", 31),
        ("year <> 2023 AND status = 'paid' AND amount > 3", 31),
        ("year = 1999", 0),
        ("year IS NULL", 0),
        ("year = 2024 AND random() < 0.5", 31),
        ("year::VARCHAR = '2024'", 31),
    ],
)
def test_a_filter_on_partitions_leaves_those_that_it_says(
    estimator: Estimator, condition: str, expected: int
) -> None:
    assert partitions(estimator, f"SELECT order_id FROM orders WHERE {condition}") == [(expected, 62)]
    ANY.require(estimator(f"SELECT order_id FROM orders WHERE {condition}").estimate)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM orders",
        "SELECT count(*) FROM orders LIMIT 1",
        "SELECT * FROM orders WHERE status = 'paid'",
        "SELECT * FROM orders WHERE year = 2024 OR status = 'paid'",
        "SELECT * FROM orders WHERE year = year(ordered_at)",
        "SELECT * FROM orders WHERE random() < year",
        "SELECT * FROM (SELECT *, 2024 AS y FROM orders) WHERE y = 2024",
        "SELECT a.order_id FROM orders a JOIN orders b USING (order_id) WHERE a.year = 2024",
        "SELECT * FROM orders WHERE year = (SELECT max(year) FROM orders WHERE year = 2024)",
        "SELECT (SELECT max(amount) FROM orders) FROM orders WHERE year = 2024",
        "WITH a AS MATERIALIZED (SELECT * FROM orders) SELECT * FROM a, a b WHERE a.year = 2024",
        "SELECT * FROM orders TABLESAMPLE 10% WHERE year = 2024",
        "SELECT row_number() OVER () AS n, year FROM orders QUALIFY year = 2024",
    ],
)
def test_a_query_that_reads_a_table_without_one_is_refused(estimator: Estimator, sql: str) -> None:
    """What is not known to choose partitions does not count."""
    with pytest.raises(QueryRefused, match=r"no filter on the partitions of orders.* 62 of 62 partitions"):
        ANY.require(estimator(sql).estimate)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM (SELECT order_id, month AS year FROM orders) WHERE year = 12", 31),
        ("SELECT * FROM (SELECT day AS year, month AS day FROM orders) WHERE year = 3 OR day = 12", 62),
        ("SELECT o.month FROM orders o(a, b, c, d, e, month, year, f) WHERE o.month = 2024", 31),
    ],
)
def test_columns_under_other_names_are_not_mistaken(estimator: Estimator, sql: str, expected: int) -> None:
    [(found, _)] = partitions(estimator, sql)
    assert found == expected


def test_each_reading_of_a_table_counts(estimator: Estimator) -> None:
    found = partitions(
        estimator,
        "SELECT count(*) FROM orders a JOIN orders b USING (user_id) "
        "WHERE a.year = 2023 AND b.year = 2024 AND b.day = 1",
    )
    assert sorted(found) == [(1, 62), (31, 62)]


def test_columns_and_lowest_and_highest_values_make_the_bytes(estimator: Estimator) -> None:
    def size(what: str, where: str = "year = 2024") -> int:
        return estimator(f"SELECT {what} FROM orders WHERE {where}").estimate.bytes

    assert size("count(*)") == 0
    assert 0 < size("status") < size("status, amount") < size("*")
    assert size("count(*)", "year = 2024 AND status = 'paid'") == size("status")
    one_day = "year = 2024 AND ordered_at >= '2024-01-03' AND ordered_at < '2024-01-04'"
    assert size("amount", one_day) == size("amount, ordered_at", "year = 2024 AND day = 3")


@pytest.mark.parametrize(
    ("condition", "added"),
    [
        ("ordered_at >= '2024-01-03' AND ordered_at < '2024-01-04'", "year = 2024 AND month = 1 AND day = 3"),
        (
            "ordered_at >= '2024-01-03' AND ordered_at < '2024-01-09'",
            "year = 2024 AND month = 1 AND day BETWEEN 3 AND 8",
        ),
        ("ordered_at >= '2023-12-30' AND ordered_at < '2024-01-03'", "year BETWEEN 2023 AND 2024"),
        ("status = 'paid'", "year = 2024 AND month = 1 AND day = 31, for example"),
    ],
)
def test_a_refusal_says_which_predicate_to_add(estimator: Estimator, condition: str, added: str) -> None:
    sql = f"SELECT count(*) AS n FROM orders WHERE {condition}"
    with pytest.raises(QueryRefused) as refused:
        ANY.require(estimator(sql).estimate)
    assert f"Add to its conditions: {added} (the partitions are year, month, day)" in refused.value.message
    predicate = added.removesuffix(", for example")
    ANY.require(estimator(f"{sql} AND {predicate}").estimate)


def test_a_table_without_partitions_needs_no_filter(estimator: Estimator) -> None:
    ANY.require(estimator("SELECT * FROM status_names").estimate)


def test_more_than_the_limit_is_refused_with_the_estimate(estimator: Estimator) -> None:
    estimate = estimator("SELECT * FROM orders WHERE year = 2024").estimate
    with pytest.raises(
        QueryRefused, match=r"more than the limit of 1.0 kB .* choose fewer partitions"
    ) as refused:
        Guard(scan_bytes=1000).require(estimate)
    assert refused.value.context["estimate"] == estimate
    Guard(scan_bytes=estimate.bytes).require(estimate)


def test_the_cost_is_that_of_athena() -> None:
    assert str(cost_of(10**12)) == "5.000000"
    assert str(cost_of(1)) == "0.000050"  # 10 MB at least
    assert cost_of(10 * 10**6) < cost_of(20 * 10**6)


def test_what_was_published_since_counts(tmp_path: Path) -> None:
    address = TableAddress("orders", str(tmp_path / "orders"))
    estimator = lake_tables.estimator_of(address)
    with pytest.raises(LakeUnavailable, match="not in the lake yet"):
        estimator("SELECT 1 FROM orders")
    lake_tables.write(lake_tables.orders(days=2), address.uri)
    assert partitions(estimator, "SELECT 1 FROM orders WHERE year = 2023") == [(2, 2)]
    lake_tables.write(lake_tables.orders(days=3), address.uri)
    assert partitions(estimator, "SELECT 1 FROM orders WHERE year = 2023") == [(3, 3)]


def test_a_table_with_deleted_rows_that_duckdb_would_not_see_is_refused(tmp_path: Path) -> None:
    from deltalake import DeltaTable  # noqa: PLC0415

    lake_tables.write(lake_tables.orders(days=1), tmp_path / "orders")
    table = DeltaTable(tmp_path / "orders")
    table.alter.set_table_properties({"delta.enableDeletionVectors": "true"})
    estimator = lake_tables.estimator_of(TableAddress("orders", str(tmp_path / "orders")))
    if "deletionVectors" not in (DeltaTable(tmp_path / "orders").protocol().reader_features or ()):
        pytest.skip("delta-rs does not write the feature")
    with pytest.raises(TableUnreadable, match="deletionVectors"):
        estimator("SELECT 1 FROM orders WHERE year = 2023")


def test_a_known_table_is_estimated_in_milliseconds(tmp_path: Path) -> None:
    """Processor time, since other programs may be running; benchmarks/lake_sql.py has 1,095 partitions."""
    lake_tables.write(lake_tables.orders(days=365, per_day=1), tmp_path / "orders")
    estimator = lake_tables.estimator_of(TableAddress("orders", str(tmp_path / "orders")))
    sql = "SELECT sum(amount) FROM orders WHERE year * 12 + month > 0"
    estimator(sql)
    begun = time.process_time()
    estimator(sql)
    assert time.process_time() - begun < 0.05


def test_names_with_quotes_and_blanks_are_names(tmp_path: Path) -> None:
    frame = pl.DataFrame({'a "b" c': [1, 2], "it's": ["x", "y"]})
    lake_tables.write(frame, tmp_path / "odd", flat=True)
    estimator = lake_tables.estimator_of(TableAddress("odd", str(tmp_path / "odd")))
    query = estimator("""SELECT "it's", "a ""b"" c" FROM odd""")
    assert lake_tables.engine_in(tmp_path).run(query).table.num_rows == 2


@pytest.mark.parametrize(
    "value", ["lpad(month::VARCHAR, 200, '0')", "printf('%800d', month)", f"month || '{'x' * 2000}'"]
)
def test_a_condition_that_would_make_long_values_is_not_tried_on_the_files(
    estimator: Estimator, value: str
) -> None:
    [scan] = estimator(f"SELECT 1 FROM orders WHERE {value} = '1'").estimate.scans
    assert (scan.partition_filter, scan.partitions) == (None, 62)
