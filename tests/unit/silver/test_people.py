import polars as pl
import pytest

from silver.transforms import people
from silver.transforms.text import (
    best_spellings,
    conform,
    conform_city,
    conform_code,
    conform_email,
    conform_person,
)


def records(*rows: dict, status: str = "valid") -> pl.DataFrame:
    """Raw records as the repository gives them: everything is text."""
    about = {"record_status": status, "recorded_at": "2026-01-01 00:00:00+00"}
    frame = pl.DataFrame([{**about, **row} for row in rows], infer_schema_length=None)
    return frame.cast(pl.String).with_row_index("raw_record_id", 1).cast({"raw_record_id": pl.Int64})


USER = {
    "user_id": "7",
    "full_name": " Ada   Love\u0301lace ",
    "email": " Ada@Example.ORG ",
    "phone": None,
    "address": "  ",
    "city": "new york",
    "postal_code": "sw1a  1aa",
    "country": "gb",
    "created_at": "2021-01-01",
    "updated_at": None,
}


@pytest.mark.parametrize(
    ("city", "expected"),
    [
        ("berlin", "Berlin"),
        ("NEW  YORK", "New York"),
        ("saint-étienne", "Saint-Étienne"),
        ("Frankfurt am Main", "Frankfurt am Main"),
        ("FRANKFURT AM MAIN", "Frankfurt am Main"),
        ("Frankfurt Am Main", "Frankfurt am Main"),
        ("new York", "New York"),
        ("rio de janeiro", "Rio de Janeiro"),
        ("LA PAZ", "La Paz"),
        ("McAllen", "McAllen"),
        ("Ｂｅｒｌｉｎ", "Berlin"),
        (" Mu\u0308nchen ", "München"),
        ("  ", None),
    ],
)
def test_cities_are_conformed(city: str, expected: str | None) -> None:
    assert pl.select(conform_city(pl.lit(city))).item() == expected


def test_texts_are_conformed() -> None:
    row = pl.select(
        name=conform(pl.lit(" Jose\u0301 \t Díaz ")),
        code=conform_code(pl.lit(" sw1a  1aa ")),
        email=conform_email(pl.lit("Ada@Example.ORG")),
    ).row(0, named=True)
    assert row == {"name": "José Díaz", "code": "SW1A 1AA", "email": "ada@example.org"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ADA LOVELACE", "Ada Lovelace"),
        ("vincent van gogh", "Vincent van Gogh"),
        ("Robert De Niro", "Robert De Niro"),
        ("SHAQUILLE O'NEAL", "Shaquille O'Neal"),
        ("anne-marie d’arc", "Anne-Marie D'Arc"),
        ("  ", None),
    ],
)
def test_names_of_people_are_conformed(name: str, expected: str | None) -> None:
    assert pl.select(conform_person(pl.lit(name))).item() == expected


def test_a_name_is_shown_by_its_most_frequent_spelling_whatever_came_first() -> None:
    rows = [
        (1, "ACME", 2),
        (1, "Acme", 2),
        (1, "acme", 2),
        (2, "beta", 5),
        (2, "Beta", 4),
        (3, "B Corp", 1),
        (3, "A Corp", 1),
    ]
    for order in (rows, rows[::-1]):
        spellings = pl.DataFrame(order, schema=["key", "spelling", "count"], orient="row")
        assert best_spellings(spellings).rows() == [(1, "Acme"), (2, "beta"), (3, "A Corp")]


def test_users_are_conformed() -> None:
    user = people.users(records(USER)).rows.row(0, named=True)
    assert user["full_name"] == "Ada Lov\u00e9lace"
    assert (user["email"], user["city"], user["postal_code"]) == ("ada@example.org", "New York", "SW1A 1AA")
    assert (user["phone"], user["address"], user["country"]) == ("", "", "GB")


def test_an_undated_change_is_dated_by_its_record() -> None:
    dated, undated = (
        people.users(records({**USER, "updated_at": "2022-05-01T10:00:00Z"}, {**USER, "user_id": "8"}))
        .rows["changed_at"]
        .dt.year()
    )
    assert (dated, undated) == (2022, 2026)


def test_quarantined_records_make_no_members_and_deleted_ones_inactive_members() -> None:
    department = {"id": "1", "department": "Sales"}
    assert people.departments(records(department, status="quarantined")).rows.is_empty()
    assert people.departments(records(department, status="deleted")).rows["is_active"].to_list() == [False]
    assert people.hires(
        records(
            {"id": "1", "name": "A", "datetime": "2021-01-01", "department_id": "1", "job_id": "1"},
            status="deleted",
        )
    ).rows.is_empty()


def test_a_valid_record_without_a_required_value_is_rejected_and_counted() -> None:
    refined = people.departments(
        records({"id": "1", "department": "Sales"}, {"id": "x", "department": "Law"})
    )
    assert (refined.rows.height, refined.rejected, refined.duplicate) == (1, 1, 0)


def test_of_two_records_with_one_key_the_later_one_counts() -> None:
    refined = people.departments(records({"id": "1", "department": "Old"}, {"id": "+1", "department": "New"}))
    assert refined.rows["name"].to_list() == ["New"]
    assert refined.duplicate == 1


def test_a_living_record_goes_before_a_later_deleted_one() -> None:
    both = pl.concat(
        [
            records({"id": "1", "department": "Alive"}),
            records({"id": "1", "department": "Gone"}, status="deleted").with_columns(
                raw_record_id=pl.lit(9, pl.Int64)
            ),
        ]
    )
    assert people.departments(both).rows["name"].to_list() == ["Alive"]


@pytest.mark.parametrize("end", ["", "9999-12-31", "9999-12-31T00:00:00"])
def test_employments_keep_an_open_end(end: str) -> None:
    row = {
        "employment_id": "1",
        "user_id": "7",
        "employer": " Acme  Corp ",
        "job_title": "Data Eng",
        "start_date": "2021-03-01",
        "end_date": end,
        "salary": "65000.50",
        "currency": "eur",
    }
    employment = people.employments(records(row)).rows.row(0, named=True)
    assert employment["end_date"] is None
    assert (employment["employer"], employment["employer_name"]) == ("acme corp", "Acme Corp")
    assert (employment["currency"], str(employment["salary"])) == (
        "EUR",
        "65000.50",
    )


@pytest.mark.parametrize("moment", ["0000-05-05", "0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00"])
def test_years_that_no_calendar_has_reject_the_record(moment: str) -> None:
    hire = {"id": "1", "name": "A", "datetime": moment, "department_id": "1", "job_id": "1"}
    refined = people.hires(records(hire))
    assert (refined.rows.height, refined.rejected) == (0, 1)
