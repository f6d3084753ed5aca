"""The transform of order lines once more, in SQL: the same rows from the same frames."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import polars.selectors as cs

TRANSFORM = r"""
CREATE OR REPLACE TABLE found AS
WITH typed AS (
    SELECT raw_record_id, nullif(trim(order_id), '') AS order_id, whole(line_number) AS line_number,
        nullif(trim(user_id), '') AS user_id_natural, nullif(trim(sku), '') AS sku_natural, moment(ordered_at) AS ordered_at,
        lower(words(status)) AS status, whole(quantity) AS quantity, money(unit_price) AS unit_price,
        try_cast(money(unit_price) * whole(quantity) AS DECIMAL(18, 2)) AS amount, upper(words(currency)) AS currency
    FROM records WHERE record_status = 'valid'
), complete AS (
    SELECT * FROM typed
    WHERE NOT (order_id IS NULL OR line_number IS NULL OR user_id_natural IS NULL OR sku_natural IS NULL
        OR ordered_at IS NULL OR status IS NULL OR quantity IS NULL OR unit_price IS NULL
        OR amount IS NULL OR currency IS NULL)
      AND year(ordered_at) BETWEEN 1 AND 9999
    QUALIFY row_number() OVER (PARTITION BY order_id, line_number ORDER BY raw_record_id DESC) = 1
)
SELECT c.*, year(c.ordered_at)::BIGINT * 10000 + month(c.ordered_at) * 100 + day(c.ordered_at) AS date_id,
    coalesce(p.key, 0) AS product_id, coalesce(u.key, 0) AS user_id,
    try_cast(c.amount::DECIMAL(18, 2) * r.rate::DECIMAL(18, 8) AS DECIMAL(18, 2)) AS amount_reporting
FROM complete c
LEFT JOIN products p ON p.sku = c.sku_natural
ASOF LEFT JOIN versions u ON u.user_id = c.user_id_natural AND u.since <= c.ordered_at
ASOF LEFT JOIN rates r ON r.currency = c.currency AND r.date <= c.ordered_at::DATE
"""

PREPARE = r"""
CREATE MACRO words(t) AS nullif(regexp_replace(trim(nfc_normalize(t)), '\s+', ' ', 'g'), '');
CREATE MACRO whole(t) AS CASE WHEN regexp_full_match(trim(t), '[+-]?[0-9]+(\.0*)?')
    THEN try_cast(regexp_replace(ltrim(trim(t), '+'), '\.0*$', '') AS BIGINT) END;
CREATE MACRO money(t) AS CASE WHEN regexp_full_match(trim(t), '[+-]?([0-9]+(\.[0-9]{0,2}0*)?|\.[0-9]{1,2}0*)')
    THEN try_cast(ltrim(trim(t), '+') AS DECIMAL(18, 2)) END;
CREATE MACRO moment(t) AS try_strptime(trim(t), '%Y-%m-%dT%H:%M:%SZ');
"""

VERSIONS = """
CREATE OR REPLACE TABLE versions AS SELECT key, user_id,
    CASE WHEN row_number() OVER (PARTITION BY user_id ORDER BY version) = 1 THEN TIMESTAMP '0001-01-01'
         ELSE valid_from END AS since
FROM user_versions
"""


class Rival:
    """DuckDB in memory. Frames go in by way of files, before anything is measured."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._duckdb = duckdb.connect()
        self._duckdb.execute(PREPARE)

    def put(self, frames: Mapping[str, pl.DataFrame]) -> None:
        for name, frame in frames.items():
            path = self._folder / f"{name}.parquet"
            frame.with_columns(cs.datetime().dt.replace_time_zone(None)).write_parquet(path)
            self._duckdb.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM '{path}'")
        if "user_versions" in frames:
            self._duckdb.execute(VERSIONS)

    def transform(self) -> None:
        self._duckdb.execute(TRANSFORM)

    def found(self) -> pl.DataFrame:
        return pl.DataFrame(self._duckdb.sql("SELECT * FROM found"))
