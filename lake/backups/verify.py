"""Proving a backup: it is restored into a scratch database, counted, summed up and looked at by the application."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lake.backups.databases import scratch
from lake.backups.depot import LATEST, Depot, now
from lake.backups.domain import StoredBackup, Verification
from lake.backups.errors import BackupDamaged, BackupFailed
from lake.backups.loading import LoadDump, differences
from lake.backups.progress import Report, silent
from lake.backups.repositories import Receipts
from lake.backups.server import Server
from lake.backups.snapshot import contents_of


@dataclass(frozen=True, kw_only=True)
class VerifyBackup:
    """Restore a backup where it harms nobody, and keep what that has shown beside it."""

    depot: Depot
    receipts: Receipts
    load: LoadDump
    server: Callable[[], Server]
    checks: Callable[[Server], Sequence[str]]
    identity_file: Path | None

    def __call__(
        self,
        identifier: str = LATEST,
        *,
        identity_file: Path | None = None,
        on: Server | None = None,
        on_progress: Report = silent,
    ) -> StoredBackup:
        """The backup with its new verification, good or not. `on`: a server for the scratch database, else the live one.

        Raises `BackupNotFound`, `BackupLocked`, `BackupBusy`, or `BackupFailed` where no scratch database can be made:
        that says nothing of the backup.
        """
        backup = self.depot.get(identifier)
        with scratch(on or self.server()) as database:
            verification = self._prove(backup, database, identity_file or self.identity_file, on_progress)
        self.depot.judge(backup, verification)
        judged = backup.model_copy(update={"verification": verification})
        self.receipts.record(judged)
        return judged

    def can_open(self, backup: StoredBackup) -> bool:
        """Whether what an encrypted backup needs is set; where it is not, another machine verifies."""
        return backup.manifest.recipient is None or self.identity_file is not None

    def _prove(
        self, backup: StoredBackup, database: Server, identity_file: Path | None, on_progress: Report
    ) -> Verification:
        started = time.monotonic()
        findings: list[str] = []
        try:
            self.load(backup, database, identity_file, privileges=False, on_progress=on_progress)
        except (BackupDamaged, BackupFailed) as error:
            findings.append(error.message)
        seconds = time.monotonic() - started
        findings += self._damaged(backup)
        if not findings:
            findings += differences(backup.manifest, contents_of(database))
            findings += self.checks(database)
        return Verification(
            backup=backup.id,
            verified_at=now(),
            seconds=round(seconds, 3),
            findings=tuple(findings),
        )

    def _damaged(self, backup: StoredBackup) -> list[str]:
        """What is wrong with the other objects; the dump has been read whole."""
        findings = []
        for part in backup.manifest.parts[1:]:
            try:
                self.depot.require(part)
            except BackupDamaged as error:
                findings.append(error.message)
        return findings
