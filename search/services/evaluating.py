"""How good the ranking is, on a collection whose answers are known."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from search.domain import Fusion, Index, Mode
from search.embedding import Embedder
from search.errors import EngineRejected
from search.judged import Document, Judged
from search.measures import DEPTH, Quality, mean, quality
from search.outbox import Outbox
from search.ports import IndexWriter, Searcher
from search.query import QueryBuilder
from search.repositories import DocumentRows, Row
from search.services.finding import FindDocuments

_BATCH = 1000

Told = Callable[[int], None]
"""Is told after each step how many have been done."""


@dataclass(frozen=True, kw_only=True)
class IndexCollection:
    """Write a collection into the rows, which should be empty (`search.scratch`)."""

    rows: DocumentRows
    embedder: Embedder
    atomic: Callable[[], AbstractContextManager[Any]]

    def __call__(self, documents: Iterable[Document], told: Told) -> int:
        """How many passages it has. `told` counts documents."""
        count = 0
        for some in _batched(documents):
            rows = [
                Row.of(entry, self.embedder.id)
                for entry in chain.from_iterable(document.entries() for document in some)
            ]
            vectors = self.embedder.embed_documents([row.entry.meaning for row in rows])
            addresses = [(row.entry.entity_id, row.entry.passage) for row in rows]
            with self.atomic(), self.rows.writing():
                self.rows.write(rows, dict(zip(addresses, vectors, strict=True)))
            count += len(rows)
            told(len(some))
        return count


@dataclass(frozen=True, kw_only=True)
class FillCollection:
    """Send all rows of an entity to a collection of the search server that nothing else is sent to."""

    outbox: Outbox
    writer: IndexWriter

    def __call__(self, index: Index, name: str) -> None:
        """Raises EngineRejected for the first passage that the server refuses."""
        last = 0
        while rows := self.outbox.rows_after(last, index.entity, _BATCH):
            for address, reason in self.writer.write(name, index, rows).failures.items():
                raise EngineRejected(f"Typesense refuses {address.entity_id}: {reason}")
            last = rows[-1].id


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Ask one engine every query of a collection that it has indexed."""

    searcher: Searcher
    embedder: Embedder

    def __call__(self, judged: Judged, told: Told, *, fusion: Fusion | None = None) -> Mapping[Mode, Quality]:
        """By mode. `told` counts queries, of which there are those of the collection in each mode. `fusion`: of hybrid."""
        return {mode: mean(self._qualities(judged, mode, fusion, told)) for mode in Mode}

    def _qualities(self, judged: Judged, mode: Mode, fusion: Fusion | None, told: Told) -> Iterator[Quality]:
        find = FindDocuments(searcher=self.searcher, embedder=self.embedder)
        builder = QueryBuilder().entities(["document"]).mode(mode).fusion(fusion).page(1, DEPTH)
        builder = builder.highlight(wanted=False)
        for key, text in judged.queries.items():
            hits = find(builder.text(text).build()).hits
            yield quality([hit.entity_id for hit in hits], judged.gains[key])
            told(1)


def _batched(documents: Iterable[Document]) -> Iterator[list[Document]]:
    iterator = iter(documents)
    while some := list(islice(iterator, _BATCH)):
        yield some
