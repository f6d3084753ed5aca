"""Answering queries."""

from dataclasses import dataclass

from search.domain import Found, Mode
from search.embedding import Embedder
from search.ports import Searcher
from search.query import SearchQuery
from search.repositories import Meanings


@dataclass(frozen=True, kw_only=True)
class FindDocuments:
    """Answer a search query."""

    searcher: Searcher
    embedder: Embedder

    def __call__(self, query: SearchQuery) -> Found:
        wants_meaning = query.mode is not Mode.KEYWORD
        return self.searcher.search(query, self.embedder.embed_query(query.text) if wants_meaning else None)


@dataclass(frozen=True, kw_only=True)
class FindSimilar:
    """Find the records that are most like one of the index."""

    searcher: Searcher
    meanings: Meanings

    def __call__(self, query: SearchQuery) -> Found:
        """At most `query.page_size`, the likest first. Raises NoSuchRecord for a key that the rows do not have."""
        (entity,) = query.entities
        return self.searcher.similar(query, self.meanings.of(entity, query.like))
