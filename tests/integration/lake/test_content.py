"""What is in the published tables: marts, no personal data, the same types everywhere."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import connection

from gold.published import PublishedMarts
from lake.parquet import stats_of
from silver.published import PublishedFacts, fact_sources
from tests.integration.lake.lake import Lake

HIRE = {"id": "1", "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "department_id": "4", "job_id": "2"}
EMPLOYMENT = {
    "employment_id": "e1",
    "user_id": "u1",
    "employer": "Acme",
    "job_title": "Clerk",
    "start_date": "2021-03-01",
    "end_date": "2021-12-31",
    "salary": "1000.50",
    "currency": "USD",
}
EVENT = {"event_id": "v1", "user_id": "u1", "event_type": "login", "occurred_at": "2021-02-03T04:05:06Z"}


@pytest.fixture
def company(lake: Lake) -> Lake:
    lake.warehouse.put("hired_employees", HIRE)
    lake.warehouse.put("employment_info", EMPLOYMENT)
    lake.warehouse.put("events", EVENT)
    lake.order("o1", "2021-01-05")
    lake.order("o2", "2021-01-31", status="shipped")
    lake.order("o3", "2021-02-01")
    lake.refine()
    lake.refresh_marts()
    lake.publish()
    return lake


def test_the_other_facts(company: Lake) -> None:
    assert company.read("hires").rows() == [
        (1, dt.datetime(2021, 7, 27, 16, 2, 8, tzinfo=dt.UTC), 4, 2, 2021, 7, 27)
    ]
    (event,) = company.read("events").select("event_type", "user_id", "year", "month", "day").rows()
    assert event == ("login", "u1", 2021, 2, 3)
    (job,) = (
        company.read("employments").select("employer", "end_date", "salary", "year", "month", "day").rows()
    )
    assert job == ("Acme", dt.date(2021, 12, 31), Decimal("1000.50"), 2021, 3, 1)


def test_every_mart_is_published_as_it_is_stored(company: Lake) -> None:
    for source in PublishedMarts().sources():
        stored = source.mart.model._default_manager.filter(**source.mart.source.where).count()
        assert company.read(source.spec.name).height == stored, source.spec.name
    daily = company.read("daily_revenue").sort("day")
    assert daily.select("day", "revenue", "year", "month").rows() == [
        (dt.date(2021, 1, 5), Decimal("2.50"), 2021, 1),
        (dt.date(2021, 1, 31), Decimal("2.50"), 2021, 1),
        (dt.date(2021, 2, 1), Decimal("2.50"), 2021, 2),
    ]


def test_of_a_mart_the_partitions_that_differ_are_replaced(company: Lake) -> None:
    before = company.folders("daily_revenue")
    company.order("o4", "2021-02-02")
    company.refine()
    company.refresh_marts()
    company.publish()
    after = company.folders("daily_revenue")
    assert {folder.rsplit("/", 2)[0] for folder in after - before} == {"year=2021/month=2"}
    assert len(before & after) == 1


def test_personal_data_is_left_out_or_masked(company: Lake) -> None:
    assert "employee_name" not in company.read("hires").columns
    personal = {"full_name", "email", "salary"}
    assert personal.isdisjoint(company.read("customer_360").columns)
    company.publisher("mask").everything()
    assert company.read("hires")["employee_name"].to_list() == ["A•••"]
    assert personal.isdisjoint(company.read("customer_360").columns)
    company.publisher("omit").everything()
    assert "employee_name" not in company.read("hires").columns


def test_all_files_of_a_table_have_the_types_of_its_schema(company: Lake) -> None:
    for source in (*PublishedFacts().sources(), *PublishedMarts().sources()):
        wanted = {column.name: column.dtype for column in source.spec.columns}
        for stored in company.storage.list(f"lake/{source.spec.name}/"):
            if stored.key.endswith(".parquet") and "_delta_log" not in stored.key:
                assert pl.read_parquet_schema(company.storage.path(stored.key)) == wanted


def test_reading_changed_days_uses_the_index(company: Lake) -> None:
    source = fact_sources("omit")[0]
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        query = source._select("count(*)", [(2021, 1, 5)])
        cursor.execute(f"EXPLAIN {query}", {"dates": [0, 20210105], "days": [dt.date(2021, 1, 5)]})
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "silver_factorderline_date_id" in plan
    assert "Seq Scan on silver_factorderline" not in plan


@pytest.mark.parametrize(
    ("values", "least", "most"),
    [
        ([3, 1, None], 1, 3),
        (["b", "a" * 100], None, "b"),
        ([Decimal("1.10"), Decimal("-2.25")], -2.25, 1.1),
        ([Decimal("12345678901234567.89")], None, None),
        ([float("nan")], None, None),
        ([dt.date(2024, 1, 31)], "2024-01-31", "2024-01-31"),
        (
            [dt.datetime(2024, 1, 31, 23, 59, 59, 999_001, tzinfo=dt.UTC)],
            "2024-01-31T23:59:59.999Z",
            "2024-02-01T00:00:00.000Z",
        ),
        ([None], None, None),
    ],
)
def test_limits_in_the_log_hold(values: list[Any], least: Any, most: Any) -> None:
    found = json.loads(stats_of(pl.DataFrame({"x": values})))
    assert found["minValues"].get("x") == least
    assert found["maxValues"].get("x") == most
    assert (found["numRecords"], found["nullCount"]) == (len(values), {"x": values.count(None)})
