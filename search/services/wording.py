"""Telling the search server which words mean the same."""

from dataclasses import dataclass

import structlog

from search.collections import Collections
from search.domain import digest_of
from search.errors import CollectionMissing
from search.ports import IndexAdmin

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class GiveSynonyms:
    """Give collections the groups that staff have entered. One that the server refuses is not asked for again unchanged."""

    admin: IndexAdmin
    collections: Collections

    def __call__(self) -> None:
        """To those that have other ones, new collections as well. Raises EngineUnavailable, EngineRefused."""
        for name in self.collections.without_synonyms(digest_of(self.collections.synonyms())):
            try:
                self.to(name)
            except CollectionMissing:
                log.warning("collection_lost", collection=name)

    def to(self, name: str) -> None:
        """To this one. Raises CollectionMissing as well."""
        groups = self.collections.synonyms()
        refused = self.admin.define_synonyms(name, groups)
        for group, reason in refused.items():
            log.warning("synonyms_refused", group=group, collection=name, reason=reason)
        self.collections.have_synonyms(name, digest_of(groups))
