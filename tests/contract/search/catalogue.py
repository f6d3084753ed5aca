"""What the engines of the suite are filled with, and how they are asked."""

from collections.abc import Callable
from typing import Any

from search.domain import Entry, Found
from search.embedding import StaticEmbedder
from search.query import QueryBuilder
from search.services import FindDocuments

EMBEDDER = StaticEmbedder()


def product(sku: str, title: str, body: str, category: str, cents: int) -> Entry:
    return Entry(
        entity="product",
        entity_id=sku,
        title=title,
        body=body,
        meaning=f"{title}\n{body}",
        facets={"category": category, "currency": "EUR"},
        numbers={"price": cents},
        url=f"/products/{sku}",
    )


ENTRIES = [
    product("P1", "Red running shoe", "A light shoe for runners on the road.", "Shoes", 5990),
    product("P2", "Hiking boot", "Sturdy footwear with a red lining for the mountains.", "Shoes", 12900),
    product("P3", "Steel kettle", "Boils water within two minutes.", "Kitchen", 1900),
    product("P4", "Garden chair", "Folds flat; wood from oiled teak.", "Garden", 4900),
    product(
        "P5", "Tea <b>glass</b> & saucer", "Heat proof glass for hot drinks, hand blown.", "Kitchen", 900
    ),
    Entry(
        entity="user",
        entity_id="7",
        title="A••• (user 7)",
        body="Data engineer at Acme. Berlin, Germany",
        personal_title="Ada Lovelace",
        meaning="Data engineer at Acme. Berlin, Germany",
        facets={"city": "Berlin", "country": "DE"},
        dates={"created_at": "2024-03-01"},
    ),
    Entry(
        entity="user",
        entity_id="8",
        title="G••• (user 8)",
        body="Accountant at Acme. Paris, France",
        personal_title="Grace Hopper",
        meaning="Accountant at Acme. Paris, France",
        facets={"city": "Paris", "country": "FR"},
        dates={"created_at": "2024-05-01"},
    ),
    *(
        Entry(
            entity="document",
            entity_id="D1",
            passage=number,
            page=number + 1,
            title="Manual of the engine",
            body=body,
            meaning=body,
            facets={"format": "pdf"},
            numbers={"pages": 3},
        )
        for number, body in enumerate(
            [
                "Start the engine gently.",
                "Change the oil of the engine every year.",
                "Warranty ends after two years.",
            ]
        )
    ),
]
Find = Callable[..., Found]


def finder(subject: Any) -> Find:
    subject.index(ENTRIES, EMBEDDER.embed_documents([entry.meaning for entry in ENTRIES]))
    service = FindDocuments(searcher=subject.searcher, embedder=EMBEDDER)

    def answer(
        text: str = "", mode: str = "keyword", build: Callable[[QueryBuilder], QueryBuilder] | None = None
    ) -> Found:
        builder = QueryBuilder().text(text).mode(mode)
        return service((build(builder) if build else builder).build())

    return answer


def ids(found: Found) -> list[str]:
    return [hit.entity_id for hit in found.hits]
