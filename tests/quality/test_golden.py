"""Quality of the ranking on seeded data: queries with judged answers must be answered as well as they were."""

import csv
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.db import transaction
from pypdf import PdfReader

from bronze.seeding import write_seed
from search import projection
from search.domain import Entry, Mode
from search.embedding import StaticEmbedder
from search.engines.postgres import PostgresSearcher
from search.judged import Document
from search.measures import Quality, mean, quality
from search.query import QueryBuilder
from search.repositories import DocumentRows, Row
from search.scratch import analyze
from search.services import FindDocuments

GOLDEN = tomllib.loads((Path(__file__).parent / "golden.toml").read_text("utf-8"))["query"]
FLOORS = {"keyword": 0.75, "semantic": 0.80, "hybrid": 0.88}
"""nDCG@10, some hundredths below what was measured."""
MOST_UNANSWERED = 0.0
"""By hybrid search."""

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def entries(folder: Path) -> Iterator[Entry]:
    for row in pl.read_parquet(folder / "products.parquet").unique("sku").iter_rows(named=True):
        known = {"description": row["description"] or row["name"], "category": row["category"]}
        yield projection.product(row | known)
    with (folder / "jobs.csv").open(encoding="utf-8") as file:
        for title in dict.fromkeys(row[1].strip() for row in csv.reader(file)):
            yield projection.named("job", title, title)
    for path in sorted((folder / "documents").iterdir()):
        title, _, text = readable(path).partition("\n")
        yield from Document(path.name[:4], title.strip("# "), text).entries()


def readable(path: Path) -> str:
    if path.suffix != ".pdf":
        return path.read_text("utf-8")
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


@pytest.fixture
def find(db: None, tmp_path: Path) -> FindDocuments:
    write_seed(tmp_path, scale=0.1, seed=7)
    embedder = StaticEmbedder()
    rows = [Row.of(entry, embedder.id) for entry in entries(tmp_path)]
    vectors = embedder.embed_documents([row.entry.meaning for row in rows])
    documents = DocumentRows()
    addresses = [(row.entry.entity_id, row.entry.passage) for row in rows]
    with documents.writing():
        documents.write(rows, dict(zip(addresses, vectors, strict=True)))
    analyze()
    searcher = PostgresSearcher(atomic=transaction.atomic, embedder=embedder.id)
    return FindDocuments(searcher=searcher, embedder=embedder)


def measured(find: FindDocuments, golden: dict[str, Any], mode: str) -> Quality:
    builder = (
        QueryBuilder().entities([golden["entity"]] if "entity" in golden else []).mode(mode).page(1, 100)
    )
    for name, value in golden.get("filter", {}).items():
        builder = builder.equals(name, [value])
    hits = find(builder.text(golden["text"]).highlight(wanted=False).build()).hits
    return quality([hit.entity_id for hit in hits], dict.fromkeys(golden["relevant"], 1.0))


def told(title: str, found: Quality) -> str:
    figures = (found.ndcg, found.recall, found.reciprocal_rank, found.unanswered)
    return f"{title:<24}" + "".join(f"{figure:>15.3f}" for figure in figures)


def test_golden_queries_are_answered_as_well_as_they_were(find: FindDocuments, record_property: Any) -> None:
    lines = [
        f"{'':<24}" + "".join(f"{name:>15}" for name in ("nDCG@10", "recall@100", "MRR", "nothing found"))
    ]
    overall = {}
    for mode in Mode:
        found = [(golden["kind"], measured(find, golden, mode)) for golden in GOLDEN]
        overall[str(mode)] = mean([each for _, each in found])
        kinds = dict.fromkeys(kind for kind, _ in found)
        lines += [told(f"{mode} {kind}", mean([each for of, each in found if of == kind])) for kind in kinds]
        lines.append(told(f"{mode}, all", overall[str(mode)]))
    record_property("table", "\n".join(lines))
    assert {mode: each.ndcg for mode, each in overall.items() if each.ndcg < FLOORS[mode]} == {}
    assert overall["hybrid"].unanswered <= MOST_UNANSWERED
