"""The marts in the admin: to look at, not to edit."""

import datetime as dt

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gold.admin import SHOWN
from gold.models import TopSpender
from gold.registry import VIEWS
from gold.services import RefreshMarts
from lakehouse_project.kernel.admin import EstimatedPaginator
from tests.integration.gold.warehouse import NOON, Warehouse


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize("model", SHOWN, ids=lambda model: model.__name__)
def test_each_list_opens_and_offers_no_edit(
    model: type[models.Model], warehouse: Warehouse, client: Client
) -> None:
    name = f"admin:gold_{model._meta.model_name}"
    response = client.get(reverse(f"{name}_changelist"), {"q": "x"})
    assert response.status_code == 200
    assert model in admin.site._registry
    assert client.get(reverse(f"{name}_add")).status_code == 403


@pytest.mark.parametrize("table", ["customer360", "userprofile"])
def test_what_somebody_earns_is_for_those_who_may_see_it(
    table: str, warehouse: Warehouse, refresh: RefreshMarts, client: Client
) -> None:
    warehouse.user("u1", "Berlin")
    warehouse.employment("u1", "Acme", "98765.43")
    refresh.everything()
    pages = [
        f"/admin/gold/{table}/",
        f"/admin/gold/{table}/{apps.get_model('gold', table).objects.get().pk}/change/",
    ]
    assert all("98765.43" in client.get(page).content.decode() for page in pages)
    staff = User.objects.create_user("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename=f"view_{table}"))
    client.force_login(staff)
    for page in pages:
        shown = client.get(page).content.decode()
        assert "Acme" in shown or "Berlin" in shown
        assert "98765" not in shown


def test_large_lists_are_not_counted(
    warehouse: Warehouse, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of rows is the planner's, and no more than so many rows of a filter are counted."""
    TopSpender.objects.bulk_create(TopSpender(user_id=f"u{n}", order_count=1, revenue=n) for n in range(300))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gold_topspender")
    monkeypatch.setattr(EstimatedPaginator, "exact_below", 100)
    with CaptureQueriesContext(connection) as captured:
        page = client.get("/admin/gold/topspender/").content.decode()
    assert "300" in page
    counts = [
        query["sql"] for query in captured if "COUNT(*)" in query["sql"] and "gold_topspender" in query["sql"]
    ]
    assert counts == []
    client.get("/admin/gold/topspender/?q=u7")
    filtered = EstimatedPaginator(TopSpender.objects.filter(order_count=1).order_by("user_id"), 50)
    assert filtered.count == 100
    every = EstimatedPaginator(TopSpender.objects.order_by("user_id"), 50)
    assert (every.count, every.num_pages) == (300, 2)


def test_the_last_page_of_a_large_list_leads_on_by_key(
    warehouse: Warehouse, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    TopSpender.objects.bulk_create(
        TopSpender(user_id=f"u{n}", order_count=1, revenue=n) for n in range(100, 350)
    )
    monkeypatch.setattr(EstimatedPaginator, "exact_below", 100)
    address, seen = "/admin/gold/topspender/?o=0", []
    while len(seen) < 200:
        pages = [client.get(f"{address}&p={number}") for number in (1, 2)]
        seen += [row.user_id for page in pages for row in page.context_data["cl"].result_list]
        links = [page.context_data["rows_after"] for page in pages]
        assert links[0] == ""
        address = f"/admin/gold/topspender/{links[1]}"
    rest = client.get(address).context_data["cl"].result_list
    assert [*seen, *(row.user_id for row in rest)] == [f"u{n}" for n in range(100, 350)]
    assert client.get("/admin/gold/topspender/?p=2").context_data["rows_after"] == "", "not in order of a key"


def test_the_first_page_has_the_charts_of_the_marts(
    warehouse: Warehouse, refresh: RefreshMarts, client: Client
) -> None:
    warehouse.department(1, "Sales & <Service>")
    warehouse.job(1, "Clerk")
    for _ in range(3):
        warehouse.hire(dt.datetime(2024, 5, 1, tzinfo=dt.UTC), 1, 1)
    warehouse.user("u1", "Berlin")
    warehouse.employment("u1", "Acme", "1234.00")
    warehouse.order_line("o1", "u1", dt.date(2024, 5, 1), "4321.00")
    warehouse.event("u1", "login", NOON)
    refresh.everything()
    refresh_views_in_place()
    page = client.get("/admin/").content.decode()
    for title in (
        "Revenue per month",
        "From visit to purchase",
        "Revenue by original currency",
        "Customers who came back",
        "Headcount by department",
        "Payroll by city",
        "Hires per quarter",
    ):
        assert title in page
    assert "4,321" in page
    assert "1,234" in page
    assert "Sales &amp; &lt;Service&gt;" in page
    assert "<Service>" not in page
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert "Revenue per month" not in client.get("/admin/").content.decode()


def refresh_views_in_place() -> None:
    """Not concurrently, which the transaction of a test does not allow."""
    with connection.cursor() as cursor:
        for view in VIEWS:
            cursor.execute(f"REFRESH MATERIALIZED VIEW {view.name}")
