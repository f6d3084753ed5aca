"""What all marts hold, and a company to fill them with."""

import datetime as dt
from typing import Any

from django.apps import apps

from gold.models import TableState
from gold.services import RefreshMarts
from tests.integration.gold.warehouse import NOON, Warehouse

TABLES = [
    table
    for table in apps.get_app_config("gold").get_models()
    if table._meta.managed and table is not TableState
]
"""All but the views."""


MAY_1, JUNE_1 = dt.date(2024, 5, 1), dt.date(2024, 6, 1)


def content() -> dict[str, list[Any]]:
    """All mart rows without their ids."""
    return {
        table.__name__: sorted(
            table._default_manager.values_list(*[f.name for f in table._meta.fields if f.name != "id"]),
            key=repr,
        )
        for table in TABLES
    }


def check_against_full(refresh: RefreshMarts) -> dict[str, list[Any]]:
    incremental = content()
    refresh.feed.rewind()
    refresh()
    assert content() == incremental
    return incremental


def fill(warehouse: Warehouse) -> Warehouse:
    warehouse.department(1, "Sales")
    warehouse.department(2, "Legal")
    warehouse.job(1, "Clerk")
    for _ in range(3):
        warehouse.hire(dt.datetime(2021, 2, 1, tzinfo=dt.UTC), 1, 1)
    warehouse.hire(dt.datetime(2021, 12, 31, 23, 59, tzinfo=dt.UTC), 2, 1)
    warehouse.hire(dt.datetime(2020, 7, 1, tzinfo=dt.UTC), 9, 1)
    warehouse.user("u1", "Berlin", "Bank A")
    warehouse.user("u2", "berlin")
    warehouse.employment("u1", "Acme", "100.10")
    warehouse.employment("u1", "Beta", "50.00", end_date=dt.date(2024, 6, 15))
    warehouse.employment("u2", "Acme", None)
    warehouse.order_line("o1", "u1", MAY_1, "10.50")
    warehouse.order_line("o1", "u1", MAY_1, "-0.50")
    warehouse.order_line("o2", "u2", JUNE_1, "99.00", "cancelled")
    warehouse.event("u1", "login", NOON)
    warehouse.event("u1", "page_view", NOON)
    return warehouse
