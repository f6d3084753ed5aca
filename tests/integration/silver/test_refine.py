"""The refinement in scenes: what people expect of a warehouse when data come late, change or go."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from bronze.models import RawRecord
from governance.feed import ChangeFeed, FeedBusy
from governance.models import QualityResult, Run
from silver.errors import ContractBroken
from silver.models import (
    UNKNOWN,
    Change,
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
from silver.repositories.unit import unread
from silver.services import ForgetChanges, RebuildStar
from tests.integration.silver.warehouse import Warehouse
from tests.processes import wait_until

HIRE = {"id": 1, "name": "Ada", "datetime": "2021-07-27T16:02:08Z", "department_id": 4, "job_id": 2}
USER = {
    "user_id": "u1",
    "full_name": "Ada Lovelace",
    "email": "ada@example.org",
    "city": "Berlin",
    "postal_code": "10115",
    "country": "DE",
    "created_at": "2021-01-01T00:00:00Z",
}
EVENT = {"event_id": "e1", "user_id": "u1", "event_type": "login", "occurred_at": "2021-02-01T00:00:00Z"}
LINE = {
    "order_id": "o1",
    "line_number": 1,
    "user_id": "u1",
    "ordered_at": "2021-01-15T10:00:00Z",
    "status": "paid",
    "currency": "EUR",
    "sku": "s1",
    "quantity": 2,
    "unit_price": "10.00",
}


def rate(day: str, value: str) -> dict[str, Any]:
    return {"date": day, "currency": "EUR", "rate": value}


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
    assert warehouse.changes() == {("hire_year", "2021")}

    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.refine()
    assert FactHire.objects.get().department.name == "Sales"
    assert warehouse.changes() == {("hire_year", "2021"), ("department", "4")}
    assert FactHire.objects.get().pk == hire.pk


def test_nothing_new_is_no_run(warehouse: Warehouse) -> None:
    assert warehouse.refine() is None
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.refine()
    assert warehouse.refine() is None
    assert Run.objects.count() == 1
    assert warehouse.bus.published == ["silver.changed"]


def test_records_that_change_nothing_publish_nothing(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.refine()
    warehouse.put("departments", {"id": 4, "department": " Sales "})
    result = warehouse.refine()
    assert (result.counts["read"], result.counts["written"], result.changes) == (1, 0, 0)
    assert warehouse.bus.published == ["silver.changed"]


@pytest.mark.parametrize("status", ["deleted", "quarantined"])
def test_a_fact_goes_with_its_record_and_comes_back_with_it(warehouse: Warehouse, status: str) -> None:
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    warehouse.changes()
    warehouse.status("hired_employees", "1", status)
    warehouse.refine()
    assert not FactHire.objects.exists()
    assert warehouse.changes() == {("hire_year", "2021")}
    warehouse.status("hired_employees", "1", "valid")
    warehouse.refine()
    assert FactHire.objects.count() == 1


def test_a_fact_that_moves_to_another_group_concerns_both(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    warehouse.changes()
    warehouse.patch("hired_employees", "1", datetime="2022-01-01")
    warehouse.refine()
    assert warehouse.changes() == {("hire_year", "2021"), ("hire_year", "2022")}


def test_a_fact_whose_key_is_edited_is_not_there_twice(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    warehouse.patch("hired_employees", "1", id=9)
    warehouse.refine()
    assert list(FactHire.objects.values_list("hire_id", flat=True)) == [9]


def test_two_records_that_claim_one_key_do_not_stop_the_run(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", HIRE, {**HIRE, "id": "01", "name": "Grace"})
    warehouse.refine()
    warehouse.put("hired_employees", {**HIRE, "name": "Adele"})
    warehouse.refine()
    assert FactHire.objects.get().employee_name == "Grace"

    warehouse.put("users", USER, {**USER, "user_id": " u1", "full_name": "Grace Hopper"})
    warehouse.refine()
    warehouse.put("users", {**USER, "city": "Paris"})
    warehouse.refine()
    assert DimUser.objects.get(user_id="u1", is_current=True).full_name == "Grace Hopper"


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


def test_rates_that_arrive_late_or_change_price_the_days_they_hold_for(warehouse: Warehouse) -> None:
    warehouse.put("order_lines", LINE, {**LINE, "line_number": 2, "ordered_at": "2021-02-15T10:00:00Z"})
    warehouse.refine()
    assert _amounts() == [None, None]
    warehouse.put("exchange_rates", rate("2021-01-10", "1.5"))
    warehouse.refine()
    assert _amounts() == [Decimal("30.00"), Decimal("30.00")]
    warehouse.changes()
    warehouse.put("exchange_rates", rate("2021-02-10", "1.25"))
    warehouse.refine()
    assert _amounts() == [Decimal("30.00"), Decimal("25.00")]
    assert ("order_day", "2021-02-15") in warehouse.changes()
    warehouse.status("exchange_rates", "2021-01-10:EUR", "deleted")
    warehouse.refine()
    assert _amounts() == [None, Decimal("25.00")]


def _amounts() -> list[Decimal | None]:
    return list(FactOrderLine.objects.order_by("line_number").values_list("amount_reporting", flat=True))


def test_an_order_line_carries_its_own_status(warehouse: Warehouse) -> None:
    warehouse.put("order_lines", LINE)
    warehouse.refine()
    assert FactOrderLine.objects.get().status == "paid"


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


def test_a_full_run_keeps_surrogate_keys_and_retracts_what_lost_its_record(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"}, {"id": 5, "department": "Law"})
    warehouse.put("hired_employees", HIRE, {**HIRE, "id": 2})
    warehouse.refine()
    keys = dict(DimDepartment.objects.values_list("department_id", "key"))
    RawRecord.objects.filter(key__in=["2", "5"]).delete()
    warehouse.rewind()
    warehouse.refine()
    assert dict(DimDepartment.objects.values_list("department_id", "key")) == keys
    assert not DimDepartment.objects.get(department_id=5).is_active
    assert list(FactHire.objects.values_list("hire_id", flat=True)) == [1]


def test_days_outside_of_the_calendar_extend_it(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", {**HIRE, "datetime": "1985-06-01"})
    warehouse.refine()
    assert FactHire.objects.get().date.year == 1985
    assert DimDate.objects.filter(year=1985).count() == 365


def test_a_record_that_is_no_row_is_counted_and_stops_nobody(warehouse: Warehouse) -> None:
    warehouse.put("order_lines", LINE, {**LINE, "line_number": 2, "quantity": 2**62})
    result = warehouse.refine()
    assert (result.counts["written"], result.counts["rejected"]) == (1, 1)
    rejected = QualityResult.objects.get(table="silver_factorderline", check_name="records rejected")
    assert (rejected.value, rejected.passed) == (1.0, False)


def test_a_failed_run_leaves_everything_as_it_was(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.put("hired_employees", HIRE)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE silver_facthire ADD CONSTRAINT never CHECK (hire_id < 0)")
    try:
        with pytest.raises(Exception, match="never"):
            warehouse.refine()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE silver_facthire DROP CONSTRAINT never")
    assert not DimDepartment.objects.filter(department_id=4).exists()
    assert Run.objects.get().state == Run.State.FAILED
    warehouse.refine()
    assert FactHire.objects.get().department.name == "Sales"


def test_only_one_run_at_a_time(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    outcome: list[BaseException] = []

    def other() -> None:
        try:
            warehouse.refine()
        except FeedBusy as error:
            outcome.append(error)
        finally:
            connection.close()

    with suppress(KeyError), unread():
        thread = Thread(target=other)
        thread.start()
        thread.join()
        raise KeyError  # this run comes to nothing
    assert len(outcome) == 1
    assert not Run.objects.exists()
    assert warehouse.refine() is not None


def test_the_task_refines_until_nothing_is_left(warehouse: Warehouse) -> None:
    from silver.tasks import refine  # noqa: PLC0415

    warehouse.put("departments", {"id": 4, "department": "Sales"})
    refine()
    assert DimDepartment.objects.filter(department_id=4).exists()
    assert Run.objects.count() == 1


def test_a_rebuild_repairs_and_keeps_surrogate_keys(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.put("hired_employees", HIRE, {**HIRE, "id": 2})
    warehouse.refine()
    keys = dict(FactHire.objects.values_list("hire_id", "pk"))
    FactHire.objects.filter(hire_id=1).update(employee_name="Nobody")
    FactHire.objects.create(hire_id=3, raw_record_id=10**9, employee_name="x", hired_at=datetime(2021, 1, 1, tzinfo=UTC),
        department_id_natural=1, job_id_natural=1)  # fmt: skip
    seen: list[tuple[int, int]] = []
    result = RebuildStar(refine=warehouse.refine)(lambda done, total: seen.append((done, total)))
    assert (result.counts["written"], result.counts["removed"]) == (1, 1)
    assert dict(FactHire.objects.values_list("hire_id", "pk")) == keys
    assert FactHire.objects.get(hire_id=1).employee_name == "Ada"
    assert seen == [(1, 3), (3, 3)]
    run = Run.objects.get(kind="rebuild")
    assert (run.state, run.inputs) == (Run.State.SUCCEEDED, {"layer": "silver"})


def test_a_rebuild_waits_for_the_run_that_is_at_work(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})

    def rebuild() -> None:
        RebuildStar(refine=warehouse.refine)()
        connection.close()

    thread = Thread(target=rebuild)
    with suppress(KeyError), unread():
        thread.start()
        wait_until(someone_waits_for_an_advisory_lock, "the rebuild waits")
        raise KeyError
    thread.join()
    assert DimDepartment.objects.filter(department_id=4).exists()


def someone_waits_for_an_advisory_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.rowcount > 0


def test_changes_that_every_stage_has_read_are_forgotten(warehouse: Warehouse) -> None:
    def read(stage: str) -> None:
        with transaction.atomic(), ChangeFeed(stage).window():
            pass

    forget = ForgetChanges()
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.refine()
    assert forget() == 0  # nobody has read anything yet
    read("gold")
    read("search")
    warehouse.put("departments", {"id": 5, "department": "Law"})
    warehouse.refine()
    read("gold")
    assert forget() == 1
    assert list(Change.objects.values_list("key", flat=True)) == ["5"]
    read("search")
    assert forget() == 1


def test_an_empty_table_is_filled_beside_and_takes_its_place_whole(warehouse: Warehouse) -> None:
    before = definition("silver_factorderline")
    warehouse.put(
        "order_lines", LINE, {**LINE, "line_number": "01", "quantity": 7}, {**LINE, "line_number": 2}
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('silver_factorderline_id_seq')")
        (used,) = cursor.fetchone()
    result = replace(warehouse.refine, fill_from=1)()
    lines = FactOrderLine.objects.order_by("line_number")
    assert list(lines.values_list("quantity", flat=True)) == [7, 2]
    assert min(lines.values_list("pk", flat=True)) > used
    assert definition("silver_factorderline") == before
    assert (result.counts["written"], warehouse.changes()) == (2, {("order_day", "2021-01-15")})
    warehouse.put("order_lines", {**LINE, "line_number": 3})
    warehouse.refine()
    assert lines.count() == 3


def definition(table: str) -> list[Any]:
    """Columns, constraints and indexes of a table, by name."""
    queries = (
        "SELECT attname, attnotnull, atttypid, attidentity FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass",
        "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = %s::regclass",
        "SELECT pg_get_serial_sequence(%s, 'id')",
    )
    with connection.cursor() as cursor:
        found: list[Any] = []
        for query in queries:
            cursor.execute(query, [table])
            found.append(sorted(cursor.fetchall()))
        return found


def test_a_table_that_others_have_a_view_on_is_not_replaced(warehouse: Warehouse) -> None:
    from silver.repositories.filling import is_fillable  # noqa: PLC0415  models need the configured Django
    from silver.repositories.tables import HIRES, ORDER_LINES  # noqa: PLC0415

    assert is_fillable(ORDER_LINES)
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIEW of_others AS SELECT * FROM silver_factorderline")
        cursor.execute("GRANT SELECT ON silver_facthire TO PUBLIC")
    try:
        assert not is_fillable(ORDER_LINES)
        assert not is_fillable(HIRES)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP VIEW of_others")
            cursor.execute("REVOKE SELECT ON silver_facthire FROM PUBLIC")


EMPLOYMENT = {
    "employment_id": "1",
    "user_id": "u1",
    "employer": "acme  corp",
    "job_title": "Cook",
    "start_date": "2021-01-01",
    "end_date": "2021-06-30",
    "salary": "1",
    "currency": "USD",
}


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


def test_a_broken_contract_is_named_and_nothing_is_written(warehouse: Warehouse) -> None:
    warehouse.put("departments", {"id": 4, "department": "Sales"})
    warehouse.put("users", USER, {**USER, "user_id": "u2", "country": "DEU"})
    with pytest.raises(ContractBroken, match="silver_dimuser: column country breaks str_length"):
        warehouse.refine()
    assert not DimDepartment.objects.filter(department_id=4).exists()
    run = Run.objects.get()
    assert (run.state, "in user_id=u2/version=1." in run.message) == (Run.State.FAILED, True)
    warehouse.put("users", {**USER, "user_id": "u2"})
    warehouse.refine()
    assert DimUser.objects.filter(user_id="u2").exists()
