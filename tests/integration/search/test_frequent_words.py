"""Words that are in more passages than anybody waits for to be ranked: the best are found all the same, and it is told."""

from collections.abc import Callable, Sequence

import pytest
from django.db import transaction

from search.domain import Entry, Found
from search.embedding import StaticEmbedder
from search.engines.postgres import PostgresSearcher
from search.query import QueryBuilder
from search.services import FindDocuments
from tests.contract.search.conftest import write_rows

MOST = 20
Find = Callable[..., Found]


def passage(key: str, number: int, body: str, title: str = "Notes", **facets: str) -> Entry:
    return Entry(
        entity="document", entity_id=key, passage=number, title=title, body=body, meaning=body,
        facets={"format": "text"} | facets,
    )  # fmt: skip


def corpus() -> Sequence[Entry]:
    """A long document with "engine" in each passage, then others that have it, too, then the one product."""
    book = [passage("book", number, "engine") for number in range(100)]
    others = [passage(f"D{number:02}", 0, f"engine number {number}") for number in range(60)]
    special = [
        passage("guide", 0, "How to begin", title="Engine guide"),
        passage("oil", 70, "engine with zirconium"),
        passage("pdf", 0, "engine", format="pdf"),
        Entry(entity="product", entity_id="P1", title="Pump", body="for an engine", meaning="Pump", numbers={"price": 5}),
    ]  # fmt: skip
    return [*book, *others, *special]


@pytest.fixture
def find(db: None) -> Find:
    entries = corpus()
    embedder = StaticEmbedder()
    write_rows(entries, embedder.embed_documents([entry.meaning for entry in entries]))
    searcher = PostgresSearcher(atomic=transaction.atomic, embedder=embedder.id, most_ranked=MOST)
    service = FindDocuments(searcher=searcher, embedder=embedder)

    def answer(text: str, build: Callable[[QueryBuilder], QueryBuilder] = lambda query: query) -> Found:
        return service(build(QueryBuilder().text(text).mode("keyword").all_facets()).build())

    return answer


def ids(found: Found) -> list[str]:
    return [hit.entity_id for hit in found.hits]


def test_titles_and_other_kinds_are_found_and_the_answer_says_that_there_may_be_more(find: Find) -> None:
    found = find("engine")
    assert found.more
    assert {"guide", "P1"} <= set(ids(found))
    assert found.facets["entity"]["product"] == 1
    assert found.count == len(ids(find("engine", lambda query: query.page(1, 250)))) < 60


def test_a_rarer_word_leads_to_what_has_it(find: Find) -> None:
    assert ids(find("engine zirconium"))[0] == "oil"
    assert ids(find("engine zirconium -number"))[0] == "oil"
    assert not find("zirconium ").more


def test_pages_hold_each_hit_once_and_end_with_the_count(find: Find) -> None:
    whole = ids(find("engine number", lambda query: query.page(1, 250)))
    paged = [
        key for page in range(1, 20) for key in ids(find("engine number", lambda q, p=page: q.page(p, 5)))
    ]
    assert paged == whole
    assert len(whole) == len(set(whole)) == find("engine number").count


def test_one_long_document_does_not_hide_the_others(find: Find) -> None:
    """Its later passages come after the earlier ones of all."""
    service_most = PostgresSearcher(atomic=transaction.atomic, embedder=StaticEmbedder.id, most_ranked=80)
    found = service_most.search(QueryBuilder().text("engine").mode("keyword").page(1, 250).build(), None)
    assert found.more
    assert len([key for key in ids(found) if key.startswith("D")]) >= 25


def test_a_filter_and_a_sort_are_about_all_that_matches(find: Find) -> None:
    assert ids(find("engine", lambda query: query.entities(["document"]).equals("format", ["pdf"]))) == [
        "pdf"
    ]
    found = find("engine", lambda query: query.entities(["document"]).sort(["-title"]).page(1, 250))
    assert not found.more
    assert found.count == len(found.hits) == 64
