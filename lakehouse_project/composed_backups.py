"""How the services of backups are built, and what this application asks of a database that was restored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import wireup
from django.core import checks
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from bronze.models import SourceFile
from governance.models import Run, Watermark
from lake.backups.create import CreateBackup
from lake.backups.databases import drop_named, exists
from lake.backups.depot import Depot
from lake.backups.domain import LakeTable, Retention
from lake.backups.errors import RestoreRefused
from lake.backups.loading import LoadDump
from lake.backups.programs import Programs, find_programs
from lake.backups.prune import PruneBackups
from lake.backups.repositories import Receipts
from lake.backups.restore import RestoreBackup, Restored, is_former
from lake.backups.server import Server
from lake.backups.status import DescribeProtection
from lake.backups.verify import VerifyBackup
from lake.storage import Storage
from lake.tables import LakeTables
from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve
from lakehouse_project.runtime.accounts import postgres_binaries
from lakehouse_project.runtime.errors import RuntimeProblem


@wireup.injectable
def depot(storage: Storage) -> Depot:
    return Depot(storage=storage)


@wireup.injectable
def create_backup(where: Depot, receipts: Receipts) -> CreateBackup:
    return CreateBackup(
        depot=where,
        receipts=receipts,
        server=live_server,
        find_programs=programs,
        lake_tables=_lake_tables,
        secrets=_secrets,
        recipient=env().backup_recipient,
    )


@wireup.injectable
def load_dump(where: Depot) -> LoadDump:
    return LoadDump(depot=where, find_programs=programs)


@wireup.injectable
def verify_backup(where: Depot, receipts: Receipts, load: LoadDump) -> VerifyBackup:
    return VerifyBackup(
        depot=where,
        receipts=receipts,
        load=load,
        server=live_server,
        checks=examine,
        identity_file=env().backup_identity_file,
    )


@wireup.injectable
def restore_backup(where: Depot, create: CreateBackup, load: LoadDump) -> RestoreBackup:
    return RestoreBackup(
        depot=where,
        create=create,
        load=load,
        server=live_server,
        settle=settle,
        identity_file=env().backup_identity_file,
    )


@wireup.injectable
def prune_backups(where: Depot, receipts: Receipts) -> PruneBackups:
    given = env()
    retention = Retention(
        keep_days=given.backup_keep_days,
        keep_last=given.backup_keep_last,
        keep_monthly=given.backup_keep_monthly,
    )
    return PruneBackups(depot=where, receipts=receipts, retention=retention)


@wireup.injectable
def describe_protection(receipts: Receipts) -> DescribeProtection:
    return DescribeProtection(receipts=receipts, max_age_hours=env().backup_max_age_hours)


FACTORIES = (
    depot,
    create_backup,
    load_dump,
    verify_backup,
    restore_backup,
    prune_backups,
    describe_protection,
    wireup.injectable(Receipts),
)


def live_server() -> Server:
    return Server.of(connection.settings_dict)


def programs(major: int) -> Programs:
    """Those of the embedded server, if they are new enough, else those on PATH."""
    return find_programs(major, [_embedded_folder])


def _embedded_folder() -> Path | None:
    with suppress(RuntimeProblem):
        return postgres_binaries(None)
    return None


def _secrets() -> Mapping[str, str]:
    """Without them what is encrypted in the tables stays so on another machine."""
    return {"SECRET_KEY": env().secret("django_secret_key"), "FIELD_KEY": env().secret("field_key")}


def _lake_tables() -> Sequence[LakeTable]:
    facts = resolve(LakeTables).facts()
    return [LakeTable(name=table.name, location=table.location, version=table.version) for table in facts]


def examine(server: Server) -> list[str]:
    """What the application finds wrong in a restored database, in sentences."""
    with _known_to_django(server) as alias:
        return [*_schema_findings(alias), *_check_findings(alias), *_receipt_findings(alias)]


def _schema_findings(alias: str) -> Iterator[str]:
    """Migrations that this version does not know: the backup is of a newer one. Older ones are migrated after a restore."""
    executor = MigrationExecutor(connections[alias])
    known = executor.loader.graph.nodes.keys()
    unknown = [".".join(name) for name in executor.loader.applied_migrations if name not in known]
    ours = [name for name in unknown if name.split(".")[0] in {app for app, _ in known}]
    if ours:
        yield f"it has migrations that this version does not know, such as {ours[0]}: restore it with a newer version"


def _check_findings(alias: str) -> Iterator[str]:
    found = checks.run_checks(tags=[checks.Tags.database, checks.Tags.models], databases=[alias])
    yield from (f"Django: {message.msg}" for message in found if message.is_serious())


def _receipt_findings(alias: str) -> Iterator[str]:
    """Receipts must balance; the database has a rule for it, which a restore might have lost."""
    parts = ("inserted", "updated", "unchanged", "duplicate", "quarantined")
    columns = ["id", "rows_read", *(f"rows_{part}" for part in parts)]
    rows = SourceFile.objects.using(alias).values_list(*columns).iterator()
    wrong = [number for number, read, *counted in rows if read != sum(counted)]
    if wrong:
        yield f"the receipts of {len(wrong)} files do not balance, such as that of file {wrong[0]}"


def settle(server: Server) -> None:
    """Make a restored database ready for work: what was running is over, and every stage reads everything again, since
    indexes, published tables and files are of another time than the rows."""
    with _known_to_django(server) as alias:
        running = Run.objects.using(alias).filter(state__in=[Run.State.RUNNING, Run.State.QUEUED])
        running.update(state=Run.State.CANCELLED, message="It was at work when the backup was made.")
        Watermark.objects.using(alias).all().delete()


def after_restore(restored: Restored, where: Depot) -> int:
    """Write down in the database that has taken the place what was done; how many migrations it lacks."""
    connections.close_all()
    executor = MigrationExecutor(connection)
    if pending := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return len(pending)
    resolve(Receipts).replace(where.find().backups)
    now = timezone.now()
    Run.objects.create(
        kind="backup_restore",
        state=Run.State.SUCCEEDED,
        progress=1,
        inputs={"backup": restored.backup.id},
        message=f"The database is as it was at {restored.backup.manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC.",
        started_at=now - timedelta(seconds=restored.seconds),
        finished_at=now,
    )
    return 0


def discard_former(name: str) -> None:
    """Drop a database that a restore has set aside, and no other. Raises `RestoreRefused`."""
    server = live_server()
    if not is_former(server.database, name):
        raise RestoreRefused(f"{name!r} is no database that a restore of {server.database} has set aside.")
    if not exists(server, name):
        raise RestoreRefused(f"There is no database {name!r}.")
    drop_named(server, name)


@contextmanager
def _known_to_django(server: Server) -> Iterator[str]:
    """The name of a connection of this thread to another database, of any server."""
    alias = f"restored-{uuid4().hex[:8]}"
    options = dict(server.parameters)
    names = {"HOST": "host", "PORT": "port", "NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    restored = connection.copy(alias)
    restored.settings_dict.update(
        {key: options.pop(name, "") for key, name in names.items()}, OPTIONS=options
    )
    connections[alias] = restored
    try:
        yield alias
    finally:
        restored.close()
        del connections[alias]
