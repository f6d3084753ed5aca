"""The services of backups as the product composes them, on a storage that a test may damage."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import pyrage

from governance.models import Run
from lake.backups.create import CreateBackup
from lake.backups.databases import drop_named
from lake.backups.depot import Depot
from lake.backups.domain import Retention, StoredBackup, StoredPart
from lake.backups.loading import LoadDump
from lake.backups.programs import Programs
from lake.backups.prune import PruneBackups
from lake.backups.repositories import Receipts
from lake.backups.restore import RestoreBackup
from lake.backups.server import Server
from lake.backups.verify import VerifyBackup
from lake.storage import Storage
from lakehouse_project.composed_backups import live_server, programs
from lakehouse_project.runtime.secrets import load_secrets

SECRETS = {"SECRET_KEY": "signs", "FIELD_KEY": "opens fields"}


@dataclass
class Workshop:
    storage: Storage
    server: Callable[[], Server]
    recipient: str | None = None
    identity_file: Path | None = None
    find_programs: Callable[[int], Programs] = programs
    checks: Callable[[Server], Sequence[str]] = lambda _: ()
    settle: Callable[[Server], None] = lambda _: None
    retention: Retention = field(default_factory=Retention)

    @property
    def depot(self) -> Depot:
        return Depot(storage=self.storage)

    @property
    def create(self) -> CreateBackup:
        return CreateBackup(
            depot=self.depot,
            receipts=Receipts(),
            server=self.server,
            find_programs=self.find_programs,
            lake_tables=list,
            secrets=lambda: SECRETS,
            recipient=self.recipient,
        )

    @property
    def load(self) -> LoadDump:
        return LoadDump(depot=self.depot, find_programs=self.find_programs)

    @property
    def verify(self) -> VerifyBackup:
        return VerifyBackup(
            depot=self.depot,
            receipts=Receipts(),
            load=self.load,
            server=self.server,
            checks=self.checks,
            identity_file=self.identity_file,
        )

    @property
    def restore(self) -> RestoreBackup:
        return RestoreBackup(
            depot=self.depot,
            create=self.create,
            load=self.load,
            server=self.server,
            settle=self.settle,
            identity_file=self.identity_file,
        )

    @property
    def prune(self) -> PruneBackups:
        return PruneBackups(depot=self.depot, receipts=Receipts(), retention=self.retention)

    def objects(self) -> list[str]:
        return [stored.key for stored in self.storage.list("")]

    def partial(self) -> list[str]:
        """What writers have left half-written."""
        return [stored.key for stored in self.storage.unfinished("")]

    def change(self, part: StoredPart, how: Callable[[bytes], bytes]) -> None:
        """Damage an object, as a disk would."""
        with self.storage.open(part.key) as stream:
            content = how(stream.read())
        with self.storage.write(part.key) as out:
            out.write(content)


def databases() -> set[str]:
    """The databases of the server."""
    with psycopg.connect(**live_server().parameters) as session:
        return {name for (name,) in session.execute("SELECT datname FROM pg_database").fetchall()}


def asked(database: str, statement: str) -> Any:
    """The one value of a query of any database of the server."""
    with psycopg.connect(**live_server().named(database).parameters) as session:
        row = session.execute(statement).fetchone()
        return row and row[0]


def execute(server: Server, statement: str) -> None:
    with psycopg.connect(**server.parameters, autocommit=True) as session:
        session.execute(statement)


@contextmanager
def tidied() -> Iterator[None]:
    """Databases that the block leaves are dropped."""
    before = databases()
    yield
    for name in databases() - before:
        drop_named(live_server(), name)


@contextmanager
def small_database() -> Iterator[Server]:
    """Values of many types in a table with an index, a generated column and a trigger."""
    server = live_server().named(f"small_{secrets.token_hex(4)}")
    with tidied():
        execute(live_server(), f"CREATE DATABASE {server.database}")
        execute(server, SMALL)
        yield server


SMALL = """
    CREATE TABLE readings (id int PRIMARY KEY, at timestamptz DEFAULT now(), price numeric, ratio float8, raw bytea,
        tags jsonb, meaning vector(3), note text, loud text GENERATED ALWAYS AS (upper(note)) VIRTUAL);
    INSERT INTO readings SELECT i, now() - i * interval '1 h', i * 1.10, 0.1 + i, decode(md5(i::text), 'hex'),
        jsonb_build_object('a', i), array_fill(i::real, array[3])::vector, 'é ' || i FROM generate_series(1, 500) i;
    CREATE TABLE empty_one (id int);
    CREATE INDEX ON readings (at);
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER nothing BEFORE UPDATE ON readings FOR EACH ROW EXECUTE FUNCTION nothing();
    COMMENT ON TRIGGER nothing ON readings IS 'for nothing'"""


@contextmanager
def superuser_session(server: Server) -> Iterator[None]:
    """A session that the owner of the database may not end."""
    password = load_secrets(Path(os.environ["LAKEHOUSE_HOME"])).postgres_superuser_password
    with psycopg.connect(**{**server.parameters, "user": "postgres", "password": password}):
        yield


def add_runs(rows: int) -> None:
    """To the database of the application."""
    Run.objects.bulk_create(
        Run(kind="seed", state=Run.State.RUNNING, progress=0.1 + i, inputs={"a": 1}, detail=f"é {i}\n")
        for i in range(rows)
    )


def count(server: Server) -> int:
    return int(asked(server.database, "SELECT count(*) FROM readings"))


def key_pair(folder: Path) -> tuple[str, Path]:
    """A public key, and the file with the identity that belongs to it, as `age-keygen` writes it."""
    identity = pyrage.x25519.Identity.generate()
    file = folder / f"{str(identity.to_public())[-8:]}.txt"
    file.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public()), file


def encrypting(workshop: Workshop, folder: Path) -> Workshop:
    recipient, file = key_pair(folder)
    return replace(workshop, recipient=recipient, identity_file=file)


def flipped(content: bytes) -> bytes:
    """One bit in the middle is another one."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def stored_parts(backup: StoredBackup) -> dict[str, StoredPart]:
    return {part.key.split(".")[1]: part for part in backup.manifest.parts}
