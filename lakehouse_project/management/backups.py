"""What `lakehouse backup` says."""

from collections.abc import Iterator

from rich.filesize import decimal

from lake.backups.depot import Found
from lake.backups.domain import StoredBackup
from lake.backups.prune import Plan
from lake.backups.restore import Restored

WITHOUT_KEYS = (
    "The keys of secrets.json (FIELD_KEY, SECRET_KEY) are not in it: without FIELD_KEY nobody can read the encrypted fields "
    "after a restore on another machine. Keep a copy of them elsewhere, or encrypt the backup (BACKUP_RECIPIENT) and use "
    "--with-secrets."
)


def created(backup: StoredBackup, where: str, recipient: str | None) -> Iterator[str]:
    manifest = backup.manifest
    sealed = f"encrypted to {recipient}" if recipient else "not encrypted"
    yield f"{backup.id}: {len(manifest.tables)} tables, {manifest.rows:,} rows of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  {decimal(manifest.size)} of {decimal(manifest.database_bytes)} in {manifest.seconds:,.1f} s, {sealed}"
    yield f"  {where}/{manifest.dump.key}, sha256 {manifest.dump.sha256}"
    if manifest.secrets is None:
        yield WITHOUT_KEYS


def listed(found: Found) -> Iterator[str]:
    yield f"{'ID':<23} {'STATE':<9} {'SIZE':>9} {'TOOK':>8} {'ROWS':>12} {'RTO':>8}  VERIFIED"
    for backup in found.backups:
        manifest, verification = backup.manifest, backup.verification
        rto = f"{verification.seconds:,.1f} s" if verification and verification.is_good else "-"
        when = f"{verification.verified_at:%Y-%m-%d %H:%M}" if verification else "-"
        yield (
            f"{backup.id} {backup.state:<9} {decimal(manifest.size):>9} {manifest.seconds:>6,.1f} s {manifest.rows:>12,} "
            f"{rto:>8}  {when}"
        )
    yield from (f"{key} cannot be read: this backup is lost" for key in found.damaged)
    if found.loose:
        yield f"{len(found.loose)} objects of interrupted backups; `lakehouse backup prune` removes them after a day"


def verified(backup: StoredBackup) -> Iterator[str]:
    if backup.verification is None or backup.verification.is_good:
        yield f"{backup.id} is verified: {backup.verdict}"
        return
    yield f"{backup.id} is no good:"
    yield from (f"  {finding}" for finding in backup.verification.findings)


def about_to_restore(backup: StoredBackup, name: str, *, in_place: bool) -> Iterator[str]:
    manifest = backup.manifest
    proved = "verified" if backup.state == "verified" else "NOT verified"
    yield f"{backup.id} of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC, {manifest.rows:,} rows, {proved}"
    if in_place:
        yield f"It takes the place of the database {name}. What came in since stays in the safety backup alone."
        yield "Sessions are ended; web server and worker connect anew by themselves."


def replaced(done: Restored, pending: int, *, in_place: bool, has_search_server: bool) -> Iterator[str]:
    yield f"{done.database} holds {done.backup.id} now, after {done.seconds:,.1f} s."
    if done.safety:
        yield f"  The state before is backed up as {done.safety.id}."
    if done.aside:
        yield f"  The former database is kept as {done.aside}; `lakehouse backup discard {done.aside}` drops it."
    if pending:
        yield f"  {pending} migrations of this version are not in it: run `lakehouse migrate`."
    if not in_place:
        return
    yield "  Every stage of the pipeline reads everything again, so that marts, files and indexes follow."
    if has_search_server:
        yield "  Run `lakehouse reindex` for the search server."


def planned(plan: Plan) -> Iterator[str]:
    for decision in plan.decisions:
        word = "keep  " if decision.is_kept else "remove"
        yield f"{word} {decision.id}  {decimal(decision.size):>9}  {decision.why}"
    yield from (f"leave  {key}: its manifest cannot be read" for key in plan.damaged)
    if plan.loose:
        yield f"remove {len(plan.loose)} objects of interrupted backups, once they are a day old"
    if not plan.doomed:
        yield "No backup has to go."
