"""Surrogate keys and other state of the star schema that the transforms of one batch need."""

import polars as pl

from lakehouse_project.kernel.copy import copy_out
from lakehouse_project.kernel.parsing import RATE, parse_date, parse_datetime, parse_decimal
from silver.repositories.statements import fetch, stage
from silver.repositories.tables import USERS, Table


def surrogate_keys(table: Table, members: pl.DataFrame) -> pl.DataFrame:
    """The natural keys among `members` that `table` has, with their surrogate `key` (Int64)."""
    staged = stage(table.name, members.select(table.natural).unique(), table.natural, prefix="lookup")
    using = ", ".join(table.natural)
    found = copy_out(f"SELECT f.key, {using} FROM {staged} n JOIN {table.name} f USING ({using})")  # noqa: S608
    return found.cast({"key": pl.Int64, **{name: members.schema[name] for name in table.natural}})


def user_versions(user_ids: pl.Series) -> pl.DataFrame:
    """All versions of the users: `user_id`, `version`, `key` (Int64), `valid_from`."""
    found = copy_out(
        "SELECT key, user_id, version, valid_from FROM silver_dimuser WHERE user_id = ANY(%(ids)s)",
        {"ids": user_ids.unique().drop_nulls().to_list()},
    )
    return found.with_columns(pl.col("key", "version").cast(pl.Int64), parse_datetime(pl.col("valid_from")))


def current_users(user_ids: pl.Series) -> pl.DataFrame:
    """The current versions of the users, with the columns that are loaded."""
    names = ", ".join(USERS.columns)
    found = copy_out(
        f"SELECT {names} FROM silver_dimuser WHERE is_current AND user_id = ANY(%(ids)s)",  # noqa: S608
        {"ids": user_ids.unique().to_list()},
    )
    return found.with_columns(
        pl.col("version", "raw_record_id", "location_id").cast(pl.Int64),
        parse_datetime(pl.col("created_at", "valid_from", "valid_to")),
        pl.col("is_active", "is_current") == "t",
    )


def active_jobs() -> pl.DataFrame:
    """The jobs that titles are conformed to: `key`, `job_id` (Int64), `title`."""
    found = copy_out("SELECT key, job_id, title FROM silver_dimjob WHERE key > 0 AND is_active")
    return found.with_columns(pl.col("key", "job_id").cast(pl.Int64))


def titles_in_use() -> pl.DataFrame:
    """Each distinct title of the employments with what it is bound to: `job_title`, `job_id`, `job_match_score`."""
    found = copy_out("SELECT DISTINCT job_title, job_id, job_match_score FROM silver_factemployment")
    return found.with_columns(pl.col("job_id").cast(pl.Int64), pl.col("job_match_score").cast(pl.Float64))


def rates(currencies: pl.Series, days: pl.Series) -> pl.DataFrame:
    """The rates that hold from the first to the last of `days`: `currency`, `date`, `rate`."""
    found = copy_out(
        """SELECT r.currency, r.date, r.rate FROM unnest(%(currencies)s::text[]) c (currency)
        CROSS JOIN LATERAL (SELECT coalesce(max(m.date), %(first)s::date) AS since
            FROM silver_exchangerate m WHERE m.currency = c.currency AND m.date <= %(first)s::date) s
        JOIN silver_exchangerate r ON r.currency = c.currency AND r.date BETWEEN s.since AND %(last)s::date""",
        {"currencies": currencies.unique().drop_nulls().to_list(), "first": days.min(), "last": days.max()},
    )
    return found.with_columns(parse_date(pl.col("date")), parse_decimal(pl.col("rate"), RATE))


def holiday_countries() -> set[str]:
    """The countries whose holidays are there."""
    return {country for (country,) in fetch("SELECT DISTINCT country FROM silver_holiday")}


def calendar_years() -> set[int]:
    """The years that the calendar has."""
    return {year for (year,) in fetch("SELECT year FROM silver_dimdate WHERE month = 1 AND day = 1")}
