"""Marts follow silver: at a cost that follows the change, and to the same result as a full run."""

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gold.models import (
    CityPayroll,
    DailyRevenue,
    EventsByType,
    HiresByQuarter,
    UserProfile,
    UsersByEmployer,
)
from gold.services import RefreshMarts
from governance.feed import ChangeFeed
from governance.models import Run
from silver.models import DimDepartment, DimUser, FactEmployment, FactHire, FactOrderLine
from tests.integration.gold.content import JUNE_1, MAY_1, check_against_full, content
from tests.integration.gold.warehouse import NOON, Bus, Clock, Warehouse

pytestmark = pytest.mark.django_db(transaction=True)  # a change feed sees what is committed


def test_first_run_computes_everything(company: Warehouse, refresh: RefreshMarts, bus: Bus) -> None:
    refreshed = refresh()
    assert refreshed.total > 0
    assert bus.published == ["gold.changed"]
    marts = content()
    assert marts["HiresByQuarter"] == [
        (2020, "Unknown", "Clerk", 0, 0, 1, 0),
        (2021, "Legal", "Clerk", 0, 0, 0, 1),
        (2021, "Sales", "Clerk", 3, 0, 0, 0),
    ]
    assert marts["DepartmentHires"] == [
        (2021, 1, "Sales", 3, 2.0, 2.0, True, True),
        (2021, 2, "Legal", 1, 2.0, 2.0, False, False),
    ]
    assert marts["CityPayroll"] == [("Berlin", 1, Decimal("150.10"), 0), ("berlin", 1, Decimal("0.00"), 1)]
    assert marts["UsersByBank"] == [("Bank A", 1)]
    assert marts["UsersByEmployer"] == [("Acme", 2), ("Beta", 1)]
    assert marts["DailyRevenue"] == [(MAY_1, 1, Decimal("10.00"), 0)]
    assert marts["RevenueByStatus"] == [
        (MAY_1, "paid", 1, Decimal("10.00"), Decimal("10.00"), 0),
        (JUNE_1, "cancelled", 1, Decimal("99.00"), Decimal("0.00"), 0),
    ]
    assert marts["TopSpender"] == [("u1", 1, Decimal("10.00"))]
    assert marts["EventsByType"] == [(NOON.date(), "login", 1), (NOON.date(), "page_view", 1)]
    assert marts["LoginsByUser"] == [("u1", 1, NOON)]


def test_nothing_new_records_no_run(company: Warehouse, refresh: RefreshMarts) -> None:
    refresh()
    runs = Run.objects.count()
    assert refresh().rows == {}
    assert Run.objects.count() == runs == 1


def test_rewinding_the_feed_changes_nothing(company: Warehouse, refresh: RefreshMarts) -> None:
    refresh()
    refresh.feed.rewind()
    assert refresh().rows == {}


def test_changes_touch_only_their_groups_and_equal_a_full_run(
    company: Warehouse, refresh: RefreshMarts
) -> None:
    refresh()
    untouched = HiresByQuarter.objects.get(year=2020).pk
    company.hire(dt.datetime(2021, 3, 1, tzinfo=dt.UTC), 2, 1)
    company.user("u1", "Ulm", "Bank B")
    company.order_line("o3", "u3", MAY_1, "5.00")
    company.event("u3", "login", NOON)
    rows = refresh().rows
    assert rows["gold_hiresbyquarter"] == 1
    assert rows["gold_citypayroll"] == 2
    marts = check_against_full(refresh)
    assert [row[0] for row in marts["CityPayroll"]] == ["Ulm", "berlin"]
    assert marts["UsersByBank"] == [("Bank B", 1)]
    assert HiresByQuarter.objects.get(year=2020).pk == untouched


def test_retracted_facts_leave_no_trace(company: Warehouse, refresh: RefreshMarts) -> None:
    refresh()
    with transaction.atomic():
        FactOrderLine.objects.filter(user_id_natural="u1").delete()
        company.announce("order_day", MAY_1)
        FactHire.objects.filter(hired_at__year=2020).delete()
        company.announce("hire_year", 2020)
        FactEmployment.objects.filter(user_id_natural="u1").delete()
        company.announce("employment_user", "u1")
        DimUser.objects.filter(user_id="u2").update(is_active=False)
        company.announce("user", "u2")
    refresh()
    marts = check_against_full(refresh)
    assert marts["TopSpender"] == marts["DailyRevenue"] == marts["UsersByEmployer"] == []
    assert {row[0] for row in marts["HiresByQuarter"]} == {2021}
    assert marts["CityPayroll"] == [("Berlin", 1, Decimal("0.00"), 0)]


def test_a_late_department_names_its_hires(company: Warehouse, refresh: RefreshMarts) -> None:
    refresh()
    company.department(9, "Research")
    late = FactHire.objects.get(department_id_natural=9)
    late.department_id = company.department_key(9)
    late.save()
    refresh()
    marts = check_against_full(refresh)
    assert (2020, "Research", "Clerk", 0, 0, 1, 0) in marts["HiresByQuarter"]
    assert (2020, 9, "Research", 1, 1.0, 1 / 3, False, True) in marts["DepartmentHires"]
    assert (2020, 1, "Sales", 0, 1.0, 1 / 3, False, False) in marts["DepartmentHires"]
    assert (2021, 9, "Research", 0, 2.0, 4 / 3, False, False) in marts["DepartmentHires"]


