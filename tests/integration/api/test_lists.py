"""Lists of records: filters by type, ordering, chosen fields; what cannot be asked; how they are found."""

from typing import Any

import polars as pl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bronze.models import RawRecord
from lakehouse_project.kernel.parsing import parse_date, parse_datetime
from tests.integration.api.client import Api, assert_problem
from tests.integration.bronze.intake import Intake
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

JOBS = [
    {
        "employment_id": "1",
        "employer": "Acme",
        "salary": "9000.00",
        "start_date": "2020-02-01",
        "end_date": None,
    },
    {
        "employment_id": "2",
        "employer": "Bolt",
        "salary": "65000",
        "start_date": "2021-03-01",
        "end_date": "2022-01-31",
    },
    {
        "employment_id": "3",
        "employer": "acme labs",
        "salary": "120000.5",
        "start_date": "2019-12-31",
        "end_date": "",
    },
    {
        "employment_id": "10",
        "employer": "100% Ltd",
        "salary": "65000.00",
        "start_date": "2021-03-02",
        "end_date": None,
    },
]


@pytest.fixture
def jobs(curator: Api) -> None:
    assert curator.post("/users", valid_row("users")).status_code == 201
    rows = [valid_row("employment_info") | job for job in JOBS]
    assert curator.post("/employment_info/batch", rows).status_code == 201


def keys(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    assert answer.json()["count"] == len(answer.json()["items"])
    return [row["_record"]["key"] for row in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"salary": "65000"}, ["2", "10"]),
        ({"salary__gt": "9000"}, ["2", "3", "10"]),
        ({"salary__gte": "9000", "salary__lt": "120000"}, ["1", "2", "10"]),
        ({"salary__lte": "9000.00"}, ["1"]),
        ({"salary__in": "9000,120000.50"}, ["1", "3"]),
        ({"start_date": "2021-03-01"}, ["2"]),
        ({"start_date__gte": "2021-03-01"}, ["2", "10"]),
        ({"end_date__isnull": "true"}, ["1", "3", "10"]),
        ({"end_date__isnull": "false"}, ["2"]),
        ({"employer__contains": "ACME"}, ["1", "3"]),
        ({"employer__startswith": "b"}, ["2"]),
        ({"employer__contains": "%"}, ["10"]),
        ({"employer__in": 'Bolt,"100% Ltd"'}, ["2", "10"]),
        ({"employment_id__in": "10,3,77"}, ["3", "10"]),
        ({"user_id": " 1001 "}, ["1", "2", "3", "10"]),
        ({"record_key__startswith": "1"}, ["1", "10"]),
        ({"record_updated_at__gt": "2020-01-01"}, ["1", "2", "3", "10"]),
        ({"record_updated_at__lt": "2020-01-01"}, []),
        ({"ordering": "salary,-employment_id"}, ["1", "2", "10", "3"]),
        ({"ordering": "-salary,record_id"}, ["3", "2", "10", "1"]),
        ({"ordering": "start_date"}, ["3", "1", "2", "10"]),
        ({"ordering": "-end_date,-record_id"}, ["2", "10", "3", "1"]),
        ({"ordering": "-record_updated_at"}, ["1", "2", "3", "10"]),
    ],
)
def test_what_is_asked_for(curator: Api, jobs: None, query: dict[str, str], expected: list[str]) -> None:
    assert keys(curator.get("/employment_info", **query)) == expected
    assert keys(curator.get("/datasets/employment_info/records", **query)) == expected


def test_chosen_fields(curator: Api, jobs: None) -> None:
    (row,) = curator.get("/employment_info", fields="salary,employer", employment_id="2").json()["items"]
    assert list(row) == ["salary", "employer", "_record"]


@pytest.mark.parametrize("name", ["salary__gt", "salary", "start_date__lt", "salary__in", "end_date__isnull"])
def test_a_value_of_another_type_names_its_parameter(curator: Api, name: str) -> None:
    body = assert_problem(curator.get("/employment_info", **{name: "much"}), 422, "invalid_input")
    assert [error["field"] for error in body["errors"]] == [name]


@pytest.mark.parametrize(
    "query",
    [
        {"salry": "1"},
        {"salary__like": "1"},
        {"ordering": "salry"},
        {"fields": "salry"},
        {"salary__contains": "1"},
    ],
)
def test_what_is_not_known_is_refused(curator: Api, query: dict[str, str]) -> None:
    assert_problem(curator.get("/employment_info", **query), 400, "unknown_parameter")


@pytest.mark.parametrize(
    "query", [{"email__startswith": "a"}, {"ordering": "email"}, {"full_name__isnull": "true"}]
)
def test_nobody_looks_for_what_they_may_not_see(viewer: Api, curator: Api, query: dict[str, str]) -> None:
    assert_problem(viewer.get("/users", **query), 400, "unknown_parameter")
    assert curator.get("/users", **query).status_code == 200
    assert_problem(curator.get("/user_bank_info", account_number__startswith="D"), 400, "unknown_parameter")


def test_chosen_personal_fields_are_masked(viewer: Api, curator: Api) -> None:
    curator.post("/users", valid_row("users"))
    (row,) = viewer.get("/users", fields="full_name,city").json()["items"]
    assert (row["full_name"], row["city"]) == ("A•••", "Berlin")


