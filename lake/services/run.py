"""Bringing the lake up to date with the layers that are published."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from governance.feed import ChangeFeed, FeedBusy, Window
from governance.models import Run
from governance.services import track
from lake.domain import Published, TableFacts
from lake.repositories import PublishedTables
from lake.services.publishing import PublishTable, TableChange
from lake.sources import News, PublishedLayer, Source
from lake.tables import LakeTables
from lakehouse_project.kernel.events import EventBus

RUN = "lake"
OnProgress = Callable[[int, int], None]
"""Is told how many of how many tables are published."""


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class PublishLake:
    """Publish the partitions that changed. What is committed to the storage comes first, then the watermark.

    The transaction that holds the watermark writes nothing until all is published: it keeps no other stage waiting.
    """

    layers: Sequence[PublishedLayer]
    publish: PublishTable
    tables: LakeTables
    published: PublishedTables
    feed: ChangeFeed
    events: EventBus
    atomic: Callable[[], AbstractContextManager[Any]]
    now: Callable[[], dt.datetime] = utc_now

    def __call__(self) -> Published:
        """Does nothing and records no run if there is no news, or if another runner is at it."""
        if not self._has_news():
            return Published()
        try:
            with track(RUN) as run:
                return self._publish(run)
        except FeedBusy:
            return Published()

    def everything(self, on_progress: OnProgress | None = None, *, run_id: str | None = None) -> Published:
        """Read all rows and publish what differs. Waits for another runner."""
        with track("rebuild", run_id=run_id, layer="lake") as run:
            run.report.listener = on_progress
            return self._publish(run, everything=True)

    def _has_news(self) -> bool:
        stamps, position = self._stamps(), self.feed.position()
        if any(source.spec.name not in stamps for layer in self.layers for source in layer.sources()):
            return True
        return any(layer.has_news(position, stamps) for layer in self.layers)

    def _stamps(self) -> Mapping[str, str]:
        """Of the tables that were published to where they are to be."""
        return {
            table.name: table.stamp
            for table in self.published.all()
            if table.location == self.tables.location(table.name)
        }

    def _publish(self, run: Run, *, everything: bool = False) -> Published:
        changes: dict[str, TableChange] = {}
        facts: list[TableFacts] = []
        with self.atomic(), self.feed.window(everything=everything) as window:
            stamps = self._stamps()
            sources = [source for layer in self.layers for source in layer.sources()]
            for done, source in enumerate(sources):
                run.report(done, len(sources))
                news = _news(source, window, stamps.get(source.spec.name))
                if news.partitions is None or news.partitions:
                    change = self.publish(source, news.partitions)
                    changes[source.spec.name] = change
                    facts.append(self._facts(source, change, news.stamp))
            self.published.save(facts)
            published = _sum(changes)
            if not published.is_nothing:
                self.events.publish("lake.changed")
        run.counts = dict(published.rows)
        run.message = f"{published.partitions:,} partitions were replaced."
        return published

    def _facts(self, source: Source, change: TableChange, stamp: str) -> TableFacts:
        head = change.head
        return TableFacts(
            name=source.spec.name,
            location=self.tables.location(source.spec.name),
            partition_by=source.spec.partition_by,
            version=head.version,
            rows=head.rows,
            size=head.size,
            files=head.files,
            partitions=head.partitions,
            published_at=self.now(),
            stamp=stamp,
        )


def _news(source: Source, window: Window, stamp: str | None) -> News:
    """A table that was never published there is published whole; the stamp is taken before its rows are read."""
    news = source.news(window, stamp or "")
    return News(None, news.stamp) if stamp is None or window.is_full else news


def _sum(changes: Mapping[str, TableChange]) -> Published:
    rows = {name: change.rows for name, change in changes.items() if change.partitions}
    return Published(rows, sum(change.partitions for change in changes.values()))
