"""Which engine answers, and how the search server is doing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from search.breaker import Breaker
from search.collections import Collections
from search.domain import INDEXES, Index
from search.outbox import Outbox
from search.ports import Searcher
from search.visibility import hidden_entities


@dataclass(frozen=True, kw_only=True)
class DescribeEngine:
    """`collections` is None where no search server is configured. Asks the database alone."""

    searcher: Searcher
    breaker: Breaker
    outbox: Outbox
    collections: Collections | None

    def __call__(self) -> dict[str, Any]:
        reason = self._reason()
        return {
            "mode": "postgresql" if self.collections is None else "degraded" if reason else "typesense",
            "reason": reason,
            "capabilities": vars(self.searcher.capabilities()),
            "outbox": self.outbox.counts(),
            "collections": {
                index.alias: self.collections.live(index) if self.collections else None
                for index in (INDEXES if self.collections else ())
            },
        }

    def _reason(self) -> str:
        if self.collections is None:
            return ""
        unready = ", ".join(index.alias for index in self.collections.unready())
        return self.breaker.peek() or (f"Not built yet: {unready}." if unready else "")


class KeyIssuer(Protocol):
    """A search server that browsers may ask."""

    def alias(self, index: Index) -> str: ...

    def browser_key(self, secret: str, indexes: Sequence[Index], expires_at: int) -> str: ...


KEY_SECONDS = 3600


@dataclass(frozen=True, kw_only=True)
class IssueBrowserKey:
    """A key for pages that ask the search server themselves: for what every reader sees, and for an hour."""

    issuer: KeyIssuer
    url: str
    secret: str
    now: Callable[[], float]

    def __call__(self) -> dict[str, Any]:
        """Raises EngineUnavailable, EngineRefused."""
        unseen = hidden_entities()
        indexes = [index for index in INDEXES if not index.is_personal and index.entity not in unseen]
        expires_at = int(self.now()) + KEY_SECONDS
        return {
            "url": self.url,
            "key": self.issuer.browser_key(self.secret, indexes, expires_at),
            "expires_at": expires_at,
            "collections": [self.issuer.alias(index) for index in indexes],
        }
