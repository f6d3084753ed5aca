"""Answering queries."""

from dataclasses import dataclass, replace

from lakehouse_project.kernel.errors import FieldError, InvalidInput
from search.domain import Found, Fusion, Mode
from search.embedding import Embedder
from search.errors import NoSuchRecord
from search.ports import Searcher
from search.query import SearchQuery, fields_of
from search.repositories import Meanings
from search.visibility import hidden_entities


def visible(query: SearchQuery) -> SearchQuery:
    """The query without the entities that are hidden from the caller, and without the facets that they alone have."""
    unseen = hidden_entities()
    if not unseen & set(query.entities):
        return query
    entities = tuple(entity for entity in query.entities if entity not in unseen)
    fields = {"entity", *fields_of(entities)}
    facets = tuple(name for name in query.facets if name in fields)
    return replace(query, entities=entities, facets=facets)


@dataclass(frozen=True, kw_only=True)
class FindDocuments:
    """Answer a search query."""

    searcher: Searcher
    embedder: Embedder

    def __call__(self, query: SearchQuery) -> Found:
        query = visible(query)
        if not query.entities:
            return Found()
        self._require(query.fusion)
        wants_meaning = query.mode is not Mode.KEYWORD
        return self.searcher.search(query, self.embedder.embed_query(query.text) if wants_meaning else None)

    def _require(self, fusion: Fusion | None) -> None:
        able = self.searcher.capabilities() if fusion else None
        if able and fusion not in able.fusions:
            message = f"{able.engine} does not fuse by {fusion}: it can {', '.join(able.fusions)}."
            raise InvalidInput(message, errors=[FieldError("fusion", "unsupported", message, value=fusion)])


@dataclass(frozen=True, kw_only=True)
class FindSimilar:
    """Find the records that are most like one of the index."""

    searcher: Searcher
    meanings: Meanings

    def __call__(self, query: SearchQuery) -> Found:
        """At most `query.page_size`, the likest first. Raises NoSuchRecord for a key that the rows do not have."""
        (entity,) = query.entities
        if entity in hidden_entities():
            raise NoSuchRecord(f"The index has no {entity} {query.like}.", entity=entity, key=query.like)
        return self.searcher.similar(query, self.meanings.of(entity, query.like))