def test_columns_that_no_contract_knows(curator: Api, viewer: Api, intake: Intake) -> None:
    intake.load("departments.csv", "id,department,floor\n1,Sales,3\n2,IT,12\n")
    assert keys(curator.get("/departments", floor__gt="3")) == ["2"]
    assert keys(viewer.get("/departments", ordering="-floor", fields="floor")) == ["2", "1"]
    users = valid_row("users") | {"nickname": "Ada"}
    intake.load("users.csv", f"{','.join(users)}\n{','.join(str(value) for value in users.values())}\n")
    assert keys(curator.get("/users", nickname="Ada")) == ["1001"]
    assert_problem(viewer.get("/users", nickname="Ada"), 400, "unknown_parameter")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.datetimes().map(str),
            st.from_regex(
                r"\A ?\d{4}-[01]\d-[0-3]\d([T ][0-2]\d[: ][0-5]\d([: ][0-6]\d([.,]\d{1,9})?)?)? ?(Z|UTC|[+-]\d\d(:?00)?)?\Z"
            ),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_the_database_reads_moments_and_dates_as_the_check_does(db: None, texts: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bronze_moment(t) AT TIME ZONE 'UTC', bronze_date(t) FROM unnest(%s::text[]) WITH ORDINALITY AS u (t, n)"
            " ORDER BY n",
            [texts],
        )
        found = cursor.fetchall()
    frame = pl.DataFrame({"t": texts}).select(
        parse_datetime(pl.col("t")).dt.replace_time_zone(None).alias("moment"),
        parse_date(pl.col("t")).alias("day"),
    )
    for text, (moment, day), (its_moment, its_day) in zip(texts, found, frame.rows(), strict=True):
        if its_moment is not None:  # PostgreSQL also takes 24:00 and leap seconds
            assert moment == its_moment, text
        assert day == its_day, text


def plan(api: Api, path: str, **query: str) -> str:
    """The plans of the queries that a request makes on the records."""
    with CaptureQueriesContext(connection) as queries:
        assert api.get(path, **query).status_code == 200
    reads = [query["sql"] for query in queries if 'FROM "bronze_rawrecord"' in query["sql"]]
    assert reads
    with connection.cursor() as cursor:
        plans = []
        for sql in reads:
            cursor.execute(f"EXPLAIN {sql}")
            plans += [line for (line,) in cursor.fetchall()]
    return "\n".join(plans)


def test_lists_and_keys_are_found_by_an_index(curator: Api) -> None:
    RawRecord.objects.bulk_create(
        [
            RawRecord(dataset_id=name, key=str(n), payload={"id": n, "department": "x"}, content_hash=b"")
            for name in ("departments", "jobs")
            for n in range(5000)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bronze_rawrecord")
    for query in ({}, {"id": "77"}, {"id__in": "1,2"}):
        assert "Seq Scan" not in plan(curator, "/jobs", **query)


@pytest.mark.parametrize(
    "asked",
    [
        {"city__in": "Berlin\nBonn"},
        {"created_at__gt": "0001-01-01T00:00:00+23:59"},
        {"record_updated_at__lt": "9999-12-31T23:59:59-23:59"},
    ],
)
def test_values_that_the_database_does_not_take_are_told(viewer: Api, asked: dict[str, str]) -> None:
    body = assert_problem(viewer.get("/users", **asked), 422, "invalid_input")
    assert [error["field"] for error in body["errors"]] == list(asked)


def test_a_moment_with_any_offset_is_the_same_moment(curator: Api) -> None:
    curator.post("/users", valid_row("users") | {"created_at": "2024-05-17T12:00:00Z"})
    assert curator.get("/users", created_at="2024-05-18T08:00:00+20:00").json()["count"] == 1


def test_what_is_known_of_a_record_orders_lists_of_people_for_everybody(curator: Api, viewer: Api) -> None:
    for key in ("1", "2"):
        curator.post("/users", valid_row("users") | {"user_id": key})
    for name in ("record_id", "record_key", "record_updated_at"):
        found = viewer.get("/users", ordering=f"-{name}").json()["items"]
        assert [row["user_id"] for row in found] == ["2", "1"]


def test_fields_are_found_by_their_names_whatever_they_are(curator: Api) -> None:
    curator.post("/datasets", {"name": "years", "title": "Years", "key_fields": ["town"]})
    for town, count in (("Bonn", "10"), ("Berlin", "9")):
        curator.post("/datasets/years/records", {"town": town, "2024": count, "record_id": f"7{count}"})

    def towns(**asked: str) -> list[str]:
        items = curator.get("/datasets/years/records", **asked).json()["items"]
        return [row["town"] for row in items]

    assert towns(**{"2024": "10"}) == ["Bonn"]
    assert towns(ordering="2024") == ["Berlin", "Bonn"]
    assert towns(record_id="79") == ["Berlin"]


def test_a_key_also_finds_rows_that_have_it_but_no_key(curator: Api, intake: Intake) -> None:
    long = "k" * 500
    curator.post("/datasets", {"name": "towns", "title": "Towns", "key_fields": ["town"]})
    intake.load("towns.csv", f"town,mayor\n{long},Ada\nBonn,Bea\n", "towns")
    for town, mayor in ((long, "Ada"), ("Bonn", "Bea")):
        items = curator.get("/datasets/towns/records", town=town).json()["items"]
        assert [row["mayor"] for row in items] == [mayor]
