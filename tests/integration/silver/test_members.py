"""Members of dimensions: late, gone, in versions, under one name; and the calendar."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bronze.models import RawRecord
from silver.models import (
    UNKNOWN,
    DimDate,
    DimDepartment,
    DimEmployer,
    DimProduct,
    DimUser,
    ExchangeRate,
    FactEmployment,
    FactEvent,
    FactHire,
    FactOrderLine,
    Holiday,
)
from silver.services import RebuildStar
from tests.integration.silver.rows import EMPLOYMENT, EVENT, HIRE, LINE, USER
from tests.integration.silver.warehouse import Warehouse


@pytest.mark.parametrize(
    ("dataset", "row"),
    [
        ("hired_employees", HIRE),
        ("departments", {"id": 4, "department": "Sales"}),
        ("users", USER),
        ("events", EVENT),
        ("order_lines", LINE | {"order_id": "5%:1"}),
        ("exchange_rates", {"date": "2021-01-01", "currency": "EUR", "rate": "1.1"}),
    ],
)
def test_a_record_takes_its_place_again_when_another_gives_it_up(
    warehouse: Warehouse, dataset: str, row: dict[str, Any]
) -> None:
    """Staff give a record that came without a key the key of another one, and take that back."""
    escaped = {name: str(value).replace("%", "%25").replace(":", "%3A") for name, value in row.items()}
    warehouse.put(dataset, escaped)
    RawRecord.objects.update(payload=row)
    warehouse.refine()
    before = facts_and_members()
    keyless = RawRecord.objects.create(
        dataset_id=dataset, key="?1", payload=row, status="valid", content_hash=b"1"
    )
    warehouse.refine()
    RawRecord.objects.filter(pk=keyless.pk).update(status="quarantined")
    warehouse.refine()
    assert facts_and_members() == before


def test_a_gone_member_is_called_what_its_own_record_says(warehouse: Warehouse) -> None:
    """Another record had its key for a while, and no longer has."""
    product = {"name": "Shoe", "description": "x", "category": "c", "price": "1", "currency": "USD"}
    warehouse.put("products", {**product, "sku": "s2", "name": "Boot"})
    warehouse.put("products", {**product, "sku": "s0"}, status="deleted")
    warehouse.patch("products", "s2", sku="s0")
    warehouse.refine()
    assert DimProduct.objects.get(sku="s0").name == "Boot"
    warehouse.status("products", "s2", "quarantined")
    warehouse.refine()
    gone = DimProduct.objects.get(sku="s0")
    assert (gone.name, gone.is_active) == ("Shoe", False)
    warehouse.changes()
    RebuildStar(refine=warehouse.refine)()
    assert warehouse.changes() == set()


def facts_and_members() -> list[Any]:
    """Which raw record each row came from, and whether it is there."""
    dimensions: tuple[Any, ...] = (DimDepartment, DimUser)
    others: tuple[Any, ...] = (FactHire, FactEvent, FactOrderLine, ExchangeRate)
    return [
        *(list(model.objects.values_list("raw_record_id", "is_active")) for model in dimensions),
        *(list(model.objects.values_list("raw_record_id")) for model in others),
    ]


def test_a_hire_that_came_first_is_bound_when_its_dimensions_come(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    hire = FactHire.objects.get()
    assert (hire.department_id, hire.job_id, hire.date_id) == (UNKNOWN, UNKNOWN, 20210727)
    assert warehouse.changes() == {("hire_year", "2021"), ("hire_day", "2021-07-27")}

    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.refine()
    assert FactHire.objects.get().department.name == "Sales"
    assert warehouse.changes() == {("hire_year", "2021"), ("hire_day", "2021-07-27"), ("department", "4")}
    assert FactHire.objects.get().pk == hire.pk


def test_a_member_whose_record_is_gone_stays_for_its_facts(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    warehouse.status("departments", "4", "deleted")
    warehouse.refine()
    department = DimDepartment.objects.get(department_id=4)
    assert (department.is_active, FactHire.objects.get().department) == (False, department)


def test_users_have_versions_and_facts_belong_to_that_of_their_time(warehouse: Warehouse) -> None:
    warehouse.put("users", USER)
    warehouse.put("events", EVENT, {**EVENT, "event_id": "e0", "occurred_at": "2020-05-05T00:00:00Z"})
    warehouse.refine()
    warehouse.changes()
    warehouse.put("users", {**USER, "city": "paris", "updated_at": "2021-01-20T00:00:00Z"})
    warehouse.refine()

    old, new = DimUser.objects.filter(user_id="u1").order_by("version")
    moment = datetime(2021, 1, 20, tzinfo=UTC)
    assert (old.city, old.valid_to, old.is_current) == ("Berlin", moment, False)
    assert (new.city, new.valid_from, new.valid_to, new.location.city) == ("Paris", moment, None, "Paris")
    assert FactEvent.objects.get(event_id="e1").user == new, "what happened after the change is bound again"
    assert FactEvent.objects.get(event_id="e0").user == old, "what happened before the user was there"
    assert warehouse.changes() == {
        ("user", "u1"),
        ("city", "Berlin"),
        ("city", "Paris"),
        ("event_day", "2021-02-01"),
    }


def test_the_bank_is_that_of_today_on_every_version_whichever_came_first(warehouse: Warehouse) -> None:
    warehouse.put("user_bank_info", {"user_id": "u1", "bank_name": "First  Bank"})
    warehouse.refine()
    warehouse.put("users", USER)
    warehouse.refine()
    warehouse.put("users", {**USER, "city": "Paris", "updated_at": "2021-01-20T00:00:00Z"})
    warehouse.refine()
    assert set(DimUser.objects.filter(user_id="u1").values_list("bank__name")) == {("First Bank",)}
    warehouse.changes()

    warehouse.put("user_bank_info", {"user_id": "u1", "bank_name": "Second Bank"})
    warehouse.refine()
    assert set(DimUser.objects.filter(user_id="u1").values_list("bank__name")) == {("Second Bank",)}
    assert warehouse.changes() == {("user", "u1"), ("bank", "first bank"), ("bank", "second bank")}

    warehouse.status("user_bank_info", "u1", "deleted")
    warehouse.refine()
    assert set(DimUser.objects.filter(user_id="u1").values_list("bank_id")) == {(UNKNOWN,)}


def test_titles_follow_the_jobs(warehouse: Warehouse) -> None:
    employment = {
        "employment_id": "1",
        "user_id": "u1",
        "employer": "Acme",
        "job_title": "Sr. Data Engr",
        "start_date": "2021-01-01",
        "salary": "1",
        "currency": "USD",
    }
    warehouse.put("employment_info", employment)
    warehouse.put("jobs", {"id": 1, "job": "Recruiter"})
    warehouse.refine()
    assert FactEmployment.objects.get().job_id == UNKNOWN
    warehouse.put("jobs", {"id": 2, "job": "Senior Data Engineer"})
    warehouse.refine()
    bound = FactEmployment.objects.get()
    assert (bound.job.title, bound.job_match_score) == ("Senior Data Engineer", 100.0)
    warehouse.status("jobs", "2", "deleted")
    warehouse.refine()
    assert FactEmployment.objects.get().job_id == UNKNOWN


def test_days_outside_of_the_calendar_extend_it(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", {**HIRE, "datetime": "1985-06-01"})
    warehouse.refine()
    assert FactHire.objects.get().date.year == 1985
    assert DimDate.objects.filter(year=1985).count() == 365


def test_spellings_of_an_employer_are_one_shown_by_the_most_frequent(warehouse: Warehouse) -> None:
    warehouse.put(
        "employment_info", EMPLOYMENT, {**EMPLOYMENT, "employment_id": "2", "employer": "ACME CORP"}
    )
    warehouse.refine()
    assert _employers() == [("acme corp", "ACME CORP", True)]
    warehouse.changes()
    warehouse.put(
        "employment_info", {**EMPLOYMENT, "employment_id": "3", "user_id": "u3", "employer": "Acme Corp"}
    )
    warehouse.refine()
    assert _employers() == [("acme corp", "Acme Corp", True)]
    assert warehouse.changes() == {
        ("employer", "acme corp"),
        ("employment_user", "u1"),
        ("employment_user", "u3"),
        ("employment_day", EMPLOYMENT["start_date"]),
    }
    assert set(FactEmployment.objects.values_list("employer_name", flat=True)) == {
        "acme corp",
        "ACME CORP",
        "Acme Corp",
    }
    for number in "123":
        warehouse.status("employment_info", number, "deleted")
    warehouse.refine()
    assert _employers() == [("acme corp", "Acme Corp", False)]


def _employers() -> list[Any]:
    return list(DimEmployer.objects.filter(key__gt=0).values_list("name_key", "name", "is_active"))


def test_an_employment_has_its_first_and_its_last_day_in_the_calendar(warehouse: Warehouse) -> None:
    warehouse.put("employment_info", EMPLOYMENT, {**EMPLOYMENT, "employment_id": "2", "end_date": None})
    result = warehouse.refine()
    ended, lasting = FactEmployment.objects.order_by("employment_id")
    assert (ended.start_id, ended.end_id, lasting.end_id) == (20210101, 20210630, UNKNOWN)
    assert result.counts["unbound"] == 2  # the user and the job are unknown


def test_the_calendar_is_whole_and_knows_the_holidays_of_the_countries_of_users(warehouse: Warehouse) -> None:
    warehouse.refine()
    warehouse.put("users", USER)
    warehouse.refine()
    assert DimDate.objects.filter(key__gt=0).count() == 366 + 365 + 365
    unity = Holiday.objects.get(day_id=20211003)
    assert (unity.country, unity.day.holiday) == ("DE", "")
    warehouse.put("hired_employees", {**HIRE, "datetime": "2023-01-01"})
    warehouse.refine()
    assert set(Holiday.objects.filter(day_id=20230101).values_list("country", flat=True)) == {"DE", "US"}
