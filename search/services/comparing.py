"""Comparing the search server with the rows, and repairing what differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from governance.quality import Measure, record
from governance.services import track
from search.collections import Collections
from search.differences import Differences
from search.domain import INDEXES, Drift, Index
from search.errors import NoMirror
from search.outbox import Outbox
from search.ports import IndexAdmin, IndexWriter


@dataclass(frozen=True, kw_only=True)
class Compare:
    """How a collection differs from the rows. What still waits in the outbox is no difference."""

    outbox: Outbox
    admin: IndexAdmin
    differences: Differences

    def __call__(self, index: Index, collection: str) -> Drift:
        """Nothing is sent meanwhile: the rows are read after the collection, and every change since is in the outbox."""
        with self.outbox.sending(wait=True):
            return self.differences(index.entity, self.admin.versions(collection), self.admin.address_of)


@dataclass(frozen=True, kw_only=True)
class Reconcile:
    """Report what the search server lacks, has too much or has of an older version; repair it if that is wanted."""

    compare: Compare
    collections: Collections
    outbox: Outbox
    writer: IndexWriter

    def __call__(self, *, is_repaired: bool = False, run_id: str | None = None) -> Mapping[str, Drift]:
        """Drift by index. Raises NoMirror where nothing has been built, EngineUnavailable."""
        with track("reconcile", run_id=run_id, repair=is_repaired) as run:
            drifts: dict[str, Drift] = {}
            for index, drift in self._drifts(is_repaired=is_repaired):
                drifts[index.alias] = drift
                run.report(len(drifts), len(INDEXES))
            run.counts = _totals(drifts)
            run.message = _sentence(drifts, is_repaired=is_repaired)
            for alias, drift in drifts.items():
                record(run, _measures(alias, drift))
        return drifts

    def _drifts(self, *, is_repaired: bool) -> Iterator[tuple[Index, Drift]]:
        live = [(index, name) for index in INDEXES if (name := self.collections.live(index)) is not None]
        if not live:
            raise NoMirror("No index has been built on the search server yet. `lakehouse reindex` builds it.")
        for index, name in live:
            drift = self.compare(index, name)
            if is_repaired and drift:
                self.outbox.enter([*drift.missing, *drift.extra, *drift.stale])
                self.writer.remove_keys(name, drift.unknown)
            yield index, drift


def _measures(alias: str, drift: Drift) -> Iterator[Measure]:
    for name, count in drift.counts.items():
        yield Measure(
            f"search {alias}", f"passages {name} on the search server", count, _examples(drift, name)
        )


def _totals(drifts: Mapping[str, Drift]) -> dict[str, Any]:
    names = ("missing", "extra", "stale")
    totals = {name: sum(drift.counts[name] for drift in drifts.values()) for name in names}
    return {"compared": sum(drift.compared for drift in drifts.values()), **totals}


def _sentence(drifts: Mapping[str, Drift], *, is_repaired: bool) -> str:
    differing = [
        f"{alias}: " + ", ".join(f"{count} {name}" for name, count in drift.counts.items() if count)
        for alias, drift in drifts.items()
        if drift
    ]
    if not differing:
        return "The search server holds what the rows hold."
    return "; ".join(differing) + (
        ". Sent again." if is_repaired else ". `lakehouse reconcile --repair` mends it."
    )


def _examples(drift: Drift, check: str) -> str:
    """Some of the passages concerned."""
    some = getattr(drift, check)[:5]
    return ", ".join(f"{address.entity_id}#{address.passage}" for address in some)
