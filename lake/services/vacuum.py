"""Removing files that no reader needs any more."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from governance.feed import ChangeFeed, FeedBusy
from governance.services import track
from lake.delta import DeltaLog
from lake.domain import TableState
from lake.manifests import Catalogue
from lake.repositories import PublishedTables
from lake.storage import Storage


@dataclass(frozen=True, kw_only=True)
class VacuumLake:
    """Delete the files of former versions that were replaced more than `grace_hours` ago, and what killed runs have left.

    Nothing is published meanwhile. The catalogues, also that of Athena (`follow`), are brought to the newest version first,
    so that they name none of them; where that fails, nothing is deleted.
    """

    storage: Storage
    published: PublishedTables
    feed: ChangeFeed
    atomic: Callable[[], AbstractContextManager[Any]]
    grace_hours: int
    follow: Callable[[], None] = lambda: None

    def __call__(self) -> int:
        """How many files were deleted; 0 and no run where a publisher is at work."""
        self.follow()
        try:
            with track("vacuum") as run, self.atomic():
                self.feed.claim()
                run.counts = {table.name: self._vacuum(table.name) for table in self.published.all()}
                return sum(run.counts.values())
        except FeedBusy:
            return 0

    def _vacuum(self, name: str) -> int:
        log = DeltaLog(storage=self.storage, name=name)
        state = log.state()
        if state is None:
            return 0
        catalogue = Catalogue(storage=self.storage, name=name)
        self._bring(catalogue, state)
        removed = log.vacuum(self.grace_hours)
        if removed and (now := log.state()):
            self._bring(catalogue, now)  # delta-rs writes into the log that it has cleaned up
        catalogue.sweep(dt.datetime.now(dt.UTC) - dt.timedelta(hours=self.grace_hours))
        return removed

    def _bring(self, catalogue: Catalogue, state: TableState) -> None:
        root = catalogue.root()
        if root is None or root.head.version != state.version:
            catalogue.write(state)
