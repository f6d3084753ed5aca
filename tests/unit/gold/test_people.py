"""People marts: frames in, rows out."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from gold.marts import people

TODAY = dt.date(2024, 6, 15)
SALARY = pl.Decimal(18, 2)


def hires(*rows: tuple[str, int | None, str, str]) -> pl.DataFrame:
    frame = pl.DataFrame(
        rows,
        schema={"hired_at": pl.String, "department_id": pl.Int64, "department": pl.String, "job": pl.String},
        orient="row",
    )
    return frame.with_columns(pl.col("hired_at").str.to_datetime(time_unit="us", time_zone="UTC"))


def users(*rows: tuple[str, str, str | None]) -> pl.DataFrame:
    frame = pl.DataFrame(
        rows, schema={"user_id": pl.String, "city": pl.String, "bank": pl.String}, orient="row"
    )
    return frame.with_columns(
        pl.lit("DE").alias("country"), pl.lit("10115").alias("postal_code"), pl.lit(TODAY).alias("created_on")
    )


def employments(*rows: tuple[str, str, dt.date, dt.date | None, str | None]) -> pl.DataFrame:
    schema = {
        "user_id": pl.String,
        "employer": pl.String,
        "start_date": pl.Date,
        "end_date": pl.Date,
        "salary": SALARY,
    }
    typed = [(*row[:4], None if row[4] is None else Decimal(row[4])) for row in rows]
    frame = pl.DataFrame(typed, schema=schema, orient="row")
    return frame.with_row_index("employment_id").with_columns(pl.lit("Clerk").alias("job"))


DEPARTMENTS = pl.DataFrame({"department_id": [1, 2, 3], "department": ["Sales", "Legal", "Idle"]})


def test_quarters_without_hires_are_zero() -> None:
    rows = people.hires_by_quarter(
        hires(
            ("2021-01-01T00:00:00Z", 1, "Sales", "Clerk"),
            ("2021-12-31T23:59:59Z", 1, "Sales", "Clerk"),
            ("2021-12-31T23:59:59Z", 2, "Sales", "Clerk"),
            ("2022-04-01T00:00:00Z", 1, "Sales", "Clerk"),
            ("2021-05-05T00:00:00Z", None, "Unknown", "Clerk"),
        )
    )
    assert sorted(rows.rows()) == [
        (2021, "Sales", "Clerk", 1, 0, 0, 2),
        (2021, "Unknown", "Clerk", 0, 1, 0, 0),
        (2022, "Sales", "Clerk", 0, 1, 0, 0),
    ]


def test_mean_is_that_of_the_year_over_the_known_departments_that_hired_or_over_all() -> None:
    rows = people.department_hires(
        hires(
            *[("2021-03-01T00:00:00Z", 1, "Sales", "Clerk")] * 3,
            ("2021-03-01T00:00:00Z", 2, "Legal", "Clerk"),
            *[("2021-03-01T00:00:00Z", None, "Unknown", "Clerk")] * 90,
            *[("2020-03-01T00:00:00Z", 2, "Legal", "Clerk")] * 51,
        ),
        DEPARTMENTS,
    ).select("year", "department", "hired", "mean", "mean_of_all", "is_above_mean", "is_above_mean_of_all")
    third = 4 / 3
    assert sorted(rows.rows()) == [
        (2020, "Idle", 0, 51.0, 17.0, False, False),
        (2020, "Legal", 51, 51.0, 17.0, False, True),
        (2020, "Sales", 0, 51.0, 17.0, False, False),
        (2021, "Idle", 0, 2.0, third, False, False),
        (2021, "Legal", 1, 2.0, third, False, False),
        (2021, "Sales", 3, 2.0, third, True, True),
    ]


def test_no_hires_give_no_rows() -> None:
    assert people.hires_by_quarter(hires()).is_empty()
    assert people.department_hires(hires(), DEPARTMENTS).is_empty()


@pytest.mark.parametrize(
    ("start", "end", "is_current", "changes_on"),
    [
        (dt.date(2020, 1, 1), None, True, None),
        (dt.date(2020, 1, 1), TODAY, True, dt.date(2024, 6, 16)),
        (dt.date(2020, 1, 1), dt.date(2024, 6, 14), False, None),
        (TODAY, None, True, None),
        (dt.date(2024, 6, 16), None, False, dt.date(2024, 6, 16)),
    ],
)
def test_an_employment_counts_from_its_first_to_its_last_day(
    start: dt.date, end: dt.date | None, is_current: bool, changes_on: dt.date | None
) -> None:
    who = users(("u1", "Berlin", None))
    work = employments(("u1", "Acme", start, end, "100.50"))
    (row,) = people.user_profiles(who, work, TODAY).to_dicts()
    assert row["salary"] == (Decimal("100.50") if is_current else 0)
    assert row["changes_on"] == changes_on
    assert people.user_employers(who, work, TODAY).height == is_current


def test_city_payroll_counts_users_without_pay_and_pay_without_a_rate() -> None:
    who = users(("u1", "Berlin", "B"), ("u2", "Berlin", None), ("u3", "Ulm", "B"))
    since = dt.date(2020, 1, 1)
    work = employments(
        ("u1", "Acme", since, None, "100.10"),
        ("u1", "Acme", since, None, "0.20"),
        ("u2", "Acme", since, None, None),
        ("gone", "Acme", since, None, "999.00"),
    )
    profiles = people.user_profiles(who, work, TODAY)
    assert sorted(people.city_payroll(profiles).rows()) == [
        ("Berlin", 2, Decimal("100.30"), 1),
        ("Ulm", 1, Decimal("0.00"), 0),
    ]
    assert people.users_by_bank(profiles).rows() == [("B", 2)]
    assert people.users_by_postal_code(profiles).rows() == [("DE", "10115", 3)]
    assert people.users_by_employer(people.user_employers(who, work, TODAY)).rows() == [("Acme", 2)]


def test_the_employment_that_is_shown_is_the_current_one_that_began_last() -> None:
    who, since = users(("u1", "Berlin", None)), dt.date(2020, 1, 1)
    work = employments(
        ("u1", "First", since, None, "1.00"),
        ("u1", "Last", since.replace(year=2022), None, "1.00"),
        ("u1", "Over", since.replace(year=2023), since.replace(year=2024), "1.00"),
        ("u1", "To come", TODAY + dt.timedelta(days=1), None, "1.00"),
    )
    (row,) = people.user_profiles(who, work, TODAY).to_dicts()
    assert (row["employer"], row["job"], row["employed_since"]) == ("Last", "Clerk", since.replace(year=2022))
