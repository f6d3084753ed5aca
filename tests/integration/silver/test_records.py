"""Facts and other rows follow their records: what comes, goes, moves or is claimed twice."""

from decimal import Decimal

import pytest

from governance.models import QualityResult, Run
from silver.models import (
    DimUser,
    FactHire,
    FactOrderLine,
)
from tests.integration.silver.rows import HIRE, LINE, USER, rate
from tests.integration.silver.warehouse import Warehouse


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
    assert warehouse.changes() == {("hire_year", "2021"), ("hire_day", "2021-07-27")}
    warehouse.status("hired_employees", "1", "valid")
    warehouse.refine()
    assert FactHire.objects.count() == 1


def test_a_fact_that_moves_to_another_group_concerns_both(warehouse: Warehouse) -> None:
    warehouse.put("hired_employees", HIRE)
    warehouse.refine()
    warehouse.changes()
    warehouse.patch("hired_employees", "1", datetime="2022-01-01")
    warehouse.refine()
    assert warehouse.changes() == {
        ("hire_year", "2021"),
        ("hire_day", "2021-07-27"),
        ("hire_year", "2022"),
        ("hire_day", "2022-01-01"),
    }


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


def test_a_record_that_is_no_row_is_counted_and_stops_nobody(warehouse: Warehouse) -> None:
    warehouse.put("order_lines", LINE, {**LINE, "line_number": 2, "quantity": 2**62})
    result = warehouse.refine()
    assert (result.counts["written"], result.counts["rejected"]) == (1, 1)
    rejected = QualityResult.objects.get(table="silver_factorderline", check_name="records rejected")
    assert (rejected.value, rejected.passed) == (1.0, False)
