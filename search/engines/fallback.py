"""The search server first; PostgreSQL, which has every row, while it cannot answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from search.breaker import Breaker
from search.collections import Collections
from search.domain import Capabilities, Found
from search.embedding import Vectors
from search.errors import CollectionMissing, EngineRefused, EngineRejected, EngineUnavailable
from search.ports import Searcher
from search.query import SearchQuery

log = structlog.get_logger(__name__)

NOT_BUILT = "The index on the search server is not built yet; the worker builds it."


@dataclass(frozen=True, kw_only=True)
class FallbackSearcher:
    """See `search.ports.Searcher`. Where `embedded` answers instead of `server`, the answer is degraded and says why."""

    server: Searcher
    embedded: Searcher
    breaker: Breaker
    collections: Collections

    def capabilities(self) -> Capabilities:
        """Of the engine that would answer now."""
        return (self.embedded if self.breaker.peek() else self.server).capabilities()

    def search(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        return self._answered(query, lambda engine: engine.search(query, meaning))

    def similar(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        return self._answered(query, lambda engine: engine.similar(query, meaning))

    def _answered(self, query: SearchQuery, ask: Callable[[Searcher], Found]) -> Found:
        found = self._asked(ask) if not (reason := self._refusal(query)) else reason
        if isinstance(found, Found):
            return found
        log.warning("search_degraded", reason=found)
        return replace(ask(self.embedded), degraded=True, reason=found)

    def _refusal(self, query: SearchQuery) -> str:
        """Why the server is not even asked; empty if it is."""
        if not self.collections.serves(query.entities, is_personal=query.is_personal_shown):
            return NOT_BUILT
        return self.breaker.refusal()

    def _asked(self, ask: Callable[[Searcher], Found]) -> Found | str:
        """What the server answers, or why it does not. Whatever it says, it is up."""
        try:
            found = ask(self.server)
        except EngineUnavailable as error:
            self.breaker.failed(error.message)
            return error.message
        except CollectionMissing:
            answer: Found | str = NOT_BUILT
        except (EngineRefused, EngineRejected) as error:
            answer = error.message
        else:
            answer = found
        self.breaker.worked()
        return answer
