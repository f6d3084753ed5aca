"""The routes of search with a search server set up, as a client sees them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from governance.models import Run
from governance.services import LONGEST_WAIT, enqueue_once
from lakehouse_project import container
from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve
from search.services import MirrorChanges, ProjectChanges, RebuildIndexes
from tests.integration.search.people import client_of
from tests.integration.search.test_api import ids, search
from tests.integration.search.warehouse import Warehouse
from tests.typesense.server import KEY, StandIn, running

pytestmark = pytest.mark.django_db(transaction=True)


def compose_anew() -> None:
    env.cache_clear()
    container._container.cache_clear()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    with running() as started:
        monkeypatch.setenv("TYPESENSE_URL", started.url)
        monkeypatch.setenv("TYPESENSE_API_KEY", KEY)
        compose_anew()
        yield started
    monkeypatch.undo()
    compose_anew()


@pytest.fixture
def indexed(server: StandIn, warehouse: Warehouse) -> None:
    warehouse.user("u1", "Ada Lovelace")
    warehouse.product("S-1", "Red running shoe", "Shoes", "59.90", "Light & fast <on> the road")
    warehouse.product("S-2", "Blue walking shoe", "Shoes", "39.50", "For long ways")
    warehouse.product("S-3", "Kettle", "Kitchen", "19.00", "Boils water")
    resolve(ProjectChanges)()
    resolve(MirrorChanges)()


@pytest.fixture
def admin(db: None) -> Client:
    return client_of("admin")


def test_a_search_is_answered_by_the_server(admin: Client, indexed: None) -> None:
    answer = search(admin, "q=sheo&mode=keyword&entity=product&price__lt=50")
    assert (answer["engine"], answer["degraded"], answer["corrections"]) == (
        "typesense",
        False,
        {"sheo": "shoe"},
    )
    assert ids(answer) == ["S-2"]
    assert answer["facets"]["category"] == {"Shoes": 1}
    similar = admin.get("/api/v1/search/product/S-1/similar").json()
    assert (similar["engine"], ids(similar)[0]) == ("typesense", "S-2")


def test_while_it_is_down_the_answer_says_so(admin: Client, indexed: None, server: StandIn) -> None:
    server.state.fault = 503
    for address in ("search?q=kettle", "search/product/S-3/similar?limit=1"):
        answer = admin.get(f"/api/v1/{address}").json()
        assert (answer["engine"], answer["degraded"]) == ("postgresql", True)
        assert "503" in answer["reason"]
    problem = admin.get("/api/v1/search/key")
    assert (problem.status_code, problem.json()["code"]) == (503, "search_unavailable")


def test_a_browser_is_told_an_address_that_it_can_reach(
    admin: Client, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert admin.get("/api/v1/search/key").json()["url"] == server.url
    monkeypatch.setenv("TYPESENSE_PUBLIC_URL", "https://search.example.org")
    compose_anew()
    told = admin.get("/api/v1/search/key").json()
    assert told["url"] == "https://search.example.org"
    assert not [name for name in told["collections"] if "personal" in name]
    assert KEY not in str(told)


def started(client: Client, address: str) -> tuple[str, str]:
    response = client.post(f"/api/v1/search/{address}")
    assert response.status_code == 202, response.content
    assert response["Location"].endswith(response.json()["id"])
    return response.json()["id"], response.json()["state"]


def test_a_second_rebuild_is_the_one_that_waits(admin: Client, indexed: None) -> None:
    first, state = started(admin, "reindex")
    assert (started(admin, "reindex"), state) == ((first, "queued"), "queued")
    Run.objects.filter(pk=first).update(state=Run.State.RUNNING)
    assert started(admin, "reindex") == (first, "running")
    resolve(RebuildIndexes)(run_id=first)
    assert Run.objects.get(pk=first).state == Run.State.SUCCEEDED
    assert started(admin, "reindex")[0] != first
    assert started(admin, "reconcile")[0] != started(admin, "reconcile?repair=true")[0]


def test_a_run_whose_task_is_lost_holds_up_no_other(db: None) -> None:
    lost, _ = enqueue_once("reindex")
    Run.objects.filter(pk=lost.pk).update(created_at=lost.created_at - LONGEST_WAIT)
    again, is_new = enqueue_once("reindex")
    assert is_new
    assert again.pk != lost.pk
    assert enqueue_once("reindex", entity="user")[1]


def test_the_engine_is_told(admin: Client, indexed: None, server: StandIn) -> None:
    told: Any = admin.get("/api/v1/search/engine").json()
    assert (told["mode"], told["outbox"]) == ("typesense", {"waiting": 0, "failing": 0})
    assert told["collections"]["product"] == server.state.aliases["product"]
    assert told["capabilities"]["corrections"]
    assert told["capabilities"]["exact_filters"]
    assert told["capabilities"]["fusions"] == ["rank"]
    assert admin.get("/api/v1/search?q=shoe&fusion=rank").status_code == 200
    refused = admin.get("/api/v1/search?q=shoe&fusion=weighted")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "fusion")
    assert "rank" in refused.json()["detail"]
