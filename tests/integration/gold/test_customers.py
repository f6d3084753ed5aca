"""Customers, their orders and cohorts follow silver, too, and agree with the other marts."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import models

from gold.models import (
    CohortRetention,
    Customer360,
    DailyRevenue,
    MonthlyOrders,
    TopSpender,
)
from gold.services import RefreshMarts
from silver.models import DimJob, FactEmployment, FactOrderLine
from tests.integration.gold.content import JUNE_1, MAY_1, check_against_full
from tests.integration.gold.warehouse import NOON, Clock, Warehouse

pytestmark = pytest.mark.django_db(transaction=True)  # a change feed sees what is committed


def counted_orders() -> dict[str, int]:
    return dict(TopSpender.objects.values_list("user_id", "order_count"))


def test_an_order_of_several_days_and_months_counts_once(warehouse: Warehouse, refresh: RefreshMarts) -> None:
    may_2 = MAY_1.replace(day=2)
    for day in (MAY_1, may_2, JUNE_1):
        warehouse.order_line("o1", "u1", day, "5.00")
    warehouse.order_line("o2", "u1", may_2, "5.00")
    warehouse.order_line("o1", "u2", may_2, "5.00")
    refresh()
    paid = FactOrderLine.objects.order_by().values("user_id_natural")
    expected = paid.annotate(orders=models.Count("order_id", distinct=True))
    assert counted_orders() == dict(expected.values_list("user_id_natural", "orders")) == {"u1": 2, "u2": 1}
    assert dict(MonthlyOrders.objects.values_list("month", "order_count")) == {MAY_1: 2, JUNE_1: 1}
    warehouse.order_line("o1", "u1", JUNE_1.replace(day=2), "5.00")
    refresh()
    assert counted_orders() == {"u1": 2, "u2": 1}
    check_against_full(refresh)


def test_another_order_of_the_same_day_and_amount_is_noticed(
    warehouse: Warehouse, refresh: RefreshMarts
) -> None:
    """Neither the number of orders nor the revenue of either day changes, but the user has one order more."""
    warehouse.order_line("o1", "u1", MAY_1, "5.00")
    line = warehouse.order_line("o1", "u1", JUNE_1, "5.00")
    refresh()
    assert counted_orders() == {"u1": 1}
    FactOrderLine.objects.filter(pk=line.pk).update(order_id="o2")
    warehouse.announce("order_day", JUNE_1)
    refresh()
    assert counted_orders() == {"u1": 2}
    check_against_full(refresh)


def customer(user_id: str) -> Customer360:
    return Customer360.objects.get(user_id=user_id)


def test_a_customer_is_what_all_the_others_say(
    company: Warehouse, refresh: RefreshMarts, clock: Clock
) -> None:
    company.job(7, "Analyst")
    held = company.employment("u2", "Gamma", "5.00", start_date=dt.date(2023, 1, 1))
    FactEmployment.objects.filter(pk=held.pk).update(job_id=DimJob.objects.get(job_id=7).key)
    document = company.document("a" * 64, "u1")
    refresh()
    one, two = customer("u1"), customer("u2")
    assert (one.is_known, one.city, one.employer, one.salary) == (True, "Berlin", "Beta", Decimal("150.10"))
    assert (one.order_count, one.revenue, one.returned) == (1, Decimal("10.00"), Decimal("0.50"))
    assert (one.first_order_on, one.last_order_on, one.return_rate) == (MAY_1, MAY_1, Decimal("0.0476"))
    assert (one.event_count, one.login_count, one.last_login_at, one.document_count) == (2, 1, NOON, 1)
    assert (two.order_count, two.first_order_on, two.last_event_at, two.job) == (0, None, None, "Analyst")

    clock.now += dt.timedelta(days=1)  # the second employment of u1 is over
    company.job(7, "Senior analyst")
    document.user_id = "u2"
    document.save()
    company.order_line("o7", "stranger", JUNE_1, "3.00")
    refresh()
    check_against_full(refresh)
    assert (customer("u1").employer, customer("u1").document_count) == ("Acme", 0)
    assert (customer("u2").job, customer("u2").document_count) == ("Senior analyst", 1)
    assert (customer("stranger").is_known, customer("stranger").revenue) == (False, Decimal("3.00"))

    document.is_deleted = True
    document.save()
    FactOrderLine.objects.filter(user_id_natural="stranger").delete()
    company.announce("order_day", JUNE_1)
    refresh()
    check_against_full(refresh)
    assert customer("u2").document_count == 0
    assert not Customer360.objects.filter(user_id="stranger").exists()


def test_documents_alone_are_news(company: Warehouse, refresh: RefreshMarts) -> None:
    refresh()
    company.document("b" * 64, "u1")
    assert refresh().rows == {"gold_owneddocument": 1, "gold_customer360": 1}
    assert refresh().rows == {}


def test_another_last_month_makes_all_cohorts_longer(
    company: Warehouse, refresh: RefreshMarts, clock: Clock
) -> None:
    refresh()
    assert cells() == [(MAY_1, 0, 1)]
    company.order_line("o8", "u2", JUNE_1, "5.00")
    refresh()
    check_against_full(refresh)
    assert cells() == [(MAY_1, 0, 1), (MAY_1, 1, 0), (JUNE_1, 0, 1)]
    company.order_line("o9", "u1", dt.date(2999, 1, 1), "5.00")  # a date that nobody has reached
    refresh()
    check_against_full(refresh)
    assert cells() == [(MAY_1, 0, 1), (MAY_1, 1, 0), (JUNE_1, 0, 1)]
    FactOrderLine.objects.filter(order_id="o8").delete()
    company.announce("order_day", JUNE_1)
    refresh()
    check_against_full(refresh)


def cells() -> list[tuple[Any, ...]]:
    return list(CohortRetention.objects.values_list("cohort", "months_since", "user_count"))


def test_customers_add_up_to_the_revenue_of_all_days(company: Warehouse, refresh: RefreshMarts) -> None:
    company.order_line("o5", "nobody knows", JUNE_1, "0.01")
    refresh()
    spent = Customer360.objects.aggregate(sum=models.Sum("revenue"))["sum"]
    assert spent == DailyRevenue.objects.aggregate(sum=models.Sum("revenue"))["sum"] == Decimal("10.01")
