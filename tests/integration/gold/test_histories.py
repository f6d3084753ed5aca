"""Whatever happens in silver, in whatever order: the increments come to the same marts as a full run."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gold.services import RefreshMarts
from silver.models import DimDepartment, DimUser, FactEmployment, FactEvent, FactHire, FactOrderLine
from tests.integration.gold.warehouse import Clock, Warehouse

pytestmark = pytest.mark.django_db(transaction=True)  # a change feed sees what is committed

USERS = st.sampled_from(["u1", "u2", "u3"])
DAYS = st.dates(dt.date(2024, 4, 28), dt.date(2024, 7, 3))
AMOUNTS = st.sampled_from([None, "10.00", "-2.50", "0.00"])
Step = Callable[[Warehouse, Clock], None]


def moves(user: str, city: str, bank: str | None) -> Step:
    return lambda warehouse, _: warehouse.user(user, city, bank)


def leaves(user: str) -> Step:
    def step(warehouse: Warehouse, _: Clock) -> None:
        DimUser.objects.filter(user_id=user).update(is_active=False)
        warehouse.announce("user", user)

    return step


def works(user: str, employer: str, salary: str | None, start: dt.date, end: dt.date | None) -> Step:
    return lambda warehouse, _: _discard(
        warehouse.employment(user, employer, salary, start_date=start, end_date=end)
    )


def hires(day: dt.date, department: int) -> Step:
    at = dt.datetime.combine(day.replace(year=2020 + day.day % 3), dt.time(1), dt.UTC)
    return lambda warehouse, _: _discard(warehouse.hire(at, department, 1))


def names(department: int, name: str) -> Step:
    """The department comes or gets another name; its hires are bound to it."""

    def step(warehouse: Warehouse, _: Clock) -> None:
        warehouse.department(department, name)
        key = DimDepartment.objects.get(department_id=department).key
        FactHire.objects.filter(department_id_natural=department).update(department_id=key)

    return step


def orders(order: str, user: str, day: dt.date, amount: str | None, status: str) -> Step:
    return lambda warehouse, _: _discard(warehouse.order_line(order, user, day, amount, status))


def acts(user: str, kind: str, day: dt.date) -> Step:
    at = dt.datetime.combine(day, dt.time(23, 59, 59, 1), dt.UTC)
    return lambda warehouse, _: _discard(warehouse.event(user, kind, at))


def retracts(model: Any, entity: str, key: Callable[[Any], Any]) -> Step:
    """The first fact is gone."""

    def step(warehouse: Warehouse, _: Clock) -> None:
        for row in model.objects.order_by("id")[:1]:
            warehouse.announce(entity, key(row))
            row.delete()

    return step


def waits(days: int) -> Step:
    def step(_: Warehouse, clock: Clock) -> None:
        clock.now += dt.timedelta(days=days)

    return step


def _discard(_: object) -> None:
    """Steps answer with nothing."""


RETRACTIONS = st.sampled_from(
    [
        retracts(FactHire, "hire_year", lambda row: row.hired_at.year),
        retracts(FactEmployment, "employment_user", lambda row: row.user_id_natural),
        retracts(FactOrderLine, "order_day", lambda row: row.ordered_at.date()),
        retracts(FactEvent, "event_day", lambda row: row.occurred_at.date()),
    ]
)
STEPS = st.one_of(
    st.builds(moves, USERS, st.sampled_from(["Ulm", "Bonn"]), st.sampled_from([None, "A", "B"])),
    st.builds(leaves, USERS),
    st.builds(works, USERS, st.sampled_from(["Acme", "Beta"]), AMOUNTS, DAYS, st.none() | DAYS),
    st.builds(hires, DAYS, st.integers(1, 3)),
    st.builds(names, st.integers(1, 3), st.sampled_from(["Sales", "Legal"])),
    st.builds(orders, st.sampled_from("ab"), USERS, DAYS, AMOUNTS, st.sampled_from(["paid", "cancelled"])),
    st.builds(acts, USERS, st.sampled_from(["login", "view"]), DAYS),
    RETRACTIONS,
    st.builds(waits, st.integers(1, 20)),
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(STEPS, min_size=1, max_size=5), min_size=1, max_size=3))
def test_increments_equal_a_full_run(
    batches: list[list[Step]], warehouse: Warehouse, refresh: RefreshMarts, clock: Clock
) -> None:
    """The warehouse goes on from example to example, which makes the histories longer, not weaker."""
    for batch in batches:
        with transaction.atomic():
            for step in batch:
                step(warehouse, clock)
        refresh()
    refresh.feed.rewind()
    assert refresh().rows == {}
