"""Transforms of the people data sets: raw records as text in, typed rows out."""

import polars as pl

from lakehouse_project.kernel.parsing import (
    parse_date,
    parse_datetime,
    parse_decimal,
    parse_end,
    parse_integer,
    present,
)
from silver.transforms.postal import conform_postal_code
from silver.transforms.records import Refined, facts, members
from silver.transforms.text import (
    conform,
    conform_city,
    conform_code,
    conform_email,
    conform_person,
    fold,
    tidy,
)

_PLACE = ("country", "postal_code", "city")


def departments(records: pl.DataFrame) -> Refined:
    """Rows of `dim_department`."""
    return members(
        records,
        ["department_id"],
        department_id=parse_integer(pl.col("id")),
        name=tidy(pl.col("department")),
    )


def jobs(records: pl.DataFrame) -> Refined:
    """Rows of `dim_job`."""
    return members(records, ["job_id"], job_id=parse_integer(pl.col("id")), title=tidy(pl.col("job")))


def hires(records: pl.DataFrame) -> Refined:
    """Rows of `fact_hire` without surrogate keys."""
    return facts(
        records,
        ["hire_id"],
        hire_id=parse_integer(pl.col("id")),
        employee_name=conform_person(pl.col("name")),
        hired_at=parse_datetime(pl.col("datetime")),
        department_id_natural=parse_integer(pl.col("department_id")),
        job_id_natural=parse_integer(pl.col("job_id")),
    )


def users(records: pl.DataFrame) -> Refined:
    """Users as they are now, without surrogate keys and versions.

    `changed_at` is when they became so: as the source says, else when the record last changed.
    """
    return members(
        records,
        ["user_id"],
        user_id=present(pl.col("user_id")),
        full_name=conform_person(pl.col("full_name")),
        email=conform_email(pl.col("email")),
        phone=tidy(pl.col("phone")).fill_null(""),
        address=tidy(pl.col("address")).fill_null(""),
        city=conform_city(pl.col("city")),
        postal_code=conform_postal_code(pl.col("postal_code"), pl.col("country")),
        country=conform_code(pl.col("country")),
        created_at=parse_datetime(pl.col("created_at")),
        changed_at=parse_datetime(pl.col("updated_at")).fill_null(parse_datetime(pl.col("recorded_at"))),
    )


def places(rows: pl.DataFrame) -> pl.DataFrame:
    """The natural keys of `dim_location` that the users `rows` live at."""
    return rows.select(_PLACE).unique()


def user_banks(records: pl.DataFrame) -> Refined:
    """Rows of `user_bank` with the `bank` by its natural key instead of its surrogate key."""
    return facts(
        records,
        ["user_id"],
        user_id=present(pl.col("user_id")),
        bank=fold(pl.col("bank_name")),
        bank_name=conform(pl.col("bank_name")),
    )


def employments(records: pl.DataFrame) -> Refined:
    """Rows of `fact_employment` with the `employer` by its natural key and without surrogate keys."""
    return facts(
        records,
        ["employment_id"],
        optional=["end_date"],
        employment_id=present(pl.col("employment_id")),
        user_id_natural=present(pl.col("user_id")),
        employer=fold(pl.col("employer")),
        employer_name=conform(pl.col("employer")),
        job_title=conform(pl.col("job_title")),
        start_date=parse_date(pl.col("start_date")),
        end_date=parse_end(pl.col("end_date")),
        salary=parse_decimal(pl.col("salary")),
        currency=conform_code(pl.col("currency")),
    )
