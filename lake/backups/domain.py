"""What is known of a backup, and which ones are kept."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ROOT = "backups/postgres/"
IDENTIFIER = re.compile(r"^(\d{4})(\d{2})(\d{2})T\d{6}Z-[0-9a-f]{6}$")

Reason = Literal["request", "schedule", "safety"]
State = Literal["stored", "verified", "failed"]


class Entity(BaseModel):
    """Immutable, and strict about what it is made of: manifests are read back years later."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TableState(Entity):
    """Rows of a table, and a checksum that does not depend on their order."""

    rows: int
    checksum: str


class StoredPart(Entity):
    """An object of a backup as it lies in the storage, encrypted or not."""

    key: str
    size: int
    sha256: str


class LakeTable(Entity):
    """A published table at the time of the backup. Its files are not in the dump: they are in the storage already."""

    name: str
    location: str
    version: int


class Manifest(Entity):
    """Everything about one backup that does not change any more. `seconds`: how long it took."""

    format: int = 1
    id: str
    reason: Reason
    taken_at: datetime = Field(
        description="The moment of the snapshot: what was committed before is in the backup."
    )
    seconds: float
    database: str
    database_bytes: int
    server_version: str
    program_version: str
    compression: str
    recipient: str | None = Field(None, description="The public key it is encrypted to (age).")
    dump: StoredPart
    globals: StoredPart
    secrets: StoredPart | None = None
    extensions: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()
    tables: Mapping[str, TableState]
    objects: Mapping[str, int] = Field(description="Indexes, constraints, triggers, functions, views.")
    lake: tuple[LakeTable, ...] = ()

    @property
    def parts(self) -> tuple[StoredPart, ...]:
        return tuple(part for part in (self.dump, self.globals, self.secrets) if part is not None)

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


class Verification(Entity):
    """What restoring a backup into a scratch database has shown. `seconds` is the recovery time: RTO."""

    backup: str
    verified_at: datetime
    seconds: float
    findings: tuple[str, ...] = Field((), description="What is wrong; empty when all is well.")

    @property
    def is_good(self) -> bool:
        return not self.findings


class StoredBackup(Entity):
    """A backup with the newest of its verifications."""

    manifest: Manifest
    verification: Verification | None = None

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def state(self) -> State:
        if self.verification is None:
            return "stored"
        return "verified" if self.verification.is_good else "failed"

    @property
    def counts(self) -> dict[str, int]:
        return {"tables": len(self.manifest.tables), "rows": self.manifest.rows, "bytes": self.manifest.size}

    @property
    def verdict(self) -> str:
        """What the verification has shown, in a sentence."""
        if self.verification is None:
            return "not verified yet"
        if self.verification.findings:
            return f"no good: {'; '.join(self.verification.findings)}"
        return (
            f"{len(self.manifest.tables)} tables and {self.manifest.rows:,} rows came back as they were, "
            f"restored in {self.verification.seconds:,.1f} s (RTO)"
        )


class Retention(Entity):
    """How long backups are kept: all of the last days, the newest so many, and the newest of each of the last months."""

    keep_days: int = Field(7, ge=0)
    keep_last: int = Field(3, ge=1)
    keep_monthly: int = Field(3, ge=0)


class Decision(Entity):
    """What becomes of a backup, and why. `why` is a sentence part: *one of the newest 3*."""

    id: str
    taken_at: datetime
    size: int
    is_kept: bool
    why: str


def new_identifier(moment: datetime) -> str:
    """Sorts by time; the end keeps two of the same second apart."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def base_key(identifier: str) -> str:
    """Where the objects of a backup begin: `backups/postgres/2026/11/29/20261129T…`. Raises `ValueError`."""
    found = IDENTIFIER.match(identifier)
    if found is None:
        raise ValueError(f"{identifier!r} is no name of a backup")
    return f"{ROOT}{'/'.join(found.groups())}/{identifier}"


def decide(backups: Sequence[StoredBackup], retention: Retention, now: datetime) -> list[Decision]:
    """Which backups go, newest first. The newest verified one always stays; one that failed to restore takes no place
    of a good one."""
    ordered = sorted(backups, key=lambda each: (each.manifest.taken_at, each.id), reverse=True)
    usable = [each for each in ordered if each.state != "failed"]
    reasons = {
        **_monthly(usable, retention.keep_monthly),
        **{each.id: f"one of the newest {retention.keep_last}" for each in usable[: retention.keep_last]},
        **{
            each.id: f"younger than {retention.keep_days} days"
            for each in ordered
            if _days(each, now) < retention.keep_days
        },
        **{each.id: "the newest verified one" for each in _newest_verified(ordered)},
    }
    return [_decision(each, reasons.get(each.id), now) for each in ordered]


def _monthly(usable: Sequence[StoredBackup], months: int) -> dict[str, str]:
    newest: dict[str, str] = {}
    for each in usable:
        newest.setdefault(f"{each.manifest.taken_at:%Y-%m}", each.id)
    return {identifier: f"the newest of {month}" for month, identifier in list(newest.items())[:months]}


def _newest_verified(ordered: Sequence[StoredBackup]) -> list[StoredBackup]:
    return [each for each in ordered if each.state == "verified"][:1]


def _days(backup: StoredBackup, now: datetime) -> float:
    return (now - backup.manifest.taken_at).total_seconds() / 86400


def _decision(backup: StoredBackup, kept: str | None, now: datetime) -> Decision:
    failed = ", and restoring it failed" if backup.state == "failed" else ""
    return Decision(
        id=backup.id,
        taken_at=backup.manifest.taken_at,
        size=backup.manifest.size,
        is_kept=kept is not None,
        why=kept or f"{_days(backup, now):.1f} days old{failed}",
    )
