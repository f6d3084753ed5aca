"""Views and files follow the marts."""

import datetime as dt
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import OperationalError, connection

from gold.models import DepartmentHeadcount, MonthlyFunnel, MonthlyRevenue
from gold.services import RefreshMarts, RefreshViews, WriteFiles
from tests.integration.gold.warehouse import Clock, Warehouse

pytestmark = pytest.mark.django_db(transaction=True)  # a change feed sees what is committed

MAY = dt.date(2024, 5, 1)


@pytest.fixture
def company(warehouse: Warehouse, refresh: RefreshMarts) -> Warehouse:
    warehouse.department(1, "Sales")
    warehouse.job(1, "Clerk")
    warehouse.hire(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), 1, 1)
    warehouse.hire(dt.datetime(2021, 1, 1, tzinfo=dt.UTC), 1, 1)
    warehouse.user("u1", "Berlin")
    warehouse.employment("u1", "Acme", "10.00")
    warehouse.order_line("o1", "u1", MAY, "20.00")
    warehouse.order_line("o2", "u1", MAY.replace(day=31), "1.50")
    refresh()
    return warehouse


def test_views_are_refreshed_once_after_a_change(
    company: Warehouse, refresh: RefreshMarts, refresh_views: RefreshViews, clock: Clock
) -> None:
    assert refresh_views() == ["gold_monthly_revenue", "gold_department_headcount", "gold_monthly_funnel"]
    assert MonthlyRevenue.objects.values_list("month", "order_count", "revenue").get() == (
        MAY,
        2,
        Decimal("21.50"),
    )
    assert DepartmentHeadcount.objects.values_list("department", "headcount").get() == ("Sales", 2)
    assert refresh_views() == []
    company.order_line("o2", "u1", MAY, "1.00")
    clock.now += dt.timedelta(seconds=1)
    refresh()
    assert refresh_views() == ["gold_monthly_revenue"]
    assert MonthlyRevenue.objects.values_list("order_count", "revenue").get() == (2, Decimal("22.50"))


def test_an_order_counts_once_in_each_month_of_the_view(
    company: Warehouse, refresh: RefreshMarts, refresh_views: RefreshViews
) -> None:
    for day in (MAY, MAY.replace(day=31), dt.date(2024, 7, 1)):
        company.order_line("o3", "u1", day, "1.00")
    refresh()
    refresh_views()
    assert list(MonthlyRevenue.objects.values_list("month", "order_count", "revenue")) == [
        (MAY, 3, Decimal("23.50")),
        (dt.date(2024, 6, 1), 0, Decimal("0.00")),
        (dt.date(2024, 7, 1), 1, Decimal("1.00")),
    ]


def test_a_department_that_never_hired_is_in_the_headcount(
    company: Warehouse, refresh: RefreshMarts, refresh_views: RefreshViews
) -> None:
    company.department(2, "Idle")
    refresh()
    refresh_views()
    assert list(DepartmentHeadcount.objects.values_list("department", "headcount")) == [
        ("Idle", 0),
        ("Sales", 2),
    ]


def test_the_funnel_of_a_month_sums_its_visits(
    company: Warehouse, refresh: RefreshMarts, refresh_views: RefreshViews
) -> None:
    for day in (1, 2, 3):
        company.event("u1", "login", dt.datetime(2024, 5, day, tzinfo=dt.UTC))
    company.event("u1", "product_view", dt.datetime(2024, 5, 3, tzinfo=dt.UTC))
    refresh()
    refresh_views()
    assert list(MonthlyFunnel.objects.values_list("month", "name", "visit_count", "share"))[:3] == [
        (MAY, "visit", 3, Decimal(1)),
        (MAY, "product_view", 1, Decimal("0.3333")),
        (MAY, "add_to_cart", 0, Decimal(0)),
    ]


def test_views_are_read_while_they_are_refreshed(
    company: Warehouse, refresh: RefreshMarts, refresh_views: RefreshViews, clock: Clock
) -> None:
    """Readers never wait for a refresh and never see half of one: one day after the other holds a thousand orders more."""
    refresh_views()
    stop, seen, errors = threading.Event(), [], []
    readers = [threading.Thread(target=read_until, args=(stop, seen, errors)) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for round_ in range(5):
            company.order_line(f"more {round_}", "u1", MAY, "100.00")
            clock.now += dt.timedelta(seconds=1)
            refresh()
            assert "gold_monthly_revenue" in refresh_views()
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert {revenue for _, revenue in seen} <= {Decimal("21.50") + 100 * n for n in range(6)}
    assert {count for count, _ in seen} <= set(range(2, 8))
    assert len(seen) > 15


def read_until(stop: threading.Event, seen: list[tuple[int, Decimal]], errors: list[Exception]) -> None:
    """Read the view over and over on a connection of its own, which gives up on a lock after a tenth of a second."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        while not stop.is_set():
            seen.extend(MonthlyRevenue.objects.values_list("order_count", "revenue"))
    except OperationalError as error:
        errors.append(error)
    finally:
        connection.close()


def test_files_have_the_documented_columns(company: Warehouse, write_files: WriteFiles) -> None:
    written = {path.name: path.read_text().splitlines() for path in write_files()}
    assert written["city_payroll.csv"] == ["city,user_count,total_salary", "Berlin,1,10.00"]
    assert written["hires_by_quarter.csv"] == [
        "year,department,job,q1,q2,q3,q4",
        "2020,Sales,Clerk,1,0,0,0",
        "2021,Sales,Clerk,1,0,0,0",
    ]
    assert written["users_by_bank.csv"] == ["bank,user_count"]
    assert written["top_spenders.csv"][0] == "user_id,order_count,revenue"


def test_only_files_that_are_old_or_lost_are_written(
    company: Warehouse, refresh: RefreshMarts, write_files: WriteFiles, clock: Clock
) -> None:
    first = write_files()
    assert write_files() == []
    lost: Path = next(path for path in first if path.name == "daily_revenue.csv")
    lost.unlink()
    assert write_files() == [lost]
    company.user("u2", "Ulm")
    clock.now += dt.timedelta(seconds=1)
    refresh()
    assert sorted(path.name for path in write_files()) == [
        "city_payroll.csv",
        "customer_360.csv",
        "users_by_postal_code.csv",
    ]
    assert not [path for path in lost.parent.iterdir() if path.name.startswith(".")]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(
    company: Warehouse, write_files: WriteFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(*_: object) -> Iterator[bytes]:
        yield b"half a file"
        raise OSError("the disk is full")

    monkeypatch.setattr("gold.services.publish.encoded", torn)
    with pytest.raises(OSError, match="full"):
        write_files()
    assert list(write_files.folder.iterdir()) == []
