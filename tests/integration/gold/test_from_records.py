"""From raw records to marts: silver announces what gold needs to know."""

from decimal import Decimal
from typing import Any

import pytest

from gold.models import (
    CityPayroll,
    DailyRevenue,
    DepartmentHires,
    HiresByQuarter,
    LoginsByUser,
    TopSpender,
    UsersByBank,
)
from gold.services import RefreshMarts
from tests.integration.silver.warehouse import Warehouse

pytestmark = pytest.mark.django_db(transaction=True)  # a change feed sees what is committed


def user(number: str, city: str) -> dict[str, Any]:
    return {
        "user_id": number,
        "full_name": "Ada Lovelace",
        "email": "ada@example.org",
        "city": city,
        "postal_code": "10115",
        "country": "DE",
        "created_at": "2020-01-01T00:00:00Z",
    }


def employment(number: str, user_id: str, salary: str, currency: str = "USD") -> dict[str, Any]:
    return {
        "employment_id": number,
        "user_id": user_id,
        "employer": "Acme",
        "job_title": "Clerk",
        "start_date": "2021-01-01",
        "salary": salary,
        "currency": currency,
    }


def order_line(number: str, user_id: str, price: str, status: str = "paid") -> dict[str, Any]:
    return {
        "order_id": number,
        "line_number": "1",
        "user_id": user_id,
        "ordered_at": "2021-05-01T23:30:00Z",
        "status": status,
        "currency": "USD",
        "sku": "S",
        "quantity": "2",
        "unit_price": price,
    }


def hire(number: str, department: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": "Ada",
        "datetime": "2021-02-01T00:00:00Z",
        "department_id": department,
        "job_id": "1",
    }


@pytest.fixture
def lake(db: None) -> Warehouse:
    return Warehouse()


def test_marts_follow_the_records(lake: Warehouse, refresh: RefreshMarts) -> None:
    lake.put("users", user("u1", "Berlin"), user("u2", "Ulm"))
    lake.put("employment_info", employment("e1", "u1", "100.50"), employment("e2", "u1", "10.00", "EUR"))
    lake.put("user_bank_info", {"user_id": "u1", "bank_name": "Bank A"})
    lake.put("jobs", {"id": "1", "job": "Clerk"})
    lake.put("hired_employees", hire("1", "7"), hire("2", "7"))
    lake.put("order_lines", order_line("o1", "u1", "5.00"), order_line("o2", "u2", "7.00", "cancelled"))
    lake.put(
        "events",
        {"event_id": "1", "user_id": "u1", "event_type": "login", "occurred_at": "2021-05-01T10:00:00Z"},
    )
    settle(lake, refresh)
    assert payroll() == [("Berlin", 1, Decimal("100.50"), 1), ("Ulm", 1, Decimal("0.00"), 0)]
    assert HiresByQuarter.objects.values_list("department", "q1").get() == ("Unknown", 2)
    assert DailyRevenue.objects.values_list("order_count", "revenue").get() == (1, Decimal("10.00"))
    assert LoginsByUser.objects.values_list("user_id", "login_count").get() == ("u1", 1)

    lake.put("departments", {"id": "7", "department": "Research"})  # late
    lake.put("exchange_rates", {"date": "2021-01-01", "currency": "EUR", "rate": "2"})  # late
    lake.put("user_bank_info", {"user_id": "u1", "bank_name": "Bank B"})
    lake.patch("users", "u2", city="Bonn")
    lake.patch("order_lines", "o2:1", status="paid")
    settle(lake, refresh)
    assert payroll() == [("Berlin", 1, Decimal("120.50"), 0), ("Bonn", 1, Decimal("0.00"), 0)]
    assert DepartmentHires.objects.values_list("department_id", "department", "hired").get() == (
        7,
        "Research",
        2,
    )
    assert list(UsersByBank.objects.values_list("bank", "user_count")) == [("Bank B", 1)]
    assert list(TopSpender.objects.values_list("user_id", "revenue")) == [
        ("u2", Decimal("14.00")),
        ("u1", Decimal("10.00")),
    ]

    lake.status("users", "u1", "deleted")
    lake.status("hired_employees", "1", "quarantined")
    lake.status("order_lines", "o1:1", "deleted")
    lake.status("events", "1", "quarantined")
    settle(lake, refresh)
    assert payroll() == [("Bonn", 1, Decimal("0.00"), 0)]
    assert HiresByQuarter.objects.get().q1 == 1
    assert TopSpender.objects.get().user_id == "u2"
    assert not LoginsByUser.objects.exists()
    assert not UsersByBank.objects.exists()


def payroll() -> list[tuple[Any, ...]]:
    return list(CityPayroll.objects.values_list("city", "user_count", "total_salary", "unconverted"))


def settle(lake: Warehouse, refresh: RefreshMarts) -> None:
    """Run silver and gold, and see that a full run of gold would change nothing."""
    lake.refine()
    refresh()
    refresh.feed.rewind()
    assert refresh().rows == {}
