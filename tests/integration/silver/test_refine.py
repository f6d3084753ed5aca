"""Runs of the refinement: one at a time, whole or not at all, repeatable, and equal to a rebuild."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from bronze.models import RawRecord
from governance.feed import ChangeFeed, FeedBusy
from governance.models import Run
from silver.errors import ContractBroken
from silver.models import (
    Change,
    DimDepartment,
    DimUser,
    FactHire,
    FactOrderLine,
)
from silver.repositories.unit import unread
from silver.services import ForgetChanges, RebuildStar
from tests.integration.silver.rows import HIRE, LINE, USER
from tests.integration.silver.warehouse import Warehouse
from tests.processes import wait_until


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
