"""Versions of users: a slowly changing dimension of type 2."""

import polars as pl

TRACKED = ("full_name", "email", "phone", "address", "city", "postal_code", "country")
"""A change of one of these makes a new version."""


def versions(users: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Rows of `dim_user` to write for `users`, one row each, given their current rows.

    A user without any gets version 1, valid from `created_at`. Where a tracked attribute differs, the current version is
    closed and a new one opened at `changed_at`. A change that is not dated after the beginning of the current version
    corrects that version. A user whom another raw record has that goes before is left out.
    Spans are half-open: `valid_from` <= t < `valid_to`.
    """
    rows = users.join(current, on="user_id", how="left", suffix="_old", maintain_order="left")
    rows = rows.filter(~_claimed().fill_null(value=False))
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_old")) for name in TRACKED)
    succeeds = pl.col("version").is_not_null() & differs & (pl.col("changed_at") > pl.col("valid_from"))
    rows = rows.with_columns(_succeeds=succeeds)
    return pl.concat([_closed(rows.filter("_succeeds"), current), _open(rows).select(current.columns)])


def _claimed() -> pl.Expr:
    """An active record goes before one that is gone, then the one with the higher id."""
    is_another = pl.col("raw_record_id_old") != pl.col("raw_record_id")
    is_later = pl.col("raw_record_id_old") > pl.col("raw_record_id")
    is_before = (pl.col("is_active_old") > pl.col("is_active")) | (
        (pl.col("is_active_old") == pl.col("is_active")) & is_later
    )
    return is_another & is_before


def _closed(succeeded: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """The versions that end, as they were, but for their end."""
    ends = succeeded.select("user_id", _end="changed_at")
    closed = current.join(ends, on="user_id", how="inner", maintain_order="left")
    return closed.with_columns(valid_to=pl.col("_end"), is_current=pl.lit(value=False)).select(
        current.columns
    )


def _open(rows: pl.DataFrame) -> pl.DataFrame:
    """The versions that hold from now on."""
    first = pl.col("version").fill_null(1) == 1
    begin = pl.when(first).then("created_at").otherwise("valid_from")
    return rows.with_columns(
        version=pl.col("version").fill_null(0)
        + (pl.col("version").is_null() | pl.col("_succeeds")).cast(pl.Int64),
        valid_from=pl.when("_succeeds").then("changed_at").otherwise(begin),
        valid_to=pl.lit(None, pl.Datetime("us", "UTC")),
        is_current=pl.lit(value=True),
    )
