"""Building indexes of the search server anew while the old ones answer."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from governance.backoff import is_resting
from governance.services import track
from search.collections import Collections
from search.domain import INDEXES, Index
from search.errors import EngineRejected, EngineUnavailable, MirrorBusy, RebuildRefused
from search.outbox import Outbox
from search.ports import IndexAdmin, IndexWriter
from search.services.comparing import Compare
from search.services.wording import GiveSynonyms

log = structlog.get_logger(__name__)

BATCH = 500
MOST_REFUSED = 0.01
"""Share of the passages that the server may refuse; with more, the fault is not in the passages."""


@dataclass(frozen=True, kw_only=True)
class RebuildIndexes:
    """New collections from the rows, which carry the embeddings; then the aliases are swapped.

    Changes made meanwhile go to the old collection and to the new one, each under the lock of the outbox: the new one
    is complete when the last row is in.
    """

    outbox: Outbox
    collections: Collections
    writer: IndexWriter
    admin: IndexAdmin
    compare: Compare
    give_synonyms: GiveSynonyms
    stamp: Callable[[], str]

    def __call__(
        self,
        indexes: Sequence[Index] = INDEXES,
        *,
        run_id: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, int]:
        """Passages by index. Waits for a rebuild that is under way.

        Raises RebuildRefused, EngineUnavailable, EngineRefused, EngineRejected; what answered before still does.
        """
        with self.collections.rebuilding(wait=True):
            return self._all(indexes, run_id, on_progress)

    def missing(self) -> None:
        """Build what does not serve: what was never built, has missed changes, is of an older layout or was dropped.

        Does nothing if somebody else rebuilds, or if it failed a short while ago. Raises EngineUnavailable.
        """
        for index in INDEXES:
            name = self.collections.live(index)
            if name is not None and self.admin.pointed(index) != name:
                self.collections.lost(name)
        unready = [] if is_resting("reindex") else self.collections.unready()
        if not unready and not self.collections.abandoned():
            return
        try:
            with self.collections.rebuilding():
                if unready:
                    self._all(unready)
                else:
                    self._drop_abandoned()
        except MirrorBusy:
            return
        except (RebuildRefused, EngineRejected) as error:
            log.warning("rebuild_failed", reason=error.message)

    def _all(
        self,
        indexes: Sequence[Index],
        run_id: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> dict[str, int]:
        counts: dict[str, int] = {}
        with track("reindex", run_id=run_id, indexes=[index.alias for index in indexes]) as run:
            run.report.listener = on_progress
            self._drop_abandoned()
            for number, index in enumerate(indexes, 1):
                counts[index.alias] = self._rebuild(index)
                run.counts = counts
                run.report(number, len(indexes))
        return counts

    def _drop_abandoned(self) -> None:
        """What a rebuild left behind that was cut off. Call it as the one who rebuilds."""
        for name in self.collections.abandoned():
            self.admin.drop(name)
            self.collections.forget(name)

    def _rebuild(self, index: Index) -> int:
        name = self.admin.name_for(index, self.stamp())
        self.admin.create(index, name)
        self.collections.begin(index, name)
        try:
            self.give_synonyms.to(name)
            count = self._load(index, name)
            self._require_equal(index, name, count)
        except (RebuildRefused, EngineRejected):
            self._give_up(name)
            raise
        self.admin.point(index, name)
        self.collections.take_into_use(index, name, count)
        log.info("index_rebuilt", index=index.alias, collection=name, passages=count)
        return count

    def _load(self, index: Index, name: str) -> int:
        """Each batch under the lock, so that no change of a passage can come between its reading and its sending."""
        last = count = refused = 0
        reason = ""
        while True:
            with self.outbox.sending(wait=True):
                rows = self.outbox.rows_after(last, index.entity, BATCH)
                failures = self.writer.write(name, index, rows).failures
                self.outbox.note(failures)
            if not rows:
                break
            last, count, refused = rows[-1].id, count + len(rows), refused + len(failures)
            reason = reason or next(iter(failures.values()), "")
        if refused > max(count * MOST_REFUSED, 1):
            raise RebuildRefused(
                f"Typesense refuses {refused} of {count} passages of {index.alias}: {reason}"
            )
        return count

    def _require_equal(self, index: Index, name: str, count: int) -> None:
        drift = self.compare(index, name)
        if drift:
            told = ", ".join(f"{number} {what}" for what, number in drift.counts.items() if number)
            raise RebuildRefused(
                f"The new index {index.alias} differs from the rows ({told}); the old one stays in use."
            )

    def _give_up(self, name: str) -> None:
        self.collections.forget(name)
        with suppress(EngineUnavailable):
            self.admin.drop(name)
