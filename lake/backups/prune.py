"""Letting go of old backups."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

from lake.backups.depot import Depot, now
from lake.backups.domain import ROOT, Decision, Retention, decide
from lake.backups.repositories import Receipts

LOOSE_AFTER = timedelta(days=1)
"""What has no manifest by then belongs to no backup that is still being made."""


@dataclass(frozen=True)
class Plan:
    """What becomes of each backup, and the objects that killed runs have left, which go too."""

    decisions: tuple[Decision, ...]
    loose: tuple[str, ...]
    damaged: tuple[str, ...]

    @property
    def doomed(self) -> list[Decision]:
        return [decision for decision in self.decisions if not decision.is_kept]


@dataclass(frozen=True, kw_only=True)
class PruneBackups:
    """Remove what the rules do not keep. The newest verified backup stays whatever they say."""

    depot: Depot
    receipts: Receipts
    retention: Retention

    def plan(self, retention: Retention | None = None) -> Plan:
        found = self.depot.find()
        decisions = decide(found.backups, retention or self.retention, now())
        return Plan(tuple(decisions), found.loose, found.damaged)

    def __call__(
        self,
        retention: Retention | None = None,
        *,
        only: Collection[str] | None = None,
        on_removed: Callable[[Decision], None] = lambda _decision: None,
    ) -> Plan:
        """Carry out the plan of this moment; `only`: of those that somebody has seen in an earlier one."""
        plan = self.plan(retention)
        for decision in plan.doomed:
            if only is None or decision.id in only:
                self.depot.remove(decision.id)
                self.receipts.forget(decision.id)
                on_removed(decision)
        before = now() - LOOSE_AFTER
        self.depot.remove_loose(plan.loose, before)
        self.depot.storage.abort_unfinished(ROOT, before=before)
        return plan
