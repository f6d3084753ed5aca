"""Making a backup."""

import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import orjson

from lake.backups.depot import Depot
from lake.backups.domain import LakeTable, Manifest, Reason, StoredBackup, StoredPart, new_identifier
from lake.backups.encryption import Source
from lake.backups.programs import Programs
from lake.backups.progress import Report, counted, silent
from lake.backups.repositories import Receipts
from lake.backups.server import Server
from lake.backups.snapshot import Contents, Snapshot, contents, snapshot
from lakehouse_project.kernel.errors import NotConfigured

_COMPRESSED = 8
"""So many bytes of the database become one of the dump, roughly: indexes and dead rows are not in it."""


@dataclass(frozen=True, kw_only=True)
class CreateBackup:
    """Dump the database, from one snapshot with the counts that will prove it, straight into the storage."""

    depot: Depot
    receipts: Receipts
    server: Callable[[], Server]
    find_programs: Callable[[int], Programs]
    lake_tables: Callable[[], Sequence[LakeTable]]
    secrets: Callable[[], Mapping[str, str]]
    recipient: str | None

    def __call__(
        self, *, reason: Reason = "request", with_secrets: bool = False, on_progress: Report = silent
    ) -> StoredBackup:
        """Raises `BackupBusy`, `BackupFailed`, `BackupProgramMissing`, `NotConfigured`; then nothing is left of it."""
        if with_secrets and self.recipient is None:
            raise NotConfigured(
                "Keys are only backed up encrypted: set BACKUP_RECIPIENT to a public key of age."
            )
        started = time.monotonic()
        with snapshot(self.server()) as taken:
            identifier = new_identifier(taken.taken_at)
            try:
                stored = self._store(identifier, taken, with_secrets=with_secrets, on_progress=on_progress)
                manifest = self._manifest(identifier, reason, taken, stored, time.monotonic() - started)
                self.depot.publish(manifest)
            except BaseException:
                self.depot.remove(identifier)
                raise
        backup = StoredBackup(manifest=manifest)
        self.receipts.record(backup)
        return backup

    def _store(
        self, identifier: str, taken: Snapshot, *, with_secrets: bool, on_progress: Report
    ) -> "_Stored":
        server, programs = self.server(), self.find_programs(taken.major)
        compression = programs.compression()
        with _measured(taken) as measured:
            source = programs.dump(server, taken.name, compression)
            dump = self._keep(identifier, "dump", counted(source, self._expected(taken), on_progress))
        roles = self._keep(identifier, "globals.sql", programs.dump_globals(server))
        keys = None
        if with_secrets:
            keys = self._keep(identifier, "secrets.json", io.BytesIO(orjson.dumps(self.secrets())))
        return _Stored(programs.version, compression, measured.result(), dump, roles, keys)

    def _expected(self, taken: Snapshot) -> int:
        """Bytes of the dump, guessed for progress alone: as many as of the last one."""
        newest = self.receipts.newest()
        return newest.size if newest else taken.database_bytes // _COMPRESSED

    def _keep(self, identifier: str, kind: str, opened: AbstractContextManager[Source]) -> StoredPart:
        return self.depot.store(identifier, kind, opened, self.recipient)

    def _manifest(
        self, identifier: str, reason: Reason, taken: Snapshot, stored: "_Stored", seconds: float
    ) -> Manifest:
        return Manifest(
            id=identifier,
            reason=reason,
            taken_at=taken.taken_at,
            seconds=round(seconds, 3),
            database=self.server().database,
            database_bytes=taken.database_bytes,
            server_version=taken.server_version,
            program_version=stored.program_version,
            compression=stored.compression,
            recipient=self.recipient,
            dump=stored.dump,
            globals=stored.globals,
            secrets=stored.secrets,
            extensions=taken.extensions,
            migrations=stored.contents.migrations,
            tables=stored.contents.tables,
            objects=stored.contents.objects,
            lake=tuple(self.lake_tables()),
        )


@dataclass(frozen=True)
class _Stored:
    program_version: str
    compression: str
    contents: Contents
    dump: StoredPart
    globals: StoredPart
    secrets: StoredPart | None


@contextmanager
def _measured(taken: Snapshot) -> Iterator["Future[Contents]"]:
    """What the snapshot holds, counted while the block runs; given up when the block fails."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(contents, taken.connection)
        try:
            yield future
        except BaseException:
            taken.connection.cancel_safe()
            raise
