"""Keeping the list of operations short and true."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from governance.operations.repositories import Operations
from governance.operations.results import ResultFiles

LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class ForgetOperations:
    """Remove operations that ended more than `keep` ago, and the files of those that are gone."""

    operations: Operations
    files: ResultFiles
    keep: timedelta

    def __call__(self, now: datetime | None = None) -> int:
        """How many operations were removed."""
        now = now or datetime.now(UTC)
        self.operations.give_up_lost(now - LONGEST_WAIT)
        forgotten = self.operations.forget(now - self.keep)
        self.files.sweep(self.operations.known)
        return forgotten
