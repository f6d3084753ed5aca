"""Tables of the lake that are made of a restricted data set are as if they had never been published."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from governance.restrictions import Restrictions
from lake.models import PublishedTable
from lake.sql.models import LakeQuery
from lake.tasks import run_query
from tests import lake_tables

LAKE = "/api/v1/lake"
OF_ORDERS = "SELECT status, count(*) AS n FROM order_lines WHERE year = 2024 GROUP BY ALL"
OF_EVENTS = "SELECT count(*) AS n FROM events WHERE year = 2024"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tables() -> Iterator[None]:
    """Of order lines and of events."""
    storage, made = Path(settings.LAKEHOUSE_HOME) / "storage", []
    for name in ("order_lines", "events"):
        lake_tables.write(lake_tables.orders(days=40, per_day=1), storage / "lake" / name)
        made.append(storage / "hive" / f"{name}.json")
        made[-1].parent.mkdir(exist_ok=True)
        made[-1].write_text('{"parts": []}')
        numbers = dict.fromkeys(("version", "rows", "size", "files", "partitions"), 0)
        PublishedTable.objects.create(name=name, published_at=timezone.now(), **numbers)
    yield
    for catalogue in made:
        catalogue.unlink()


def ask(client: Client, sql: str, path: str = "") -> Any:
    return client.post(f"{LAKE}/queries{path}", {"sql": sql}, content_type="application/json")


def told(answer: Any, name: str) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["code"], body["detail"].replace(name, "NAME")


def restrict_orders() -> None:
    Restrictions().put("order_lines", ["curator"])


def test_it_is_neither_listed_nor_found(viewer: Client, client_of: Callable[..., Client]) -> None:
    restrict_orders()
    curator = client_of("curie", "curator")
    listed = [[row["name"] for row in who.get(f"{LAKE}/tables").json()["items"]] for who in (viewer, curator)]
    assert listed == [["events"], ["events", "order_lines"]]
    for path in ("", "/partitions"):
        hidden, absent = (viewer.get(f"{LAKE}/tables/{name}{path}") for name in ("order_lines", "absent"))
        assert told(hidden, "order_lines") == told(absent, "absent")
        assert curator.get(f"{LAKE}/tables/order_lines{path}").status_code == 200


def test_it_cannot_be_asked(viewer: Client, client_of: Callable[..., Client]) -> None:
    restrict_orders()
    for path in ("", "/estimate"):
        hidden, absent = (
            ask(viewer, OF_ORDERS.replace("order_lines", name), path) for name in ("order_lines", "absent")
        )
        assert told(hidden, "order_lines") == told(absent, "absent")
        assert "Tables: events." in hidden.json()["detail"]
        assert ask(viewer, OF_EVENTS, path).status_code < 300
    assert ask(client_of("curie", "curator"), OF_ORDERS).status_code == 202
    staff = client_of("ann", is_staff=True)
    page = staff.post("/admin/lake/lakequery/ask/", {"sql": OF_ORDERS, "wanted": "plan"}).content.decode()
    assert "order_lines</" not in page
    assert "There is no table" in page


def test_what_was_asked_for_before_is_not_answered(viewer: Client) -> None:
    """Nor found again, and neither is a result that was there."""
    waiting, written, other = (ask(viewer, sql).json()["run"] for sql in (OF_ORDERS, OF_ORDERS, OF_EVENTS))
    run_query(written)
    assert viewer.get(f"{LAKE}/queries/{written}/result").status_code == 200
    restrict_orders()
    run_query(waiting)
    run_query(other)
    failed = LakeQuery.objects.get(pk=waiting)
    assert (failed.run.state, failed.result_key) == ("failed", "")
    assert "Tables: events." in failed.run.message
    for run in (waiting, written):
        for path in (f"{LAKE}/queries/{run}", f"{LAKE}/queries/{run}/result", f"/api/v1/operations/{run}"):
            assert viewer.get(path).status_code == 404, path
    assert [row["run"] for row in viewer.get(f"{LAKE}/queries").json()["items"]] == [other]


def test_a_query_of_somebody_who_may_not_ask_any_more_is_not_run(viewer: Client) -> None:
    run = ask(viewer, OF_EVENTS).json()["run"]
    User.objects.update(is_active=False)
    run_query(run)
    assert "lake.view_lake" in LakeQuery.objects.get(pk=run).run.message


def test_a_table_that_nobody_knows_may_hold_anything(table: str, viewer: Client) -> None:
    assert table in viewer.get(f"{LAKE}/tables").content.decode()
    Restrictions().put("jobs", [])
    assert table not in viewer.get(f"{LAKE}/tables").content.decode()
