"""The engines that have to pass the suite. A new one needs an entry in `ENGINES` and nothing else."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from search.domain import Entry
    from search.services import Searcher


class PostgresSubject:
    """Documents are searchable as soon as their rows are written."""

    def __init__(self) -> None:
        from django.db import transaction

        from search.engines.postgres import PostgresSearcher

        self.searcher: Searcher = PostgresSearcher(atomic=transaction.atomic)

    def index(self, entries: "Sequence[Entry]", vectors: Any) -> None:
        from django.db import transaction

        from search.repositories import DocumentRows, Row

        rows = [Row(entry, entry.version("test"), entry.meaning_hash("test")) for entry in entries]
        addresses = [(entry.entity_id, entry.passage) for entry in entries]
        with transaction.atomic():
            documents = DocumentRows()
            documents.begin()
            documents.write(rows, dict(zip(addresses, vectors, strict=True)))


ENGINES: dict[str, Callable[[], Any]] = {"postgresql": PostgresSubject}


@pytest.fixture(params=ENGINES)
def subject(request: pytest.FixtureRequest, db: None) -> Any:
    return ENGINES[request.param]()
