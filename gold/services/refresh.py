"""Keeping the marts up to date with silver, at a cost that follows the change."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from gold.domain import Refreshed
from gold.registry import TABLES
from gold.repositories import MartChanges, TableStates
from gold.services.computing import ComputeMarts, OnProgress
from governance.feed import ChangeFeed, FeedBusy
from governance.services import track
from lakehouse_project.kernel.events import EventBus


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, kw_only=True)
class RefreshMarts:
    """Compute anew the groups that silver's changes touch, and those that change because a day has passed."""

    changes: MartChanges
    compute: ComputeMarts
    states: TableStates
    feed: ChangeFeed
    events: EventBus
    atomic: Callable[[], AbstractContextManager[Any]]
    now: Callable[[], dt.datetime] = utc_now

    def __call__(self) -> Refreshed:
        """Does nothing and records no run if there is no news, or if another runner is at it."""
        if not self.changes.has_news(self.feed.position(), self.now().date()):
            return Refreshed()
        try:
            with track("marts") as run:
                refreshed = self._refresh(run.report)
                run.counts = dict(refreshed.rows)
                return refreshed
        except FeedBusy:
            return Refreshed()

    def everything(self, on_progress: OnProgress | None = None, *, run_id: str | None = None) -> Refreshed:
        """Compute every group anew; rows that are right already are not written. Waits for another runner."""
        with track("rebuild", run_id=run_id, layer="gold") as run:
            run.report.listener = on_progress
            refreshed = self._refresh(run.report, everything=True)
            run.counts = dict(refreshed.rows)
            return refreshed

    def _refresh(self, on_progress: OnProgress, *, everything: bool = False) -> Refreshed:
        today = self.now().date()
        with self.atomic(), self.feed.window(everything=everything) as window:
            refreshed = self.compute(self.changes.touched(window, today), today, on_progress)
            computed = TABLES if window.is_full else frozenset[str]()
            self.states.changed(computed.union(refreshed.rows), self.now())
            if refreshed.rows:
                self.events.publish("gold.changed")
        return refreshed
