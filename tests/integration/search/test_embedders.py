"""Another embedder: what there was is embedded anew, and vectors of two are never compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from django.db import connection, transaction

from governance.models import Run
from search.domain import Found
from search.embedding import Embedder, Vectors
from search.engines.postgres import PostgresSearcher
from search.errors import EmbedderUnusable
from search.graph import MeaningGraph
from search.models import Collection, SearchDocument
from search.onnx import OnnxEmbedder
from search.query import QueryBuilder
from search.services import FindDocuments, ProjectChanges
from search.sources import Products
from tests.integration.search.warehouse import Warehouse
from tests.onnx_models import write_model

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(tmp_path: Path) -> OnnxEmbedder:
    return OnnxEmbedder(write_model(tmp_path, 384))


@pytest.fixture
def filled(warehouse: Warehouse, project: ProjectChanges) -> None:
    warehouse.product("S-1", "shoe", "red", "59.90", "boot")
    warehouse.product("S-2", "kettle", "red", "19.00", "kettle")
    project()


@dataclass
class Failing:
    """Embeds one batch and no more."""

    model: OnnxEmbedder
    calls: int = 0

    @property
    def id(self) -> str:
        return self.model.id

    @property
    def dims(self) -> int:
        return self.model.dims

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.calls += bool(texts)
        if self.calls > 1:
            raise EmbedderUnusable("It is gone.")
        return self.model.embed_documents(texts)

    def embed_query(self, text: str) -> Vectors | None:
        return self.model.embed_query(text)


def with_embedder(project: ProjectChanges, embedder: Embedder) -> ProjectChanges:
    return ProjectChanges(**(vars(project) | {"embedder": embedder}))


def meant(find: FindDocuments, embedder: Embedder, text: str) -> Found:
    searcher = PostgresSearcher(atomic=find.searcher.atomic, embedder=embedder.id)
    query = QueryBuilder().mode("semantic").text(text).build()
    return FindDocuments(searcher=searcher, embedder=embedder)(query)


def embedders() -> set[str]:
    return set(SearchDocument.objects.values_list("embedder", flat=True))


def test_everything_is_embedded_anew_without_any_other_news(
    filled: None, project: ProjectChanges, find: FindDocuments, model: OnnxEmbedder
) -> None:
    counts = with_embedder(project, model)()
    assert counts.embedded == SearchDocument.objects.count() == 2
    assert embedders() == {model.id}
    assert [hit.entity_id for hit in meant(find, model, "boot").hits] == ["S-1"]
    assert not with_embedder(project, model)()


def test_vectors_of_two_embedders_are_never_compared(
    filled: None, find: FindDocuments, project: ProjectChanges, model: OnnxEmbedder, tmp_path: Path
) -> None:
    assert meant(find, model, "boot").hits == []
    assert meant(find, project.embedder, "boot").hits != []
    same_length = OnnxEmbedder(write_model(tmp_path / "other", project.embedder.dims))
    assert meant(find, same_length, "boot").hits == []


def test_what_was_cut_off_is_completed(
    filled: None, project: ProjectChanges, find: FindDocuments, model: OnnxEmbedder
) -> None:
    one_by_one = ProjectChanges(
        **(vars(project) | {"embedder": Failing(model), "sources": [Products(batch=1)]})
    )
    with pytest.raises(EmbedderUnusable):
        one_by_one()
    assert embedders() == {project.embedder.id, model.id}
    assert len(meant(find, model, "kettle").hits) <= 1
    assert with_embedder(project, model)().embedded == 1
    assert embedders() == {model.id}


def test_what_is_gone_meanwhile_does_not_stay(
    filled: None, warehouse: Warehouse, project: ProjectChanges, model: OnnxEmbedder
) -> None:
    warehouse.drop_product("S-2")
    with_embedder(project, model)()
    assert list(SearchDocument.objects.values_list("entity_id", flat=True)) == ["S-1"]


def test_collections_with_other_vectors_are_built_anew(
    filled: None, project: ProjectChanges, model: OnnxEmbedder
) -> None:
    Collection.objects.create(
        name="product_v1_1", alias="product", server="x", layout=1, embedder=project.embedder.id, state="live"
    )
    with_embedder(project, model)()
    assert Collection.objects.get().state == "stale"


def test_the_graph_is_made_where_there_are_enough_rows_and_serves(
    filled: None, project: ProjectChanges, find: FindDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = MeaningGraph(project.embedder.id, project.embedder.dims)
    assert graph.name not in connection_indexes()
    before = [hit.entity_id for hit in meant(find, project.embedder, "boot").hits]
    monkeypatch.setattr("search.graph.FEWEST_ROWS", 2)
    project()  # without news, as after a worker that was killed before it made the graph
    assert graph.name in connection_indexes()
    assert [hit.entity_id for hit in meant(find, project.embedder, "boot").hits] == before


def test_the_graph_is_dropped_for_a_load_that_doubles_the_rows_and_made_anew(
    filled: None, warehouse: Warehouse, project: ProjectChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = MeaningGraph(project.embedder.id, project.embedder.dims)
    monkeypatch.setattr("search.graph.FEWEST_ROWS", 2)
    project()
    graph.make_room(arriving=0)
    assert graph.name in connection_indexes()
    graph.make_room(arriving=2)
    assert graph.name not in connection_indexes()
    for number in range(3, 6):
        warehouse.product(f"S-{number}", "teapot", "red", "5.00", "teapot")
    project()
    assert graph.name in connection_indexes()


def test_the_graph_of_another_embedder_goes(
    filled: None, project: ProjectChanges, model: OnnxEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.graph.FEWEST_ROWS", 2)
    project()
    with_embedder(project, model)()
    graphs = {name for name in connection_indexes() if name.startswith("search_meaning_")}
    assert graphs == {MeaningGraph(model.id, model.dims).name}


def test_a_run_tells_what_was_embedded_anew(
    filled: None, project: ProjectChanges, model: OnnxEmbedder
) -> None:
    with_embedder(project, model)()
    assert Run.objects.filter(kind="projection").latest("started_at").counts["embedded"] == 2


def connection_indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'search_searchdocument'")
        return {name for (name,) in cursor.fetchall()}


def test_a_selective_filter_finds_all_that_match_however_far_away(
    db: None,
) -> None:
    """More rows lie nearer than the graph looks at by itself, which is 20,000."""
    with connection.cursor() as cursor:
        cursor.execute(MANY_ROWS, {"embedder": "test", "rows": 22_000})
    MeaningGraph("test", 4).complete()
    query = (
        QueryBuilder().entities(["product"]).mode("semantic").equals("category", ["Rare"]).text("x").build()
    )
    searcher = PostgresSearcher(atomic=transaction.atomic, embedder="test")
    found = searcher.search(query, np.array([1, 0, 0, 0], dtype=np.float32))
    assert {hit.entity_id for hit in found.hits} == {"21996", "21997", "21998", "21999", "22000"}


MANY_ROWS = """
INSERT INTO search_searchdocument
    (entity, entity_id, passage, title, body, facets, numbers, dates, url, embedder, embedded_hash, version, embedding)
SELECT 'product', n, 0, 'x', '', jsonb_build_object('category', CASE WHEN n > %(rows)s - 5 THEN 'Rare' ELSE 'Common' END),
    '{}', '{}', '', %(embedder)s, '', '', format('[1,%%s,0.1,0]', n / (%(rows)s / 2.0))::vector
FROM generate_series(1, %(rows)s) AS n
"""
