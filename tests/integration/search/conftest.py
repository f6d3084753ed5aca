"""A small warehouse to project and to search, and the services under test.

The fixtures import late: pytest reads this file before Django is set up.
"""

# ruff: noqa: PLC0415
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from search.embedding import StaticEmbedder
    from search.services import FindDocuments, ProjectChanges
    from tests.integration.search.warehouse import Warehouse


@pytest.fixture(scope="session")
def embedder() -> "StaticEmbedder":
    from search.embedding import StaticEmbedder

    return StaticEmbedder()


@pytest.fixture
def warehouse(db: None) -> "Warehouse":
    from silver.repositories.unknown import add_unknown_members
    from tests.integration.search.warehouse import Warehouse

    add_unknown_members()
    return Warehouse()


@pytest.fixture
def project(embedder: "StaticEmbedder") -> "ProjectChanges":
    from django.db import transaction

    from governance.feed import ChangeFeed
    from search.repositories import DocumentRows
    from search.services import ProjectChanges
    from search.sources import Changes

    return ProjectChanges(
        feed=ChangeFeed("search"),
        changes=Changes(),
        rows=DocumentRows(),
        embedder=embedder,
        atomic=transaction.atomic,
    )


@pytest.fixture
def find(embedder: "StaticEmbedder") -> "FindDocuments":
    from django.db import transaction

    from search.engines.postgres import PostgresSearcher
    from search.services import FindDocuments

    searcher = PostgresSearcher(atomic=transaction.atomic, embedder=embedder.id)
    return FindDocuments(searcher=searcher, embedder=embedder)


@pytest.fixture
def ask(find: "FindDocuments") -> Any:
    """Ids of the hits of a query, by default as somebody without the right to see personal data."""
    from search.query import QueryBuilder

    def ids(text: str, *, personal: bool = False, mode: str = "keyword", **equals: str) -> list[str]:
        builder = QueryBuilder().text(text).mode(mode).personal(is_shown=personal)
        for name, value in equals.items():
            builder = builder.equals(name, [value])
        return [hit.entity_id for hit in find(builder.build()).hits]

    return ids


@pytest.fixture
def indexed(warehouse: "Warehouse", project: "ProjectChanges") -> None:
    engineer = warehouse.job(1, "Data Engineer")
    for number, (name, city, country) in enumerate(
        [("Ada Lovelace", "Berlin", "DE"), ("Grace Hopper", "Berlin", "DE"), ("Alan Turing", "Paris", "FR")]
    ):
        warehouse.user(f"u{number}", name, city, country=country)
        warehouse.employment(f"u{number}", "Acme", "Data engineer", engineer)
    warehouse.product("S-1", "Red running shoe", "Shoes", "59.90", "Light & fast <on> the road")
    warehouse.product("S-2", "Blue walking shoe", "Shoes", "39.50", "For long ways")
    warehouse.product("S-3", "Kettle", "Kitchen", "19.00", "Boils water")
    warehouse.document(1, "Travel policy", ["Shoes are not paid for.", "Trains are paid for."])
    project()


@pytest.fixture
def viewer(db: None) -> "Client":
    from tests.integration.search.people import client_of

    return client_of("viewer")


@pytest.fixture
def curator(db: None) -> "Client":
    from tests.integration.search.people import client_of

    return client_of("curator")
