"""The editor in the admin: run, estimate, plan, result, CSV, own history."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from lake.sql.models import LakeQuery
from lake.tasks import run_query

ASK = "/admin/lake/lakequery/ask/"
SQL = "SELECT status, count(*) AS n FROM asked_orders WHERE year = 2024 AND day < 3 GROUP BY ALL ORDER BY 1"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("table")]


@pytest.fixture
def staff(client_of: Callable[..., Client]) -> Client:
    return client_of("ann", is_staff=True)


def ask(client: Client, sql: str = SQL, wanted: str = "run") -> Any:
    return client.post(ASK, {"sql": sql, "wanted": wanted}, follow=True)


def test_the_editor_lists_the_tables(staff: Client) -> None:
    page = staff.get(ASK).content.decode()
    assert "asked_orders" in page
    assert "year, month, day" in page


def test_a_query_is_shown_waiting_then_with_its_result(staff: Client) -> None:
    waiting = ask(staff)
    assert "A worker takes it in a moment" in waiting.content.decode()
    query = LakeQuery.objects.get()
    run_query(str(query.pk))
    page = staff.get(waiting.request["PATH_INFO"]).content.decode()
    assert "3 rows" in page
    assert ">returned</td>" in page.replace("\n", "")
    assert "2 of 62" in page
    download = staff.get(f"{ASK}{query.pk}/csv/")
    assert b"".join(download.streaming_content).decode().splitlines()[:2] == ["status,n", "paid,8"]


def test_estimate_and_plan_run_nothing(staff: Client) -> None:
    assert "2 of 62" in ask(staff, wanted="estimate").content.decode()
    assert "Parquet" in ask(staff, wanted="plan").content.decode()
    refused = ask(staff, "SELECT * FROM asked_orders", "estimate").content.decode()
    assert "It would be refused" in refused
    assert not LakeQuery.objects.exists()


def test_a_refusal_keeps_what_was_written(staff: Client) -> None:
    page = ask(staff, "SELECT '<b>' FROM asked_orders").content.decode()
    assert "no filter on the partitions" in page
    assert "SELECT &#x27;&lt;b&gt;&#x27; FROM asked_orders" in page


def test_people_see_their_own_queries(staff: Client, client_of: Callable[..., Client]) -> None:
    ask(staff)
    query = LakeQuery.objects.get()
    assert "asked_orders" in staff.get("/admin/lake/lakequery/").content.decode()
    other = client_of("bob", "admin", is_staff=True)
    assert "FROM asked_orders" not in other.get("/admin/lake/lakequery/").content.decode()
    assert "You have no query" in other.get(f"{ASK}{query.pk}/").content.decode()
    assert "You have no query" in other.get(f"{ASK}{query.pk}/csv/").content.decode()


def test_who_may_open_it() -> None:
    nobody = Client()
    nobody.force_login(User.objects.create_user("nobody", is_staff=True))
    assert nobody.get(ASK).status_code == 403
