"""Making a backup: one moment of the database, or nothing."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest

from governance.errors import OperationCancelled
from lake.backups.errors import BackupBusy, BackupFailed, BackupProgramMissing
from lake.backups.programs import Programs, find_programs
from lake.backups.server import Server
from lake.backups.snapshot import snapshot
from lake.models import Backup
from lake.storage import LocalStorage, Storage
from lakehouse_project.composed_backups import programs
from lakehouse_project.kernel.errors import NotConfigured
from tests.integration.backups.workshop import SECRETS, Workshop, count, encrypting, stored_parts


def test_what_is_written_meanwhile_is_not_in_it_and_the_counts_fit(workshop: Workshop) -> None:
    """Rows are added all the time; dump and counts are of the same moment, or the verification would fail."""
    done, written = threading.Event(), threading.Event()

    def write() -> None:
        with psycopg.connect(**workshop.server().parameters, autocommit=True) as session:
            while not done.is_set():
                session.execute("INSERT INTO readings SELECT max(id) + 1 FROM readings")
                written.set()

    thread = threading.Thread(target=write)
    thread.start()
    written.wait(30)
    try:
        backup = workshop.create()
        rows_then = count(workshop.server())
    finally:
        done.set()
        thread.join()

    assert 500 < backup.manifest.tables["public.readings"].rows < rows_then
    assert workshop.verify(backup.id).state == "verified"


def test_the_manifest_tells_all_about_it(workshop: Workshop) -> None:
    backup = workshop.create()

    manifest = backup.manifest
    day = f"{manifest.taken_at:%Y/%m/%d}"
    assert sorted(stored_parts(backup)) == ["dump", "globals"]
    assert workshop.objects() == sorted(
        f"backups/postgres/{day}/{backup.id}.{kind}" for kind in ("dump", "globals.sql", "manifest.json")
    )
    assert manifest.compression in ("zstd:3", "gzip:1")
    assert "vector" in manifest.extensions
    assert manifest.objects == {
        "indexes": 2,
        "constraints": 2,
        "functions": 1,
        "triggers": 1,
    }
    for part in manifest.parts:
        assert (part.size, part.sha256) == (
            workshop.storage.head(part.key).size,
            workshop.storage.digest(part.key),
        )
    assert workshop.storage.tags(manifest.dump.key) == {"backup": backup.id, "kind": "dump"}
    row = Backup.objects.get(pk=backup.id)
    assert (row.state, row.rows, row.sha256) == ("stored", manifest.rows, manifest.dump.sha256)


def test_roles_are_in_it_and_passwords_are_not(workshop: Workshop) -> None:
    backup = workshop.create()

    with workshop.storage.open(backup.manifest.globals.key) as stream:
        roles = stream.read().decode()
    assert "CREATE ROLE lakehouse" in roles
    assert "PASSWORD" not in roles
    assert "SCRAM" not in roles


def test_one_backup_at_a_time(workshop: Workshop) -> None:
    with snapshot(workshop.server()), pytest.raises(BackupBusy):
        workshop.create()

    assert workshop.objects() == []


@dataclass(frozen=True, kw_only=True)
class FullStorage(LocalStorage):
    """A disk with room for some bytes."""

    room: int

    @contextmanager
    def write(self, key: str, **options: Any) -> Iterator[Any]:
        with super().write(key, **options) as out:
            take = out._take

            def limited(data: memoryview) -> None:
                if out.size + len(data) > self.room:
                    raise OSError(28, "No space left on device", key)
                take(data)

            out._take = limited
            yield out


@pytest.mark.parametrize("recipient", [False, True])
def test_nothing_is_left_when_the_disk_is_full(workshop: Workshop, tmp_path: Path, recipient: bool) -> None:
    storage: Storage = FullStorage(root=tmp_path / "full", room=10_000)
    full = replace(workshop, storage=storage)
    full = encrypting(full, tmp_path) if recipient else full

    with pytest.raises(OSError, match="No space left"):
        full.create()

    assert full.objects() == []
    assert full.partial() == []
    assert not Backup.objects.exists()


def test_nothing_is_left_when_the_store_goes_away(workshop: Workshop, tmp_path: Path) -> None:
    from lake.s3 import BucketUnavailable, client  # noqa: PLC0415  boto3 takes its time
    from lake.storage import S3Storage  # noqa: PLC0415  as above
    from tests.s3 import access_to  # noqa: PLC0415  as above

    access = access_to("http://127.0.0.1:9")
    down = S3Storage(bucket="gone", prefix="", client=client(access), access=access, cache=tmp_path)

    with pytest.raises(BucketUnavailable, match="does not answer"):
        replace(workshop, storage=down).create()


def stand_in(folder: Path, script: str) -> Programs:
    """pg_dump with something before or behind the real one."""
    real = programs(18)
    folder.mkdir()
    for name in ("pg_dumpall", "pg_restore"):
        (folder / name).symlink_to(real.folder / name)
    asked_for_compression = 'case "$*" in *nonexistent*) exit 1;; esac'
    script = script.format(real=real.folder / "pg_dump")
    (folder / "pg_dump").write_text(f"#!/bin/sh\n{asked_for_compression}\n{script}\n")
    (folder / "pg_dump").chmod(stat.S_IRWXU)
    return Programs(folder, real.version)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('"{real}" "$@" | head --bytes=20000; kill -9 $$', "pg_dump was ended by signal 9"),
        ('"{real}" "$@" | head --bytes=20000; exit 1', "pg_dump failed with status 1"),
        ('echo "pg_dump: error: no room for DETAIL" >&2; exit 3', "no room"),
    ],
)
def test_nothing_is_left_of_a_dump_that_was_cut_off(
    workshop: Workshop, tmp_path: Path, script: str, message: str
) -> None:
    broken = stand_in(tmp_path / "programs", script)

    with pytest.raises(BackupFailed, match=message):
        replace(workshop, find_programs=lambda _: broken).create()

    assert workshop.objects() == []
    assert workshop.partial() == []


@pytest.mark.parametrize("ending", [KeyboardInterrupt, OperationCancelled])
def test_a_backup_that_is_interrupted_leaves_no_program_behind(
    workshop: Workshop, tmp_path: Path, ending: type[BaseException]
) -> None:
    """Ctrl-C, or somebody cancels the operation, while pg_dump runs."""
    pid = tmp_path / "pid"
    slow = stand_in(tmp_path / "programs", f"echo $$ > {pid}; head --bytes=3000000 /dev/zero; exec sleep 600")

    def stop(_done: int, _total: int) -> None:
        raise ending("stop")

    with pytest.raises(ending):
        replace(workshop, find_programs=lambda _: slow).create(on_progress=stop)

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert workshop.objects() == []
    assert workshop.partial() == []


def test_the_password_is_in_no_command_line_and_no_message() -> None:
    server = Server({"host": "db", "dbname": "lake", "user": "u", "password": "s3cret"})
    program = programs(18)

    with pytest.raises(BackupFailed) as failed, program.dump_globals(server.named("lake")) as stream:
        stream.read()

    assert "s3cret" not in f"{failed.value} {server!r} {server.address}"
    assert server.environment["PGPASSWORD"] == "s3cret"


def test_old_programs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.4 (Debian 15.4-1)'\n")
    (folder / "pg_dump").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder))

    with pytest.raises(BackupProgramMissing, match=r"needs pg_dump 18 or newer, and there is only 15\.4"):
        find_programs(18)


def test_programs_on_the_path_serve_a_newer_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs(18).folder))

    assert find_programs(18, [lambda: None]).version.startswith("18")


def test_an_encrypted_backup_opens_with_its_identity_alone(workshop: Workshop, tmp_path: Path) -> None:
    sealed = encrypting(workshop, tmp_path)
    assert sealed.identity_file is not None

    backup = sealed.create(with_secrets=True)

    identity = pyrage.x25519.Identity.from_str(sealed.identity_file.read_text().splitlines()[-1])
    opened = {}
    for kind, part in stored_parts(backup).items():
        with sealed.storage.open(part.key) as stream:
            content = stream.read()
        assert content.startswith(b"age-encryption.org/v1\n")
        opened[kind] = pyrage.decrypt(content, [identity])
    assert opened["dump"].startswith(b"PGDMP")
    assert b"CREATE ROLE lakehouse" in opened["globals"]
    assert opened["secrets"] == b'{"SECRET_KEY":"signs","FIELD_KEY":"opens fields"}'
    assert SECRETS["FIELD_KEY"] not in str(backup)


def test_keys_are_never_backed_up_in_clear(workshop: Workshop) -> None:
    with pytest.raises(NotConfigured, match="BACKUP_RECIPIENT"):
        workshop.create(with_secrets=True)

    assert workshop.objects() == []


def test_a_recipient_that_is_none_is_told(workshop: Workshop) -> None:
    with pytest.raises(NotConfigured, match="BACKUP_RECIPIENT is no public key of age"):
        replace(workshop, recipient="age1nonsense").create()

    assert workshop.partial() == []
