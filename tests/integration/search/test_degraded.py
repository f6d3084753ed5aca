"""While the search server cannot answer, PostgreSQL does, and the answer says so."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from search.embedding import StaticEmbedder
from search.engines.fallback import NOT_BUILT, FallbackSearcher
from search.engines.postgres import PostgresSearcher
from search.engines.typesense.client import TypesenseClient
from search.engines.typesense.index import TypesenseIndex
from search.engines.typesense.searcher import TypesenseSearcher
from search.models import Outage
from search.query import QueryBuilder
from search.repositories import DocumentRows, Meanings
from search.services import FindDocuments, FindSimilar, ProjectChanges
from tests.integration.search.mirror import Mirror
from tests.integration.search.warehouse import Warehouse
from tests.typesense.server import KEY, StandIn, closed_port, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[StandIn]:
    with running() as started:
        yield started


@pytest.fixture
def mirror(server: StandIn, db: None) -> Iterator[Mirror]:
    client = TypesenseClient(url=server.url, key=KEY, search_seconds=0.3)
    yield Mirror(TypesenseIndex(client=client, dims=256))
    client.close()


@pytest.fixture
def searcher(mirror: Mirror) -> FallbackSearcher:
    return FallbackSearcher(
        server=TypesenseSearcher(client=mirror.index.client),
        embedded=PostgresSearcher(atomic=transaction.atomic, embedder=StaticEmbedder.id),
        breaker=mirror.breaker,
        collections=mirror.collections,
    )


@pytest.fixture
def ask(searcher: FallbackSearcher, embedder: Any) -> Any:
    find = FindDocuments(searcher=searcher, embedder=embedder)

    def found(text: str, mode: str = "hybrid", page: int = 1) -> tuple[str, list[str], str]:
        answer = find(QueryBuilder().text(text).mode(mode).all_facets().page(page, 10).build())
        assert answer.degraded == bool(answer.reason)
        return answer.engine, [hit.entity_id for hit in answer.hits], answer.reason

    return found


@pytest.fixture
def indexed(warehouse: Warehouse, project: ProjectChanges) -> None:
    warehouse.product("S-1", "Red running shoe", "Shoes", "59.90", "Light")
    warehouse.product("S-2", "Kettle", "Kitchen", "19.00", "Boils water")
    ProjectChanges(**(vars(project) | {"rows": DocumentRows(is_mirrored=True)}))()


@pytest.fixture
def branches(warehouse: Warehouse, project: ProjectChanges) -> None:
    for number in range(260):
        warehouse.department(number + 1, f"Branch {number}")
    ProjectChanges(**(vars(project) | {"rows": DocumentRows(is_mirrored=True)}))()


def open_breaker(ask: Any, server: StandIn) -> None:
    server.state.fault = "reset"
    for _ in range(3):
        ask("kettle")
    server.state.fault = None


def test_before_the_index_is_built(indexed: None, ask: Any, server: StandIn) -> None:
    assert ask("kettle") == ("postgresql", ["S-2"], NOT_BUILT)
    assert server.state.requests == []


def test_the_server_answers_once_it_is_built(indexed: None, ask: Any, mirror: Mirror) -> None:
    mirror.mirror()
    assert ask("kettle") == ("typesense", ["S-2"], "")


@pytest.mark.parametrize("fault", ["reset", "half", "slow", 500, 503])
def test_a_failure_is_answered_by_postgresql(
    indexed: None, ask: Any, mirror: Mirror, server: StandIn, fault: str | int
) -> None:
    mirror.mirror()
    server.state.fault = fault
    engine, hits, reason = ask("kettle")
    assert (engine, hits) == ("postgresql", ["S-2"])
    assert "Typesense" in reason
    server.state.fault = None
    assert ask("kettle")[0] == "typesense"


def test_what_is_like_a_record_is_answered_by_postgresql_too(
    indexed: None, searcher: FallbackSearcher, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    find = FindSimilar(searcher=searcher, meanings=Meanings(StaticEmbedder.id))
    query = QueryBuilder().like("product", "S-1", 5).build()
    first = find(query)
    assert (first.engine, first.degraded) == ("typesense", False)
    server.state.fault = 503
    second = find(query)
    assert (second.engine, second.degraded) == ("postgresql", True)
    assert "503" in second.reason


def test_a_refused_connection_is_answered_by_postgresql(
    indexed: None, searcher: FallbackSearcher, mirror: Mirror, embedder: Any
) -> None:
    mirror.mirror()
    client = TypesenseClient(url=f"http://127.0.0.1:{closed_port()}", key=KEY, search_seconds=0.3)
    gone = replace(searcher, server=TypesenseSearcher(client=client))
    answer = FindDocuments(searcher=gone, embedder=embedder)(QueryBuilder().text("kettle").build())
    assert (answer.engine, [hit.entity_id for hit in answer.hits]) == ("postgresql", ["S-2"])
    assert "cannot be reached" in answer.reason


@pytest.mark.parametrize("fault", ["reset", "half", "slow", 500])
def test_a_failure_between_the_pages_of_a_deep_query_is_no_half_answer(
    branches: None, ask: Any, mirror: Mirror, server: StandIn, fault: str | int
) -> None:
    """More than 250 hits are fetched by two requests, of which the second one fails."""
    mirror.mirror()
    server.state.fault, server.state.faulty_paths, server.state.after = fault, "multi_search", 1
    engine, hits, reason = ask("branch", "keyword", 26)
    assert (engine, len(hits)) == ("postgresql", 10)
    assert "Typesense" in reason


def test_after_some_failures_the_server_is_left_alone(
    indexed: None, ask: Any, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    open_breaker(ask, server)
    server.state.requests.clear()
    engine, hits, reason = ask("kettle")
    assert (engine, hits) == ("postgresql", ["S-2"])
    assert "Typesense cannot be reached" in reason
    assert mirror.mirror() == 0
    assert server.state.requests == []


def test_one_asks_whether_it_is_back_and_the_others_wait(
    indexed: None, ask: Any, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    open_breaker(ask, server)
    Outage.objects.update(until="2020-01-01T00:00:00Z")
    assert mirror.breaker.refusal() == ""
    assert "Typesense" in mirror.breaker.refusal()
    Outage.objects.update(until="2020-01-01T00:00:00Z")
    assert ask("kettle")[0] == "typesense"
    assert mirror.breaker.refusal() == ""


def test_a_probe_that_fails_makes_the_rest_longer(
    indexed: None, ask: Any, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    open_breaker(ask, server)
    Outage.objects.update(until="2020-01-01T00:00:00Z")
    server.state.fault = 503
    assert ask("kettle")[0] == "postgresql"
    assert "Typesense" in mirror.breaker.refusal()
    assert Outage.objects.get().failures == 4


def test_a_wrong_key_and_a_dropped_index_are_told(
    indexed: None, ask: Any, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    server.state.collections.clear()
    assert ask("kettle") == ("postgresql", ["S-2"], NOT_BUILT)
    server.state.fault = 401
    assert "does not accept the key" in ask("kettle")[2]


def test_an_error_of_one_search_among_several_is_no_answer(
    indexed: None, ask: Any, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    del server.state.aliases["job"]
    engine, hits, reason = ask("kettle")
    assert (engine, hits, reason) == ("postgresql", ["S-2"], NOT_BUILT)


def test_the_page_says_that_the_database_stands_in(
    indexed: None, curator: Client, searcher: FallbackSearcher, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = FindDocuments(searcher=searcher, embedder=embedder)
    monkeypatch.setattr("search.views.resolve", lambda _kind: find)
    html = curator.get("/search/?q=kettle").content.decode()
    assert "the database does" in html
    assert NOT_BUILT in html
    assert "<mark>Kettle</mark>" in html
