"""Going back: a backup becomes a database, beside the live one or in its place."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lake.backups.create import CreateBackup
from lake.backups.databases import being_restored, drop_named, exists, rename, swap
from lake.backups.depot import LATEST, Depot
from lake.backups.domain import StoredBackup
from lake.backups.errors import BackupDamaged, RestoreRefused
from lake.backups.loading import LoadDump, differences
from lake.backups.server import Server, told
from lake.backups.snapshot import contents_of


@dataclass(frozen=True)
class Restored:
    """`database` holds the backup now. `aside`: what the former one is called; None if there was none or it was dropped."""

    backup: StoredBackup
    database: str
    aside: str | None
    safety: StoredBackup | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RestoreBackup:
    """Restore into a new database, prove it there, and only then put it in the place of the live one. Whatever fails
    before that leaves the live one as it was."""

    depot: Depot
    create: CreateBackup
    load: LoadDump
    server: Callable[[], Server]
    settle: Callable[[Server], None]
    identity_file: Path | None

    def __call__(
        self,
        identifier: str = LATEST,
        *,
        into: str | None = None,
        identity_file: Path | None = None,
        with_safety: bool = True,
        drop_former: bool = False,
    ) -> Restored:
        """`into` is the name of a new database; without it the backup takes the place of the live one.

        Raises `BackupNotFound`, `BackupDamaged`, `BackupLocked`, `BackupBusy`, `BackupFailed`, `RestoreRefused`.
        """
        live, server = self.server().database, self.server()
        backup = self.depot.restorable(identifier)
        if into is not None and (into == live or exists(server, into)):
            raise RestoreRefused(
                f"There is a database {into!r} already: name a new one, or leave out --into."
            )
        has_former = into is None and exists(server, live)
        safety = self.create(reason="safety") if has_former and with_safety else None
        started = time.monotonic()
        with being_restored(server, into or f"{live[:40]}_restored_{secrets.token_hex(4)}") as database:
            self._fill(backup, database, identity_file or self.identity_file)
            aside = self._take_place(database.database, live) if has_former else None
            if into is None and not has_former:
                rename(server, database.database, live)
        if aside and drop_former:
            drop_named(server, aside)
            aside = None
        return Restored(backup, into or live, aside, safety, time.monotonic() - started)

    def _fill(self, backup: StoredBackup, database: Server, identity_file: Path | None) -> None:
        self.load(backup, database, identity_file, privileges=True)
        if found := differences(backup.manifest, contents_of(database)):
            raise BackupDamaged(f"What was restored is not what was backed up: {'; '.join(found)}.")
        self.settle(database)
        with database.connect() as connection, told("gather statistics"):
            connection.execute("ANALYZE")

    def _take_place(self, restored: str, live: str) -> str:
        aside = f"{_former(live)}{datetime.now(UTC):%Y%m%d_%H%M%S}"
        swap(self.server(), live=live, restored=restored, aside=aside)
        return aside


def is_former(live: str, name: str) -> bool:
    """Whether a database is one that a restore of `live` has set aside."""
    return name.startswith(_former(live))


def _former(live: str) -> str:
    return f"{live[:40]}_before_"
