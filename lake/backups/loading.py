"""Bringing a dump back into a database, and telling whether what came is what went."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from psycopg import sql

from lake.backups.depot import Depot
from lake.backups.domain import Manifest, StoredBackup
from lake.backups.encryption import copy_opened, identities_in
from lake.backups.errors import BackupFailed
from lake.backups.programs import Programs
from lake.backups.progress import Counted, Report, silent
from lake.backups.server import Server, told
from lake.backups.snapshot import Contents

_SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class LoadDump:
    """Restore the dump of a backup into an empty database, as a stream: nothing of it is written to a disk in clear."""

    depot: Depot
    find_programs: Callable[[int], Programs]

    def __call__(
        self,
        backup: StoredBackup,
        into: Server,
        identity_file: Path | None,
        *,
        privileges: bool,
        on_progress: Report = silent,
    ) -> None:
        """Raises `BackupDamaged`, `BackupLocked`, or `BackupFailed` if pg_restore or the server cannot do it."""
        manifest = backup.manifest
        identities = identities_in(identity_file) if manifest.recipient and identity_file else []
        programs = self.find_programs(_prepare(into, manifest.extensions))
        try:
            with (
                programs.restore(into, privileges=privileges) as sink,
                self.depot.opened(manifest.dump) as source,
            ):
                counted = Counted(source, manifest.dump.size, on_progress)
                copy_opened(counted, sink, identities, is_sealed=manifest.recipient is not None)
                source.require()
        except BackupFailed:
            self.depot.require(manifest.dump)  # what pg_restore says of damaged bytes helps nobody
            raise


def _prepare(into: Server, extensions: tuple[str, ...]) -> int:
    """Make the extensions, which a dump leaves to the server; the server's major version."""
    with into.connect() as connection, told("make the extensions of the database"):
        for name in extensions:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
        return connection.info.server_version // 10_000


def differences(manifest: Manifest, found: Contents) -> list[str]:
    """What a restored database has other than the one that was backed up, in sentences."""
    told_of = [
        *_tables(manifest, found),
        *_objects(manifest.objects, found.objects),
    ]
    if (missing := len(set(manifest.migrations) ^ set(found.migrations))) > 0:
        told_of.append(f"{missing} migrations are recorded in one of both only")
    rest = len(told_of) - _SHOWN
    return [*told_of[:_SHOWN], *([f"and {rest} more differences"] if rest > 0 else [])]


def _tables(manifest: Manifest, found: Contents) -> Iterator[str]:
    for name, table in manifest.tables.items():
        restored = found.tables.get(name)
        if restored is None:
            yield f"table {name} is missing"
        elif restored.rows != table.rows:
            yield f"table {name} has {restored.rows:,} rows instead of {table.rows:,}"
        elif restored.checksum != table.checksum:
            yield f"table {name} has as many rows, and others: its checksum differs"
    yield from (
        f"table {name} was not backed up" for name in sorted(found.tables.keys() - manifest.tables.keys())
    )


def _objects(expected: Mapping[str, int], found: Mapping[str, int]) -> Iterator[str]:
    for kind in sorted({*expected, *found}):
        if expected.get(kind, 0) != found.get(kind, 0):
            yield f"there are {found.get(kind, 0):,} {kind} instead of {expected.get(kind, 0):,}"
