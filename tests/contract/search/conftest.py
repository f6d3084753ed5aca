"""The engines that have to pass the suite. A new one needs an entry in `ENGINES` and nothing else."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from search.domain import Entry
    from search.services import Searcher
    from tests.contract.search.catalogue import Find


class PostgresSubject:
    """Documents are searchable as soon as their rows are written."""

    def __init__(self) -> None:
        from django.db import transaction

        from search.embedding import StaticEmbedder
        from search.engines.postgres import PostgresSearcher

        self.searcher: Searcher = PostgresSearcher(atomic=transaction.atomic, embedder=StaticEmbedder.id)

    def index(self, entries: "Sequence[Entry]", vectors: Any) -> None:
        write_rows(entries, vectors)


class TypesenseSubject:
    """Documents are searchable once the collections have been built from the rows."""

    def __init__(self, url: str, key: str) -> None:
        from search.engines.typesense.client import TypesenseClient
        from search.engines.typesense.index import TypesenseIndex
        from search.engines.typesense.searcher import TypesenseSearcher

        prefix = f"test_{uuid.uuid4().hex[:12]}_"
        client = TypesenseClient(url=url, key=key, search_seconds=10)
        self.searcher: Searcher = TypesenseSearcher(client=client, prefix=prefix)
        self.admin = TypesenseIndex(client=client, prefix=prefix, dims=256)

    def index(self, entries: "Sequence[Entry]", vectors: Any) -> None:
        from search.domain import INDEXES

        write_rows(entries, vectors)
        assert self.rebuild() == {index.alias: rows_of(index.entity) for index in INDEXES}

    def rebuild(self) -> dict[str, int]:
        from tests.integration.search.mirror import rebuild_of

        return rebuild_of(self.admin)()

    def close(self) -> None:
        from search.domain import INDEXES

        for index in INDEXES:
            if (name := self.admin.pointed(index)) is not None:
                self.admin.client.ask("DELETE", f"/aliases/{self.admin.alias(index)}")
                self.admin.drop(name)
        self.admin.client.close()


def rows_of(entity: str) -> int:
    from search.models import SearchDocument

    return SearchDocument.objects.filter(entity=entity).count()


def write_rows(entries: "Sequence[Entry]", vectors: Any) -> None:
    from django.db import transaction

    from search.embedding import StaticEmbedder
    from search.repositories import DocumentRows, Row

    rows = [Row.of(entry, StaticEmbedder.id) for entry in entries]
    addresses = [(entry.entity_id, entry.passage) for entry in entries]
    documents = DocumentRows()
    with transaction.atomic(), documents.writing():
        documents.write(rows, dict(zip(addresses, vectors, strict=True)))


@contextmanager
def stand_in() -> Iterator[TypesenseSubject]:
    from tests.typesense.server import KEY, running

    with running() as server:
        subject = TypesenseSubject(server.url, KEY)
        yield subject
        subject.close()


@contextmanager
def real_server() -> Iterator[TypesenseSubject]:
    url = os.environ.get("REAL_TYPESENSE_URL")
    if not url:
        pytest.skip("TYPESENSE_URL names no search server.")
    subject = TypesenseSubject(url, os.environ["REAL_TYPESENSE_API_KEY"])
    yield subject
    subject.close()


ENGINES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "postgresql": lambda: nullcontext(PostgresSubject()),
    "typesense stand-in": stand_in,
    "typesense": real_server,
}


@pytest.fixture(params=ENGINES)
def subject(request: pytest.FixtureRequest, db: None) -> Iterator[Any]:
    with ENGINES[request.param]() as made:
        yield made


@pytest.fixture
def find(subject: Any) -> "Find":
    """Asks the engine, which holds the catalogue."""
    from tests.contract.search.catalogue import finder

    return finder(subject)
