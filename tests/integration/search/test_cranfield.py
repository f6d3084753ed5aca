"""Quality of the ranking on the Cranfield collection, where it is at hand: it is not part of the project."""

import re
from pathlib import Path

import numpy as np
import pytest
from django.db import connection

from search.domain import Entry
from search.embedding import StaticEmbedder
from search.passages import cut
from search.query import QueryBuilder
from search.repositories import DocumentRows, Row
from search.services import FindDocuments

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "cranfield"
FLOORS = {"keyword": 0.50, "semantic": 0.40, "hybrid": 0.52}
DEPTH = 10

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.exists(), reason="The Cranfield collection is not here."),
]


def blocks(name: str) -> list[str]:
    return re.split(r"^\.I ", (FOLDER / name).read_text(), flags=re.MULTILINE)[1:]


def passages(block: str) -> list[Entry]:
    number = block.split("\n", 1)[0].strip()
    found = re.search(r"\.T\n(.*?)^\.A", block, re.DOTALL | re.MULTILINE)
    title = " ".join(found[1].split()) if found else ""
    text = " ".join(block.split("\n.W\n", 1)[1].split()).removeprefix(title)
    bodies = [passage.text for passage in cut([(None, text)])] or [""]
    return [
        Entry(
            entity="document",
            entity_id=number,
            passage=place,
            title=title or "untitled",
            body=body,
            meaning=f"{title or 'untitled'}\n{body}",
        )
        for place, body in enumerate(bodies)
    ]


def judgements() -> dict[int, set[str]]:
    """Query, by its place, -> documents that are judged, to whatever degree."""
    relevant: dict[int, set[str]] = {}
    for line in (FOLDER / "cranqrel").read_text().splitlines():
        query, document, _grade = line.split()
        relevant.setdefault(int(query), set()).add(document)
    return relevant


def ndcg(ranked: list[str], relevant: set[str]) -> float:
    gains = [1 / np.log2(place + 2) for place in range(DEPTH)]
    best = sum(gains[: len(relevant)])
    return float(
        sum(gain for gain, document in zip(gains, ranked, strict=False) if document in relevant) / best
    )


@pytest.fixture
def indexed(db: None, embedder: StaticEmbedder) -> None:
    rows = [Row.of(entry, embedder.id) for block in blocks("cran.all.1400") for entry in passages(block)]
    vectors = embedder.embed_documents([row.entry.meaning for row in rows])
    documents = DocumentRows()
    documents.begin()
    addresses = [(row.entry.entity_id, row.entry.passage) for row in rows]
    documents.write(rows, dict(zip(addresses, vectors, strict=True)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as autovacuum does some seconds after a load


def test_ranking_is_as_good_as_it_was(indexed: None, find: FindDocuments) -> None:
    queries = [" ".join(block.split("\n", 2)[2].split()) for block in blocks("cran.qry")]
    relevant = judgements()
    for mode, floor in FLOORS.items():
        builder = QueryBuilder().entities(["document"]).mode(mode).page(1, DEPTH).highlight(wanted=False)
        scores = [
            ndcg([hit.entity_id for hit in find(builder.text(text).build()).hits], relevant[number])
            for number, text in enumerate(queries, 1)
        ]
        assert np.mean(scores) >= floor, mode
