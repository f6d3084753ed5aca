"""Quality of the ranking on the Cranfield collection, where it is at hand: it is not part of the project."""

from pathlib import Path

import pytest
from django.db import transaction

from search.embedding import StaticEmbedder
from search.engines.postgres import PostgresSearcher
from search.judged import read
from search.repositories import DocumentRows
from search.scratch import analyze
from search.services import Evaluate, IndexCollection

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "cranfield"
FLOORS = {"keyword": 0.50, "semantic": 0.40, "hybrid": 0.52}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.exists(), reason="The Cranfield collection is not here."),
]


def test_ranking_is_as_good_as_it_was(embedder: StaticEmbedder) -> None:
    judged = read(FOLDER)
    index = IndexCollection(rows=DocumentRows(), embedder=embedder, atomic=transaction.atomic)
    assert index(judged.documents.values(), lambda _: None) > len(judged.documents) == 1400
    analyze()
    searcher = PostgresSearcher(atomic=transaction.atomic, embedder=embedder.id)
    found = Evaluate(searcher=searcher, embedder=embedder)(judged, lambda _: None)
    assert {mode: quality.ndcg for mode, quality in found.items() if quality.ndcg < FLOORS[mode]} == {}
