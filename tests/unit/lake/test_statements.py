"""What may be asked: a SELECT over tables of the lake, and nothing that reaches beyond them."""

from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from lake.sql.errors import InvalidQuery, StatementNotAllowed
from lake.sql.estimating import Estimator
from lake.sql.sandbox import locked_on

OUTSIDE = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json_auto('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/*.parquet')",
    "SELECT * FROM parquet_metadata('x.parquet')",
    "SELECT * FROM parquet_scan('http://127.0.0.1:1/x.parquet')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd.parquet'",
    "FROM 'http://127.0.0.1:1/x.csv'",
    "SELECT (SELECT content FROM read_text('/etc/passwd'))",
    "WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a",
    "SELECT * FROM orders WHERE year = 2024 AND order_id IN (SELECT content FROM read_text('/etc/passwd'))",
    "SELECT * FROM orders UNION ALL SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('orders')",
    "SELECT * FROM json_execute_serialized_sql('{}')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_views()",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM memory.main.orders",
    "SELECT * FROM orders AT (VERSION => 0)",
    "SELECT * FROM pg_sleep(5)",
    "SELECT current_setting('allowed_paths')",
    "SELECT getenv('HOME')",
    "SHOW TABLES",
    "DESCRIBE orders",
    "SUMMARIZE orders",
    "SELECT * FROM unpublished",
)
OTHER_STATEMENTS = (
    "COPY orders TO '/tmp/stolen.csv'",
    "COPY (SELECT 1) TO '/tmp/stolen.csv'",
    "ATTACH '/tmp/other.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET enable_external_access = true",
    "RESET enable_external_access",
    "CALL pragma_version()",
    "CREATE TABLE x AS SELECT 1",
    "DROP VIEW orders",
    "INSERT INTO orders VALUES (1)",
    "UPDATE orders SET status = ''",
    "DELETE FROM orders",
    "EXPORT DATABASE '/tmp/x'",
    "CREATE SECRET (TYPE s3)",
    "CHECKPOINT",
    "EXPLAIN ANALYZE SELECT 1",
    "BEGIN",
    "USE memory",
    "PIVOT orders ON status",
    "VACUUM",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW orders",
)
REACHING = ("COPY", "ATTACH", "INSTALL", "LOAD", "SET", "RESET", "EXPORT")


TOO_LONG = (
    "SELECT repeat('x', 1000000000)",
    "SELECT repeat(status, day * 1000) FROM orders WHERE year = 2024",
    "SELECT repeat(repeat('x', 10000), 10000)",
    "WITH a AS (SELECT repeat('x', 10000) AS s) SELECT repeat(s, 10000) FROM a",
    "SELECT 'x'.repeat(1000000000)",
    "SELECT lpad('x', 800000000, 'y')",
    "SELECT rpad(status, 800000000, 'y') FROM orders WHERE year = 2024",
    "SELECT len(range(150000000))",
    "SELECT unnest(generate_series(1, 150000000))",
    "SELECT list_resize([1], 150000000)",
    "SELECT format('{:>800000000}', '1')",
    "SELECT format('{:>{}}', '1', 800000000)",
    "SELECT printf('%800000000d', 1)",
    "SELECT printf('%*d', 800000000, 1)",
)


@pytest.mark.parametrize("sql", TOO_LONG)
def test_a_value_is_not_made_beyond_the_limit_of_memory(estimator: Estimator, sql: str) -> None:
    """Not even while the query is planned, which is where constants are computed."""
    with pytest.raises(
        StatementNotAllowed, match=r"(list_resize|repeat|[lr]pad|range|generate_series|format|printf)\(\)"
    ):
        estimator(sql)


@pytest.mark.parametrize("sql", OUTSIDE)
def test_nothing_but_tables_of_the_lake_is_read(estimator: Estimator, sql: str) -> None:
    with pytest.raises(StatementNotAllowed):
        estimator(sql)


@pytest.mark.parametrize("sql", OTHER_STATEMENTS)
def test_nothing_but_one_select_is_run(estimator: Estimator, sql: str) -> None:
    with pytest.raises(StatementNotAllowed):
        estimator(sql)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELEC 1", "syntax"),
        ("", "no statement"),
        ("SELECT nope FROM orders WHERE year = 2024", "nope"),
        ("SELECT 1 WHERE 1 = ?", "parameters"),
        ("SELECT 1 /* ", "unterminated"),
    ],
)
def test_what_is_wrong_with_a_query_is_told(estimator: Estimator, sql: str, told: str) -> None:
    with pytest.raises(InvalidQuery, match=rf"(?i){told}"):
        estimator(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "VALUES (1), (2)",
        "SELECT * FROM range(3), unnest([1, 2])",
        "SELECT sum(range) FROM range(1000000000)",
        "SELECT repeat('=', 20), lpad(status, 12, ' '), unnest(range(1, 10, 2)) FROM orders WHERE year = 2024",
        "SELECT format('{:,} of {:>12}', 5, 'x'), printf('%08.2f', 1.5)",
        "FROM status_names",
        "SELECT * FROM Status_Names;  -- the mart",
        "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM r WHERE x < 5) SELECT * FROM r",
        "WITH orders AS (SELECT 1 AS x) SELECT * FROM orders",
    ],
)
def test_a_select_is_taken(estimator: Estimator, sql: str) -> None:
    estimator(sql)


def test_the_database_itself_is_shut_too(tmp_path: Path) -> None:
    """Whatever a check of statements may overlook."""
    reaching = [*OUTSIDE[:12], *(sql for sql in OTHER_STATEMENTS if sql.split()[0] in REACHING)]
    open_ones = []
    with locked_on([str(tmp_path / "known.parquet")], {}) as connection:
        for sql in reaching:
            with suppress(duckdb.Error):
                connection.execute(sql).fetchall()
                open_ones.append(sql)
    assert open_ones == []
