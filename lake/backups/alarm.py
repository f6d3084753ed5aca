"""The age of the newest verified backup among the checks of quality."""

from collections.abc import Iterator
from datetime import datetime

from governance.quality import Check
from lake.backups.status import HOUR, DescribeProtection
from lakehouse_project.kernel.services import resolve

SUBJECT, AGE = "backups", "seconds since newest verified backup"


def watch_backups(now: datetime) -> Iterator[Check]:
    """Without a verified backup the age is that of the database. No limit where BACKUP_MAX_AGE_HOURS is 0."""
    protection = resolve(DescribeProtection)()
    if protection.rpo_seconds is None:
        return
    yield Check(
        subject=SUBJECT,
        check=AGE,
        value=round(protection.rpo_seconds, 1),
        at_least=None,
        at_most=protection.max_age_hours * HOUR or None,
        passed=not protection.is_overdue,
        detail=protection.sentence,
        measured_at=now,
    )
