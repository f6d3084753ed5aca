"""Going back to a backup: beside the live database, or in its place."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from governance.models import Run, Watermark
from lake.backups.errors import BackupDamaged, BackupFailed, BackupLocked, RestoreRefused
from lake.models import Backup
from lakehouse_project.composed_backups import after_restore, discard_former, live_server
from tests.integration.backups.workshop import (
    Workshop,
    add_runs,
    asked,
    count,
    databases,
    encrypting,
    execute,
    flipped,
    superuser_session,
)

COUNT = "SELECT count(*) FROM governance_run"


@contextmanager
def busy_session() -> Iterator[list[str]]:
    """A session that asks the live database all the time and comes back when it is ended, as a web server does."""
    errors: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                with psycopg.connect(**live_server().parameters, autocommit=True) as session:
                    while not done.is_set():
                        session.execute(COUNT)
            except psycopg.Error as error:
                errors.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield errors
    finally:
        done.set()
        thread.join()


def test_a_backup_takes_the_place_of_the_live_database(whole: Workshop) -> None:
    add_runs(100)
    Watermark.objects.create(stage="silver", position=7)
    backup = whole.create()
    live = live_server().database
    Run.objects.all().delete()
    execute(whole.server(), "CREATE TABLE made_since (id int)")

    with busy_session() as ended:
        restored = whole.restore(backup.id)
        pending = after_restore(restored, whole.depot)

    assert pending == 0
    assert restored.database == live
    assert ended, "sessions on the former database are ended"
    assert Run.objects.filter(kind="seed", state=Run.State.CANCELLED).count() == 100
    assert Run.objects.get(kind="backup_restore").inputs == {"backup": backup.id}
    assert not Watermark.objects.exists(), "every stage reads everything again"
    assert "made_since" not in connection.introspection.table_names()
    assert restored.safety is not None
    assert set(Backup.objects.values_list("pk", flat=True)) == {backup.id, restored.safety.id}
    assert restored.aside is not None
    assert asked(restored.aside, "SELECT count(*) FROM governance_run") == 0
    discard_former(restored.aside)
    assert restored.aside not in databases()


def test_the_safety_backup_leads_back(workshop: Workshop) -> None:
    first = workshop.create()
    execute(workshop.server(), "DELETE FROM readings WHERE id > 3")

    restored = workshop.restore(first.id, drop_former=True)
    assert count(workshop.server()) == 500
    assert restored.aside is None
    assert restored.safety is not None
    workshop.restore(restored.safety.id, with_safety=False, drop_former=True)

    assert count(workshop.server()) == 3


def test_a_backup_is_restored_beside_the_live_database(workshop: Workshop) -> None:
    backup = workshop.create()
    execute(workshop.server(), "DELETE FROM readings")

    restored = workshop.restore("latest", into="beside_it")

    assert (restored.database, restored.aside, restored.safety) == ("beside_it", None, None)
    assert count(workshop.server().named("beside_it")) == 500
    assert count(workshop.server()) == 0
    with pytest.raises(RestoreRefused, match="There is a database 'beside_it' already"):
        workshop.restore(backup.id, into="beside_it")


def test_what_belongs_to_triggers_comes_back(workshop: Workshop) -> None:
    workshop.create()
    workshop.restore("latest", into="beside_it")

    comment = "SELECT obj_description(oid, 'pg_trigger') FROM pg_trigger WHERE tgname = 'nothing'"
    assert asked("beside_it", comment) == "for nothing"
    assert asked("beside_it", "SELECT loud FROM readings WHERE id = 7") == "É 7"


def test_a_lost_database_is_restored_from_the_storage_alone(workshop: Workshop) -> None:
    workshop.create()
    lost = replace(workshop, server=lambda: live_server().named("lost_one"))

    restored = lost.restore("latest")

    assert (restored.database, restored.aside, restored.safety) == ("lost_one", None, None)
    assert count(lost.server()) == 500


def test_an_encrypted_backup_is_restored_with_its_identity(workshop: Workshop, tmp_path: Path) -> None:
    sealed = encrypting(workshop, tmp_path)
    sealed.create()

    with pytest.raises(BackupLocked):
        replace(sealed, identity_file=None).restore("latest", into="beside_it")
    assert "beside_it" not in databases()

    sealed.restore("latest", into="beside_it")
    assert count(workshop.server().named("beside_it")) == 500


def test_nothing_changes_when_a_restore_fails(workshop: Workshop) -> None:
    backup = workshop.create()
    workshop.change(backup.manifest.dump, flipped)
    before = databases()

    with pytest.raises(BackupDamaged, match="sha256 differs"):
        workshop.restore(backup.id, with_safety=False)

    assert databases() == before
    assert count(workshop.server()) == 500


def test_a_backup_that_is_known_to_be_bad_is_restored_by_nobody(workshop: Workshop) -> None:
    for _ in range(2):
        workshop.create()
    bad, good = workshop.depot.find().backups
    workshop.change(bad.manifest.dump, flipped)
    assert workshop.verify("latest").id == bad.id

    with pytest.raises(BackupDamaged, match="no good"):
        workshop.restore(bad.id)

    assert {backup.id for backup in workshop.depot.find().backups} == {good.id, bad.id}, (
        "no safety backup of it"
    )
    assert workshop.restore("latest", into="beside_it").backup.id == good.id


def test_a_database_in_use_by_a_superuser_stays(workshop: Workshop) -> None:
    backup = workshop.create()
    before = databases()

    with superuser_session(workshop.server()), pytest.raises(BackupFailed, match="stop web and worker"):
        workshop.restore(backup.id, with_safety=False)

    assert databases() == before


def test_only_what_a_restore_has_set_aside_is_discarded(db: None) -> None:
    live = live_server().database
    for name in (live, "postgres", f"{live}_before_1"):
        with pytest.raises(RestoreRefused):
            discard_former(name)
