"""Binding of facts to the surrogate keys of their dimensions."""

import polars as pl

UNKNOWN = 0
_EVER = pl.datetime(1, 1, 1, time_unit="us", time_zone="UTC")


def bind(rows: pl.DataFrame, members: pl.DataFrame, *, to: str, **on: str) -> pl.DataFrame:
    """Add column `to` with the `key` of the member that agrees with the row; `on` maps columns of `members` to columns of
    `rows`. Rows without a member get the unknown one."""
    renamed = members.select(
        pl.col("key").alias(to), *(pl.col(theirs).alias(ours) for theirs, ours in on.items())
    )
    bound = rows.join(renamed, on=list(on.values()), how="left", maintain_order="left")
    return bound.with_columns(pl.col(to).fill_null(UNKNOWN))


def bind_day(rows: pl.DataFrame, moment: str, *, to: str) -> pl.DataFrame:
    """Add column `to` with the key (yyyymmdd) of the day of column `moment`, a date or a datetime in UTC."""
    day = pl.col(moment).dt
    key = day.year().cast(pl.Int64) * 10_000 + day.month().cast(pl.Int64) * 100 + day.day().cast(pl.Int64)
    return rows.with_columns(key.alias(to))


def bind_version(rows: pl.DataFrame, versions: pl.DataFrame, *, at: pl.Expr, to: str) -> pl.DataFrame:
    """Add column `to` with the key of the version of user `user_id_natural` that held at `at` (a datetime in UTC).

    `versions` has `user_id`, `version`, `key`, `valid_from`. What happened before the first version belongs to it.
    """
    is_first = pl.col("version") == pl.col("version").min().over("user_id")
    spans = versions.select(
        pl.col("key").alias(to),
        pl.col("user_id").alias("user_id_natural"),
        pl.when(is_first).then(_EVER).otherwise("valid_from").alias("_at"),
    )
    bound = (
        rows.with_columns(_at=at)
        .sort("_at")
        .join_asof(spans.sort("_at"), on="_at", by="user_id_natural", check_sortedness=False)
    )
    return bound.drop("_at").with_columns(pl.col(to).fill_null(UNKNOWN))
