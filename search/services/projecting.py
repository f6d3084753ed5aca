"""Bringing the rows of the index up to date."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from governance.feed import ChangeFeed, FeedBusy, Window
from governance.services import track
from search.domain import Entry, Projected, Stamp
from search.embedding import Embedder
from search.graph import MeaningGraph
from search.repositories import Address, DocumentRows, Row
from search.sources import SOURCES, Changes, Source

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class ProjectChanges:
    """Bring the index up to date with silver and the documents of bronze, at a cost that follows the change.

    What another embedder embedded is embedded anew, batch by batch, each a transaction of its own.
    """

    feed: ChangeFeed
    changes: Changes
    rows: DocumentRows
    embedder: Embedder
    atomic: Callable[[], AbstractContextManager[Any]]
    sources: Sequence[Source] = SOURCES

    def __call__(self) -> Projected:
        """Does nothing and records no run if there is no news, or if another runner is at it."""
        has_news = self.changes.has_news(self.feed.position())
        try:
            if has_news or self._graph.foreign():
                return self._tracked()
            self._complete()
        except FeedBusy:
            pass
        return Projected()

    def _tracked(self) -> Projected:
        with track("projection") as run:
            self._graph.make_room(self.changes.arriving(self.feed.position()))
            projected = self._embedded_anew() + self._project()
            self._complete()
            run.counts = vars(projected)
            return projected

    @property
    def _graph(self) -> MeaningGraph:
        return MeaningGraph(self.embedder.id, self.embedder.dims)

    def _complete(self) -> None:
        with self.atomic():
            self.feed.claim()
            self._graph.complete()

    def _embedded_anew(self) -> Projected:
        total, some = Projected(), self._some_embedded_anew()
        while some:
            total += some
            some = self._some_embedded_anew()
        return total

    def _some_embedded_anew(self) -> Projected:
        """The next batch of what another embedder embedded. What is there no more is removed."""
        total = Projected()
        with self.atomic(), self.rows.writing():
            self.feed.claim()
            self.rows.disown_mirrors_of_others(self.embedder.id)
            for source in self.sources:
                keys = self.rows.of_another_embedder(source.entity, self.embedder.id, source.batch)
                total += self._batch(source, keys)
        return total

    def _project(self) -> Projected:
        with self.atomic(), self.feed.window() as window, self.rows.writing():
            projected = self._everything() if window.is_full else self._touched(window)
            if projected:
                self.rows.disown_mirrors()
        return projected

    def _touched(self, window: Window) -> Projected:
        keys = self.changes.touched(window)
        total = Projected()
        for source in self.sources:
            for some in _batched(sorted(keys.get(source.entity, ())), source.batch):
                total += self._batch(source, some)
        return total

    def _everything(self) -> Projected:
        total = Projected()
        for source in self.sources:
            for keys in _batched(source.keys(), source.batch):
                self.rows.remember(source.entity, keys)
                total += self._batch(source, keys)
        return total + Projected(removed=self.rows.remove_forgotten())

    def _batch(self, source: Source, keys: Sequence[str]) -> Projected:
        """Write what differs from the index, remove what is there no more."""
        left = dict(self.rows.stamps(source.entity, keys))
        total = Projected()
        for entries in _batched(source.entries(keys), _WRITTEN_AT_ONCE):
            total += self._write(entries, left)
        return total + Projected(removed=self.rows.remove(source.entity, list(left)))

    def _write(self, entries: Sequence[Entry], left: dict[Address, Stamp]) -> Projected:
        """Write the entries that the index does not hold as they are; take all of them out of `left`."""
        known = [left.pop((entry.entity_id, entry.passage), _NOTHING) for entry in entries]
        rows = [Row.of(entry, self.embedder.id) for entry in entries]
        changed = [
            (row, stamp) for row, stamp in zip(rows, known, strict=True) if row.version != stamp.version
        ]
        fresh = [
            row
            for row, stamp in changed
            if row.embedded_hash != stamp.embedded_hash and row.entry.meaning.strip()
        ]
        vectors = self.embedder.embed_documents([row.entry.meaning for row in fresh])
        self.rows.write([row for row, _ in changed], dict(zip(map(_address, fresh), vectors, strict=True)))
        return Projected(written=len(changed), unchanged=len(rows) - len(changed), embedded=len(fresh))


_NOTHING = Stamp("", "")
_WRITTEN_AT_ONCE = 2000
"""Passages; bounds the memory whatever the size of a document."""


def _address(row: Row) -> Address:
    return row.entry.entity_id, row.entry.passage


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while some := list(islice(iterator, size)):
        yield some