def test_a_department_that_is_gone_is_not_known(company: Warehouse, refresh: RefreshMarts) -> None:
    refresh()
    DimDepartment.objects.filter(department_id=1).update(is_active=False)
    company.announce("department", 1)
    refresh()
    marts = check_against_full(refresh)
    assert (2021, "Unknown", "Clerk", 3, 0, 0, 0) in marts["HiresByQuarter"]
    assert marts["DepartmentHires"] == [(2021, 2, "Legal", 1, 1.0, 1.0, False, False)]


def test_an_employment_is_over_on_the_day_after_its_last(
    company: Warehouse, refresh: RefreshMarts, clock: Clock
) -> None:
    refresh()
    clock.now += dt.timedelta(days=1)
    assert refresh().rows["gold_citypayroll"] == 1
    assert CityPayroll.objects.get(city="Berlin").total_salary == Decimal("100.10")
    assert not UsersByEmployer.objects.filter(employer="Beta").exists()
    assert refresh().rows == {}


def test_days_outside_of_the_calendar_are_found(company: Warehouse, refresh: RefreshMarts) -> None:
    line = company.order_line("o9", "u1", dt.date(1969, 7, 20), "7.00")
    FactOrderLine.objects.filter(pk=line.pk).update(date_id=0)
    refresh()
    assert DailyRevenue.objects.get(day=dt.date(1969, 7, 20)).revenue == 7
    check_against_full(refresh)


def test_a_busy_feed_is_left_to_its_runner(company: Warehouse, refresh: RefreshMarts) -> None:
    entered, leave = threading.Event(), threading.Event()
    other = threading.Thread(target=hold_feed, args=(entered, leave))
    other.start()
    try:
        assert entered.wait(10)
        assert refresh().rows == {}
        assert not Run.objects.exists()
    finally:
        leave.set()
        other.join()
    assert refresh().rows


def hold_feed(entered: threading.Event, leave: threading.Event) -> None:
    """Hold the feed as a running refresh does, on a connection of its own."""
    try:
        with transaction.atomic():
            with ChangeFeed("gold").window():
                entered.set()
                leave.wait(10)
            transaction.set_rollback(True)
    finally:
        connection.close()


def test_a_failing_run_changes_nothing_and_is_remembered(
    company: Warehouse, refresh: RefreshMarts, bus: Bus
) -> None:
    before = content()
    FactOrderLine.objects.update(amount_reporting=None)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE gold_loginsbyuser ADD CONSTRAINT no_logins CHECK (login_count = 0)")
    try:
        with pytest.raises(Exception, match="no_logins"):
            refresh()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gold_loginsbyuser DROP CONSTRAINT no_logins")
    assert content() == before
    assert bus.published == []
    assert Run.objects.get().state == Run.State.FAILED
    assert refresh().total > 0


@pytest.fixture
def new_york(settings: Any) -> Iterator[None]:
    """Pages in another time zone; a thread keeps the one it knows until it is told."""
    timezone.get_default_timezone.cache_clear()
    settings.TIME_ZONE = "America/New_York"
    yield
    timezone.get_default_timezone.cache_clear()


@pytest.mark.usefixtures("new_york")
def test_years_and_months_are_those_of_utc_whatever_the_zone_of_the_pages(
    warehouse: Warehouse, refresh: RefreshMarts
) -> None:
    """Two in the morning of the first day in UTC is the evening of the month before in New York."""
    line = warehouse.order_line("o1", "u1", dt.date(2021, 2, 1), "5.00")
    FactOrderLine.objects.filter(pk=line.pk).update(ordered_at=dt.datetime(2021, 2, 1, 2, tzinfo=dt.UTC))
    warehouse.event("u1", "login", dt.datetime(2021, 3, 1, 2, tzinfo=dt.UTC))
    warehouse.department(1, "Sales")
    warehouse.job(1, "Clerk")
    warehouse.hire(dt.datetime(2021, 1, 1, 2, tzinfo=dt.UTC), 1, 1)
    refresh()
    assert DailyRevenue.objects.get().day == dt.date(2021, 2, 1)
    assert EventsByType.objects.get().day == dt.date(2021, 3, 1)
    warehouse.department(1, "Support")
    refresh()
    assert HiresByQuarter.objects.get().department == "Support"


def test_sums_may_be_larger_than_what_is_summed(warehouse: Warehouse, refresh: RefreshMarts) -> None:
    """A salary may have 18 digits; a hundred of them have 20."""
    warehouse.user("u1", "Berlin")
    for _ in range(101):
        warehouse.employment("u1", "Acme", "9999999999999999.99")
    refresh()
    assert CityPayroll.objects.get().total_salary == Decimal("1009999999999999998.99")
    assert UserProfile.objects.get().salary == Decimal("1009999999999999998.99")
    warehouse.user("u2", "Berlin")
    refresh()
    assert CityPayroll.objects.get().total_salary == Decimal("1009999999999999998.99")
