"""How well protected everything is."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.timesince import timesince

from lake.backups.depot import now
from lake.backups.repositories import Receipts

HOUR = 3600


@dataclass(frozen=True)
class Protection:
    """`rpo_seconds`: how much work a disaster of this moment would cost; `rto_seconds`: how long going back takes, measured.

    `unprotected_since`: what was committed after it is in no verified backup.
    """

    newest: str | None
    newest_verified: str | None
    unprotected_since: datetime | None
    rpo_seconds: float | None
    rto_seconds: float | None
    max_age_hours: float
    is_overdue: bool

    @property
    def sentence(self) -> str:
        if self.unprotected_since is None:
            return "there is no database yet"
        age = timesince(self.unprotected_since, now()).replace("\N{NO-BREAK SPACE}", " ")
        if self.newest_verified is None:
            return f"no backup is verified yet; what came in during {age} is unprotected"
        return f"the newest verified backup is {age} old (RPO), restoring it takes {self.rto_seconds or 0:,.1f} s (RTO)"


@dataclass(frozen=True, kw_only=True)
class DescribeProtection:
    """The age of the newest verified backup against its limit; 0 hours mean no limit."""

    receipts: Receipts
    max_age_hours: float

    def is_due(self, interval_hours: float) -> bool:
        """Whether the newest backup, verified or not, is as old as that."""
        newest = self.receipts.newest()
        return newest is None or (now() - newest.taken_at).total_seconds() >= interval_hours * HOUR

    def __call__(self) -> Protection:
        newest, verified = self.receipts.newest(), self.receipts.newest_verified()
        since = self.receipts.unprotected_since()
        age = (now() - since).total_seconds() if since else None
        return Protection(
            newest=newest.id if newest else None,
            newest_verified=verified.id if verified else None,
            unprotected_since=since,
            rpo_seconds=age,
            rto_seconds=verified.restore_seconds if verified else None,
            max_age_hours=self.max_age_hours,
            is_overdue=bool(age and self.max_age_hours and age > self.max_age_hours * HOUR),
        )
