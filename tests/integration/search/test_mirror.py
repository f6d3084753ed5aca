"""The search server is in step with the rows, whatever happens to it."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import Run
from search.collections import KEPT
from search.domain import Index
from search.engines.typesense.client import TypesenseClient
from search.engines.typesense.index import TypesenseIndex
from search.engines.typesense.layout import document_key
from search.engines.typesense.searcher import TypesenseSearcher
from search.errors import EngineUnavailable, RebuildRefused
from search.models import Collection, Outage, OutboxEntry, SearchDocument, Synonyms
from search.query import QueryBuilder
from search.repositories import DocumentRows
from search.services import ProjectChanges, SendChanges
from tests.integration.search.mirror import Mirror
from tests.integration.search.warehouse import Warehouse
from tests.typesense.server import KEY, StandIn, closed_port, running

pytestmark = pytest.mark.django_db(transaction=True)  # increments are read from committed transactions

FAULTS = ["reset", "half", 500, 503, "slow"]


@pytest.fixture
def server() -> Iterator[StandIn]:
    with running() as started:
        yield started


@pytest.fixture
def mirror(server: StandIn, db: None) -> Iterator[Mirror]:
    client = TypesenseClient(url=server.url, key=KEY, search_seconds=0.3, write_seconds=0.3)
    yield Mirror(TypesenseIndex(client=client, dims=256))
    client.close()


@pytest.fixture
def mirrored(project: ProjectChanges) -> ProjectChanges:
    """The projection, with an outbox."""
    return ProjectChanges(**(vars(project) | {"rows": DocumentRows(is_mirrored=True)}))


def held(server: StandIn, alias: str) -> dict[str, str]:
    """Id and version of what queries of `alias` can find."""
    return {key: document["version"] for key, document in server.state.of(alias).items()}


def rows(entity: str) -> dict[str, str]:
    found = SearchDocument.objects.filter(entity=entity)
    return {document_key((row.entity, row.entity_id, row.passage)): row.version for row in found}


def fill(warehouse: Warehouse) -> None:
    warehouse.product("S-1", "Red running shoe", "Shoes", "59.90", "Light")
    warehouse.product("S-2", "Kettle", "Kitchen", "19.00", "Boils water")
    warehouse.product("S/3 ~%ü", "Glass", "Kitchen", "2.00", "For tea")
    warehouse.user("u1", "Ada Lovelace")
    warehouse.document(
        1, "CV: Ada Lovelace", ["Ada Lovelace wrote code. Mail ada@mail.example"], user_id="u1"
    )


def test_the_first_run_builds_every_index(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    for entity in ("product", "user", "document", "job"):
        assert held(server, entity) == rows(entity)
    assert held(server, "user_personal") == rows("user")
    assert not OutboxEntry.objects.exists()
    assert Run.objects.get(kind="reindex").counts["product"] == 3


def test_changes_and_removals_follow(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    warehouse.product("S-1", "Red running shoe", "Shoes", "12.00", "Light")
    warehouse.user("u2", "Grace Hopper")
    warehouse.forget_user("u1")
    mirrored()
    assert OutboxEntry.objects.count() >= 3
    server.state.requests.clear()
    mirror.mirror()
    assert server.state.of("product")["product:S-1:0"]["price"] == 1200
    assert set(held(server, "user")) == set(held(server, "user_personal")) == {"user:u2:0"}
    assert not OutboxEntry.objects.exists()
    assert ("POST", "/collections") not in [request[:2] for request in server.state.requests]


def test_personal_data_is_where_queries_of_most_readers_do_not_go(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    public = str([server.state.of(alias) for alias in ("user", "document", "product")])
    personal = str([server.state.of(alias) for alias in ("user_personal", "document_personal")])
    assert "Lovelace" not in public
    assert "Lovelace" in personal
    assert "mail.example" not in public + personal


def test_a_refused_passage_is_noted_and_holds_up_no_other(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    fill(warehouse)
    server.state.refused = {"Kettle"}
    mirrored()
    mirror.mirror()
    (entry,) = OutboxEntry.objects.all()
    assert (entry.entity_id, entry.failures) == ("S-2", 1)
    assert "Field `title` must be a string" in entry.error
    assert entry.next_try_at > timezone.now() + dt.timedelta(seconds=5)
    assert "product:S-1:0" in held(server, "product")
    sent = len(server.state.requests)
    mirror.send()
    assert len(server.state.requests) == sent
    server.state.refused = set()
    mirror.outbox.retry_now([entry.pk])
    mirror.mirror()
    assert held(server, "product") == rows("product")
    assert not OutboxEntry.objects.exists()


def test_a_batch_that_is_refused_as_a_whole_holds_up_no_other(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    fill(warehouse)
    warehouse.department(7, "Logistics")
    mirrored()
    server.state.fault, server.state.faulty_paths = 413, "product_v"
    mirror.mirror()
    assert held(server, "department") == rows("department")
    entries = OutboxEntry.objects.all()
    assert {(entry.entity, entry.failures) for entry in entries} == {("product", 1)}
    assert all("413" in entry.error for entry in entries)
    server.state.fault = None
    mirror.outbox.retry_now([entry.pk for entry in entries])
    mirror.mirror()
    assert held(server, "product") == rows("product")


def test_each_refusal_makes_the_rest_longer(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    warehouse.product("S-1", "Poison", "Shoes", "59.90", "Light")
    server.state.refused = {"Poison"}
    mirrored()
    rests = []
    for _ in range(3):
        OutboxEntry.objects.update(next_try_at=timezone.now() - dt.timedelta(days=1))
        mirror.send()
        rests.append((OutboxEntry.objects.get().next_try_at - timezone.now()).total_seconds())
    assert rests[0] < 15 < rests[2]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_fails_in_the_middle_loses_nothing(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn, fault: str | int
) -> None:
    mirror.mirror()
    fill(warehouse)
    mirrored()
    server.state.fault, server.state.faulty_paths = fault, "import"
    assert mirror.mirror() == 0
    assert OutboxEntry.objects.count() == SearchDocument.objects.count()
    assert Outage.objects.get().failures == 1
    server.state.fault = None
    mirror.mirror()
    for entity in ("product", "user", "document"):
        assert held(server, entity) == rows(entity)
    assert Outage.objects.get().failures == 0


def test_a_refused_connection_loses_nothing(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    fill(warehouse)
    mirrored()
    closed = TypesenseClient(url=f"http://127.0.0.1:{closed_port()}", key=KEY, write_seconds=0.3)
    send = SendChanges(
        outbox=mirror.outbox, collections=mirror.collections, writer=TypesenseIndex(client=closed, dims=256)
    )
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        send()
    assert OutboxEntry.objects.count() == SearchDocument.objects.count()
    mirror.mirror()
    assert held(server, "product") == rows("product")


def test_contact_details_are_in_no_request(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    """Nor names in what goes where most readers search."""
    fill(warehouse)
    warehouse.product("S-4", "Desk", "Office", "90.00", "Ask desk@mail.example or +49 30 1234567")
    mirrored()
    mirror.mirror()
    mirror.rebuild()
    warehouse.user("u1", "Ada Lovelace", "Paris", country="FR")
    mirrored()
    mirror.mirror()
    sent = [(path, each) for _, path, body in server.state.requests for each in lines(body)]
    assert len(sent) > 10
    for secret in ("mail.example", "1234567", "Gasse"):
        assert not [path for path, text in sent if secret in path + text]
    assert any("Lovelace" in text for path, text in sent if "_personal_" in path)
    assert not [path for path, text in sent if "Lovelace" in text and "_personal_" not in path]


def lines(body: bytes) -> Iterator[str]:
    """The documents of an import without their numbers, in which any digits may occur; other bodies as they are."""
    for line in body.decode().split("\n"):
        yield re.sub(r'"embedding":\[[^\]]*\]', "", line)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_rebuild_that_is_cut_off_leaves_the_old_index_in_use(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn, fault: str | int
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    before = dict(server.state.aliases)
    server.state.fault, server.state.faulty_paths, server.state.after = fault, "import", 1
    with pytest.raises(Exception, match="Typesense"):
        mirror.rebuild()
    assert server.state.aliases["product"] == before["product"]
    server.state.fault = None
    mirror.mirror()
    assert [name for name in server.state.collections if "product" in name] == [before["product"]]
    mirror.rebuild()
    assert server.state.aliases["product"] != before["product"]
    assert held(server, "product") == rows("product")
    assert not Collection.objects.filter(state="building").exists()


def test_a_rebuild_takes_in_what_changes_meanwhile_and_drops_the_old_one_later(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    old = server.state.aliases["product"]
    mirror.index.create(Index("product"), "product_v1_next")
    mirror.collections.begin(Index("product"), "product_v1_next")
    warehouse.product("S-9", "Chair", "Garden", "59.90", "Wood")
    mirrored()
    mirror.send()
    assert "product:S-9:0" in server.state.of("product_v1_next")
    assert "product:S-9:0" in server.state.of(old)
    mirror.rebuild()
    assert old in server.state.collections
    Collection.objects.filter(name=old).update(changed_at=timezone.now() - KEPT * 2)
    mirror.mirror()
    assert old not in server.state.collections
    assert "product_v1_next" not in server.state.collections


def test_a_rebuild_that_the_server_refuses_is_not_used(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    before = dict(server.state.aliases)
    server.state.refused = {"Kitchen"}
    with pytest.raises(RebuildRefused, match="2 of 3 passages of product: 400 Field `title`"):
        mirror.rebuild([Index("product")])
    assert server.state.aliases == before
    assert Run.objects.filter(kind="reindex", state="failed").count() == 1


def test_a_dropped_or_replaced_index_is_built_again(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    server.state.collections.clear()
    server.state.aliases.clear()
    mirror.mirror()
    assert held(server, "product") == rows("product")


def test_changes_made_without_a_server_have_its_indexes_built_anew(
    warehouse: Warehouse, project: ProjectChanges, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    warehouse.product("S-9", "Chair", "Garden", "59.90", "Wood")
    project()
    assert not mirror.collections.serves(["product"], is_personal=False)
    mirror.mirror()
    assert mirror.collections.serves(["product"], is_personal=False)
    assert held(server, "product") == rows("product")


def test_synonyms_reach_collections_in_use_and_new_ones(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    Synonyms.objects.create(name="shoes", words=["sneaker", "running shoe"])
    mirror.mirror()
    assert server.state.collection("product").synonyms == {"shoes": {"synonyms": ["sneaker", "running shoe"]}}
    found = TypesenseSearcher(client=mirror.index.client).search(
        QueryBuilder().text("sneaker").mode("keyword").build(), None
    )
    assert [hit.entity_id for hit in found.hits] == ["S-1"]
    mirror.rebuild()
    assert "shoes" in server.state.collection("product").synonyms
    Synonyms.objects.all().delete()
    mirror.mirror()
    assert server.state.collection("product").synonyms == {}


def test_a_group_of_synonyms_that_is_refused_holds_up_nothing(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    Synonyms.objects.create(name="bad", words=["x", "y"])
    Synonyms.objects.create(name="good", words=["sneaker", "shoe"])
    server.state.fault, server.state.faulty_paths = 400, "synonyms/bad"
    fill(warehouse)
    mirrored()
    mirror.mirror()
    assert set(server.state.collection("product").synonyms) == {"good"}
    assert held(server, "product") == rows("product")
    server.state.requests.clear()
    mirror.mirror()
    assert not [path for _, path, _ in server.state.requests if "synonyms" in path]
    mirror.rebuild()
    assert set(server.state.collection("product").synonyms) == {"good"}


def test_a_collection_that_nobody_knows_is_dropped_in_time_and_no_other(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    in_use = set(server.state.collections)
    foreign = {"product", "products_v1_00000001", "other_product_v1_00000001", "product_v1_00000001_copy"}
    for name in (
        *foreign,
        "product_v1_00000001",
        "user_personal_v2_00000002",
        "product_v1_99999998",
        "job_v1_00000003",
    ):
        mirror.index.create(Index("product"), name)
    server.state.aliases["mine"] = "job_v1_00000003"
    kept = in_use | foreign | {"product_v1_99999998", "job_v1_00000003"}
    replace(mirror, oldest="99999997").mirror()
    assert set(server.state.collections) == kept
    assert held(server, "product") == rows("product")


def test_drift_is_told_and_repaired(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    fill(warehouse)
    mirrored()
    mirror.mirror()
    documents = server.state.of("product")
    del documents["product:S-1:0"]
    documents["product:S-2:0"]["version"] = "old"
    documents["product:S-77:0"] = {"id": "product:S-77:0", "version": "x"}
    documents["foreign"] = {"id": "foreign"}
    drift = mirror.reconcile()["product"]
    assert drift.counts == {"missing": 1, "extra": 2, "stale": 1}
    run = Run.objects.filter(kind="reconcile").latest("created_at")
    assert (run.counts["missing"], run.counts["stale"], run.counts["extra"]) == (1, 1, 2)
    assert "reconcile --repair" in run.message
    assert run.quality.get(table="search product", check_name__contains="missing").detail == "S-1#0"
    mirror.reconcile(is_repaired=True)
    mirror.mirror()
    assert held(server, "product") == rows("product")
    assert not any(mirror.reconcile().values())


def test_what_waits_to_be_sent_is_no_drift(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn
) -> None:
    mirror.mirror()
    fill(warehouse)
    mirrored()
    assert not any(mirror.reconcile().values())


_SKU = st.sampled_from(["A", "B", "C"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), _SKU, st.integers(1, 3)),
        st.tuples(st.just("drop"), _SKU, st.just(0)),
        st.tuples(st.sampled_from(["project", "send", "rebuild", "down", "up"]), st.just(""), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_after_any_series_of_changes_the_index_is_what_the_rows_are(
    warehouse: Warehouse, mirrored: ProjectChanges, mirror: Mirror, server: StandIn, steps: Any
) -> None:
    product = Index("product")
    for step, sku, number in steps:
        if step == "set":
            warehouse.product(sku, f"Thing {number}", "Things", "1.00", "x")
        elif step == "drop":
            warehouse.drop_product(sku)
        elif step == "project":
            mirrored()
        elif step == "send":
            Outage.objects.all().delete()
            mirror.mirror()
        elif step == "rebuild" and server.state.fault is None:
            mirror.rebuild([product])
        else:
            server.state.fault = 503 if step == "down" else None
    server.state.fault = None
    Outage.objects.all().delete()
    Run.objects.filter(kind="reindex").delete()
    mirrored()
    mirror.mirror()
    assert held(server, "product") == rows("product")
    assert not any(mirror.reconcile().values())
