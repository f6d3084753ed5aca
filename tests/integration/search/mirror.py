"""The services that keep a search server in step, built by hand over any server."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from search.breaker import Breaker
from search.collections import Collections
from search.differences import Differences
from search.embedding import StaticEmbedder
from search.engines.typesense.index import SCHEMA, TypesenseIndex
from search.outbox import Outbox
from search.services import MirrorChanges, RebuildIndexes, Reconcile, SendChanges
from search.services.comparing import Compare
from search.services.sweeping import DropUnknown
from search.services.wording import GiveSynonyms

_STAMPS = count(1)


@dataclass(frozen=True)
class Mirror:
    """Everything around one server."""

    index: TypesenseIndex
    oldest: str = "00000000"
    outbox: Outbox = field(default_factory=lambda: Outbox(StaticEmbedder.id))
    breaker: Breaker = field(default_factory=lambda: Breaker("typesense"))

    @property
    def collections(self) -> Collections:
        return Collections(server=self.index.client.url, layout=SCHEMA, embedder=self.outbox.embedder)

    @property
    def compare(self) -> Compare:
        return Compare(outbox=self.outbox, admin=self.index, differences=Differences())

    @property
    def rebuild(self) -> RebuildIndexes:
        return RebuildIndexes(
            outbox=self.outbox,
            collections=self.collections,
            writer=self.index,
            admin=self.index,
            compare=self.compare,
            give_synonyms=self.give_synonyms,
            stamp=lambda: f"{next(_STAMPS):08}",
        )

    @property
    def give_synonyms(self) -> GiveSynonyms:
        return GiveSynonyms(admin=self.index, collections=self.collections)

    @property
    def send(self) -> SendChanges:
        return SendChanges(outbox=self.outbox, collections=self.collections, writer=self.index)

    @property
    def mirror(self) -> MirrorChanges:
        return MirrorChanges(
            breaker=self.breaker,
            admin=self.index,
            collections=self.collections,
            rebuild=self.rebuild,
            give_synonyms=self.give_synonyms,
            send=self.send,
            drop_unknown=DropUnknown(
                admin=self.index, collections=self.collections, oldest=lambda: self.oldest
            ),
        )

    @property
    def reconcile(self) -> Reconcile:
        return Reconcile(
            compare=self.compare, collections=self.collections, outbox=self.outbox, writer=self.index
        )


def rebuild_of(index: TypesenseIndex) -> Any:
    return Mirror(index).rebuild
