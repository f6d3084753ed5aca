"""A backup is proved by restoring it, and what is wrong with it is told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lake.backups.databases import scratch
from lake.backups.domain import TableState
from lake.backups.errors import BackupBusy, BackupLocked, BackupNotFound
from lake.models import Backup
from tests.integration.backups.workshop import (
    Workshop,
    add_runs,
    databases,
    encrypting,
    execute,
    flipped,
    key_pair,
    stored_parts,
)


def test_a_backup_is_restored_counted_summed_up_and_examined(whole: Workshop) -> None:
    add_runs(500)
    before = databases()

    backup = whole.verify(whole.create().id)

    assert backup.verification is not None
    assert backup.verification.findings == ()
    assert backup.verification.seconds > 0
    assert backup.manifest.tables["public.governance_run"].rows == 500
    assert any(name.startswith("lake.") for name in backup.manifest.migrations)
    assert databases() == before


def test_the_same_on_s3(in_bucket: Workshop) -> None:
    backup = in_bucket.verify(in_bucket.create().id)

    assert backup.state == "verified"
    assert in_bucket.depot.get("latest") == backup
    assert in_bucket.storage.tags(backup.manifest.dump.key)["state"] == "verified"
    assert in_bucket.partial() == []


@pytest.mark.parametrize(
    ("kind", "how", "finding"),
    [
        ("dump", flipped, "other bytes than were stored: its sha256 differs"),
        ("dump", lambda content: content[:-100], "bytes instead of"),
        ("dump", lambda _: b"", "has 0 bytes instead of"),
        ("globals", flipped, "globals.sql has other bytes"),
    ],
)
def test_a_damaged_object_is_found(
    workshop: Workshop, kind: str, how: Callable[[bytes], bytes], finding: str
) -> None:
    backup = workshop.create()
    workshop.change(stored_parts(backup)[kind], how)
    before = databases()

    judged = workshop.verify(backup.id)

    assert judged.state == "failed"
    assert judged.verification is not None
    assert finding in judged.verification.findings[0]
    assert databases() == before
    assert Backup.objects.get(pk=backup.id).state == "failed"


def test_a_missing_object_is_found(in_bucket: Workshop) -> None:
    backup = in_bucket.create()
    in_bucket.storage.delete(backup.manifest.dump.key)

    judged = in_bucket.verify(backup.id)

    assert judged.verification is not None
    assert "is missing in" in judged.verification.findings[0]


def test_other_counts_and_other_contents_are_told(workshop: Workshop) -> None:
    """As if the dump were of another moment than the counts."""
    backup = workshop.create()
    tables = dict(backup.manifest.tables)
    tables["public.empty_one"] = TableState(rows=11, checksum="1")
    tables["public.readings"] = tables["public.readings"].model_copy(update={"checksum": "2"})
    tables["public.gone"] = TableState(rows=1, checksum="1")
    wrong = backup.manifest.model_copy(
        update={"tables": tables, "objects": {**backup.manifest.objects, "triggers": 0}}
    )
    workshop.depot.publish(wrong)

    judged = workshop.verify(backup.id)

    assert judged.verification is not None
    findings = judged.verification.findings
    assert "table public.empty_one has 0 rows instead of 11" in findings
    assert "table public.readings has as many rows, and others: its checksum differs" in findings
    assert "table public.gone is missing" in findings
    assert any(finding.endswith("triggers instead of 0") for finding in findings)


def test_receipts_that_do_not_balance_are_told(whole: Workshop) -> None:
    execute(whole.server(), UNBALANCED)
    try:
        judged = whole.verify(whole.create().id)
    finally:
        execute(whole.server(), BALANCED)

    assert judged.verification is not None
    assert "the receipts of 1 files do not balance" in judged.verification.findings[0]


UNBALANCED = """
    ALTER TABLE bronze_sourcefile DROP CONSTRAINT receipt_balances;
    INSERT INTO bronze_dataset (name, title, description, key_fields, fields, duplicate_keys, created_at)
    VALUES ('readings', 'Readings', '', '{}', '[]', 'last_wins', now());
    INSERT INTO bronze_sourcefile (dataset_id, name, sha256, size, media_type, format, detected, received_via, state,
        attempts, error, rows_read, rows_inserted, rows_updated, rows_unchanged, rows_duplicate, rows_quarantined,
        received_at)
    VALUES ('readings', 'a.csv', 'x', 1, 'text/csv', '{}', '[]', 'api', 'loaded', 1, '', 5, 1, 1, 1, 1, 0, now())"""

BALANCED = """
    TRUNCATE bronze_sourcefile CASCADE;
    ALTER TABLE bronze_sourcefile ADD CONSTRAINT receipt_balances CHECK
        (rows_read = rows_inserted + rows_updated + rows_unchanged + rows_duplicate + rows_quarantined)"""


def test_what_killed_verifications_have_left_is_dropped(workshop: Workshop) -> None:
    backup = workshop.create()
    leftover = f"{workshop.server().database}_verify_0badcafe"
    execute(workshop.server(), f"CREATE DATABASE {leftover}")

    workshop.verify(backup.id)

    assert leftover not in databases()


def test_one_verification_at_a_time(workshop: Workshop) -> None:
    workshop.create()

    with scratch(workshop.server()), pytest.raises(BackupBusy):
        workshop.verify()


def test_an_encrypted_backup_is_verified_with_its_identity(workshop: Workshop, tmp_path: Path) -> None:
    sealed = encrypting(workshop, tmp_path)
    _, other = key_pair(tmp_path)
    nonsense = tmp_path / "nonsense.txt"
    nonsense.write_text("AGE-SECRET-KEY-1NONSENSE\n")
    backup = sealed.create()

    with pytest.raises(BackupLocked, match="name the file with the identity"):
        replace(sealed, identity_file=None).verify()
    with pytest.raises(BackupLocked, match="not the one that this backup is encrypted to"):
        sealed.verify(identity_file=other)
    with pytest.raises(BackupLocked, match="is no identity of age"):
        sealed.verify(identity_file=nonsense)
    with pytest.raises(BackupLocked, match="cannot be read"):
        sealed.verify(identity_file=tmp_path / "nowhere")
    assert sealed.depot.get(backup.id).state == "stored", "that says nothing of the backup"

    assert sealed.verify(backup.id).state == "verified"


def test_an_encrypted_backup_that_was_changed_is_found(workshop: Workshop, tmp_path: Path) -> None:
    sealed = encrypting(workshop, tmp_path)
    backup = sealed.create()
    sealed.change(backup.manifest.dump, flipped)

    judged = sealed.verify(backup.id)

    assert judged.verification is not None
    assert "have been changed or cut off" in judged.verification.findings[0]


@pytest.mark.parametrize("name", ["latest", "20260101T000000Z-abcdef", "../../etc/passwd", ""])
def test_a_backup_that_is_not_there_is_told(workshop: Workshop, name: str) -> None:
    with pytest.raises(BackupNotFound, match="There is no backup"):
        workshop.verify(name)
