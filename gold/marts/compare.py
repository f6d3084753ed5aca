"""What has changed between two states of the same rows."""

import polars as pl


def difference(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The rows, with the columns of `before`, that only one of both has; a changed row is there twice."""
    now = after.select(before.columns).cast(before.schema)
    return pl.concat([_missing(before, now), _missing(now, before)])


def _missing(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return rows.join(others, on=rows.columns, how="anti", nulls_equal=True)
