"""The index of backups in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min

from lake.backups.domain import StoredBackup
from lake.backups.errors import BackupNotFound
from lake.backups.models import Backup
from lakehouse_project.kernel.rows import Rows

COLUMNS = tuple(field.attname for field in Backup._meta.concrete_fields)


class Receipts:
    """Rows of `Backup`."""

    def record(self, backup: StoredBackup) -> None:
        Backup.objects.update_or_create(pk=backup.id, defaults=_row(backup))

    def forget(self, identifier: str) -> None:
        Backup.objects.filter(pk=identifier).delete()

    def replace(self, backups: Iterable[StoredBackup]) -> None:
        """Make the index what the storage holds: others may have written there, and a restored database is behind."""
        found = list(backups)
        with transaction.atomic():
            Backup.objects.exclude(pk__in=[backup.id for backup in found]).delete()
            for backup in found:
                self.record(backup)

    def rows(self) -> Rows:
        """Newest first."""
        return Rows(Backup.objects.all(), ("-taken_at", "id"), COLUMNS)

    def get(self, identifier: str) -> Backup:
        """Raises `BackupNotFound`."""
        row = Backup.objects.filter(pk=identifier).first()
        if row is None:
            raise BackupNotFound(f"There is no backup {identifier!r}.")
        return row

    def newest(self) -> Backup | None:
        return Backup.objects.first()

    def newest_verified(self) -> Backup | None:
        return Backup.objects.filter(state=Backup.State.VERIFIED).first()

    def unprotected_since(self) -> datetime | None:
        """What was committed after this moment is in no verified backup; None for a database that was never migrated."""
        if newest := self.newest_verified():
            return newest.taken_at
        applied: datetime | None = MigrationRecorder.Migration.objects.aggregate(first=Min("applied"))[
            "first"
        ]
        return applied


def _row(backup: StoredBackup) -> dict[str, Any]:
    manifest, verification = backup.manifest, backup.verification
    return {
        "state": backup.state,
        "reason": manifest.reason,
        "taken_at": manifest.taken_at,
        "seconds": manifest.seconds,
        "size": manifest.size,
        "database_bytes": manifest.database_bytes,
        "tables": len(manifest.tables),
        "rows": manifest.rows,
        "is_encrypted": manifest.recipient is not None,
        "key": manifest.dump.key,
        "sha256": manifest.dump.sha256,
        "verified_at": verification and verification.verified_at,
        "restore_seconds": verification and verification.seconds,
        "findings": list(verification.findings) if verification else [],
    }
