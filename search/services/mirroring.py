"""Keeping the search server in step with the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import structlog

from search.breaker import Breaker
from search.collections import Collections
from search.domain import Delivery, DocumentId, Index, Stored, indexes_of
from search.errors import CollectionMissing, EngineRefused, EngineRejected, EngineUnavailable, MirrorBusy
from search.outbox import Outbox
from search.ports import IndexAdmin, IndexWriter
from search.services.rebuilding import RebuildIndexes
from search.services.sweeping import DropUnknown
from search.services.wording import GiveSynonyms

log = structlog.get_logger(__name__)

BATCH = 500
"""Passages sent at once: about 2 MB."""


@dataclass(frozen=True, kw_only=True)
class SendChanges:
    """Send what waits in the outbox. What the server refuses stays there, and holds up nothing else."""

    outbox: Outbox
    collections: Collections
    writer: IndexWriter

    def __call__(self) -> int:
        """How many entries were sent, 0 if none was due. Raises MirrorBusy, EngineUnavailable, EngineRefused."""
        with self.outbox.sending():
            due = self.outbox.due(BATCH)
            addresses = [entry.address for entry in due]
            rows = self.outbox.rows(addresses)
            failures: dict[DocumentId, str] = {}
            for entity, some in groupby(sorted(addresses), key=attrgetter("entity")):
                failures |= self._send(entity, list(some), rows)
            self.outbox.settle(due, failures)
        if failures:
            log.warning("passages_refused", count=len(failures), first=next(iter(failures.values())))
        return len(due)

    def _send(
        self, entity: str, addresses: Sequence[DocumentId], rows: Mapping[DocumentId, Stored]
    ) -> Mapping[DocumentId, str]:
        there = [rows[address] for address in addresses if address in rows]
        gone = [address for address in addresses if address not in rows]
        failures: dict[DocumentId, str] = {}
        for index in indexes_of(entity):
            for name in self.collections.fed(index):
                failures |= self._put(name, index, there, gone).failures
        return failures

    def _put(self, name: str, index: Index, there: Sequence[Stored], gone: Sequence[DocumentId]) -> Delivery:
        """A collection that somebody dropped gets nothing: it is built anew, from rows that hold all of this. A request that
        is refused as a whole is a refusal of each passage, so that the rest of the outbox goes on."""
        try:
            self.writer.remove(name, gone)
            return self.writer.write(name, index, there)
        except CollectionMissing:
            log.warning("collection_lost", collection=name)
            self.collections.lost(name)
            return Delivery()
        except EngineRejected as error:
            return Delivery(dict.fromkeys([*(row.address for row in there), *gone], error.message))


@dataclass(frozen=True, kw_only=True)
class MirrorChanges:
    """Bring the search server up to date: build what is missing, send what waits, drop what was replaced."""

    breaker: Breaker
    admin: IndexAdmin
    collections: Collections
    rebuild: RebuildIndexes
    give_synonyms: GiveSynonyms
    send: SendChanges
    drop_unknown: DropUnknown

    def __call__(self) -> int:
        """How many passages were sent. Does nothing while the server is left alone, or if others are at it."""
        if self.breaker.refusal():
            return 0
        try:
            sent = self._everything()
        except EngineUnavailable as error:
            self.breaker.failed(error.message)
            log.warning("search_server_down", reason=error.message)
            return 0
        except (EngineRefused, EngineRejected) as error:
            log.warning("search_server_refuses", reason=error.message)
            return 0
        self.breaker.worked()
        return sent

    def _everything(self) -> int:
        self.rebuild.missing()
        self.give_synonyms()
        sent = 0
        try:
            while some := self.send():
                sent += some
        except MirrorBusy:
            return sent
        for name in self.collections.droppable():
            self.admin.drop(name)
            self.collections.forget(name)
        self.drop_unknown()
        return sent
