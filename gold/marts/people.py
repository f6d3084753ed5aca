"""People marts."""

import datetime as dt

import polars as pl

from gold.marts.amounts import SUM

QUARTERS = (1, 2, 3, 4)
ONE_DAY = dt.timedelta(days=1)


def hires_by_quarter(hires: pl.DataFrame) -> pl.DataFrame:
    """Hires per year, department and job in four columns q1 to q4; 0 where nobody was hired.

    In: `hired_at` (UTC), `department`, `job` (names, "Unknown" where not known), one row per hire.
    """
    quarter = pl.col("hired_at").dt.quarter()
    return hires.group_by(_year(), "department", "job").agg(
        (quarter == number).sum().alias(f"q{number}") for number in QUARTERS
    )


def department_hires(hires: pl.DataFrame, departments: pl.DataFrame) -> pl.DataFrame:
    """Hires per year and department, 0 where nobody was hired in a year in which others were; with the mean over the
    departments that hired in that year, and over all.

    In: `hired_at` (UTC), `department_id` (natural key, null if not known); departments: `department_id`, `department`.
    Hires without a known department are left out: the unknown member is no department.
    """
    known = hires.filter(pl.col("department_id").is_not_null())
    counted = known.group_by(_year(), "department_id").agg(pl.len().cast(pl.Int64).alias("hired"))
    years = counted.select("year").unique()
    filled = departments.join(years, how="cross").join(counted, on=["year", "department_id"], how="left")
    total, hiring, everyone = (
        each.over("year") for each in (pl.col("hired").sum(), pl.col("hired").count(), pl.len())
    )
    return filled.with_columns(
        pl.col("hired").fill_null(0),
        (total / hiring).alias("mean"),
        (total / everyone).alias("mean_of_all"),
        # Exact, unlike a comparison with the quotient.
        (pl.col("hired").fill_null(0) * hiring > total).alias("is_above_mean"),
        (pl.col("hired").fill_null(0) * everyone > total).alias("is_above_mean_of_all"),
    )


def _year() -> pl.Expr:
    return pl.col("hired_at").dt.year().alias("year")


def user_profiles(users: pl.DataFrame, employments: pl.DataFrame, today: dt.date) -> pl.DataFrame:
    """One row per user of `users`, with the pay of the employments that are current on `today`.

    In: `user_id`, `city`, `country`, `postal_code`, `created_on`, `bank` (null if none); employments: `user_id`,
    `employment_id`, `employer`, `job`, `start_date`, `end_date`, `salary` (yearly, reporting currency, null without a
    rate). `changes_on` is the next day on which the row will change by itself, because an employment starts or is over.
    """
    current = _current(employments, today)
    pay = current.group_by("user_id").agg(
        pl.col("salary").cast(SUM).sum(), pl.col("salary").is_null().sum().cast(pl.Int64).alias("unconverted")
    )
    return (
        users.join(pay, on="user_id", how="left")
        .join(_latest(current), on="user_id", how="left")
        .join(_next_changes(employments, today), on="user_id", how="left")
        .with_columns(pl.col("salary", "unconverted").fill_null(0))
    )


def _latest(employments: pl.DataFrame) -> pl.DataFrame:
    """The employment of each user that began last."""
    last = employments.sort("start_date", "employment_id").group_by("user_id").last()
    return last.select("user_id", "employer", "job", employed_since="start_date")


def user_employers(users: pl.DataFrame, employments: pl.DataFrame, today: dt.date) -> pl.DataFrame:
    """`user_id`, `employer`: each once, for the users of `users` and the employments current on `today`."""
    current = _current(employments, today).filter(pl.col("employer").is_not_null())
    return current.join(users, on="user_id", how="semi").select("user_id", "employer").unique()


def _current(employments: pl.DataFrame, today: dt.date) -> pl.DataFrame:
    """Started, and not ended before `today`: the last day counts."""
    ended = (pl.col("end_date") < today).fill_null(value=False)
    return employments.filter((pl.col("start_date") <= today) & ~ended)


def _next_changes(employments: pl.DataFrame, today: dt.date) -> pl.DataFrame:
    days = employments.select("user_id", day="start_date").vstack(
        employments.select("user_id", day=pl.col("end_date") + ONE_DAY)
    )
    return days.filter(pl.col("day") > today).group_by("user_id").agg(pl.col("day").min().alias("changes_on"))


def city_payroll(profiles: pl.DataFrame) -> pl.DataFrame:
    """Users per city and the sum of their yearly pay. In: rows of `user_profiles`."""
    return profiles.group_by("city").agg(
        pl.len().alias("user_count"),
        pl.col("salary").sum().alias("total_salary"),
        pl.col("unconverted").sum(),
    )


def users_by_bank(profiles: pl.DataFrame) -> pl.DataFrame:
    """Users per bank; those without a known bank belong to none. In: rows of `user_profiles`."""
    return profiles.filter(pl.col("bank").is_not_null()).group_by("bank").agg(pl.len().alias("user_count"))


def users_by_postal_code(profiles: pl.DataFrame) -> pl.DataFrame:
    """Users per country and postal code. In: rows of `user_profiles`."""
    return profiles.group_by("country", "postal_code").agg(pl.len().alias("user_count"))


def users_by_employer(employers: pl.DataFrame) -> pl.DataFrame:
    """Users per employer. In: rows of `user_employers`."""
    return employers.group_by("employer").agg(pl.len().alias("user_count"))
