"""Answering queries."""

from dataclasses import dataclass

from search.domain import Found, Mode
from search.embedding import Embedder
from search.ports import Searcher
from search.query import SearchQuery


@dataclass(frozen=True, kw_only=True)
class FindDocuments:
    """Answer a search query."""

    searcher: Searcher
    embedder: Embedder

    def __call__(self, query: SearchQuery) -> Found:
        wants_meaning = query.mode is not Mode.KEYWORD
        return self.searcher.search(query, self.embedder.embed_query(query.text) if wants_meaning else None)
