"""Databases that are made, exchanged and dropped on a server, by an owner who need not be a superuser."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors, sql

from lake.backups.errors import BackupFailed, RestoreRefused
from lake.backups.server import Server, claim, told

LONGEST_NAME = 63
DROP_SECONDS = 60
_PAUSE = 0.2


@contextmanager
def scratch(server: Server) -> Iterator[Server]:
    """An empty database beside that of `server`, dropped at the end of the block whatever happens; those that killed
    runs have left are dropped first. Raises `BackupBusy`."""
    prefix = f"{server.database[:40]}_verify_"
    beside = server.beside()
    with beside.connect() as lock, lock.transaction(), beside.connect() as connection:
        claim(lock, "restore", server.database)
        for leftover in _names(connection, prefix):
            drop(connection, leftover)
        name = f"{prefix}{secrets.token_hex(4)}"
        create(connection, name)
        try:
            yield server.named(name)
        finally:
            drop(connection, name)


@contextmanager
def being_restored(server: Server, name: str) -> Iterator[Server]:
    """A new database `name` that stays only if the block ends without an error. Raises `RestoreRefused`, `BackupBusy`."""
    beside = server.beside()
    with beside.connect() as lock, lock.transaction(), beside.connect() as connection:
        claim(lock, "restore", server.database)
        create(connection, name)
        try:
            yield server.named(name)
        except BaseException:
            drop(connection, name)
            raise


def exists(server: Server, name: str) -> bool:
    with server.beside().connect() as connection:
        return name in _names(connection, name)


def create(connection: psycopg.Connection, name: str) -> None:
    """Raises `RestoreRefused` if there is one of that name."""
    if len(name.encode()) > LONGEST_NAME:
        raise RestoreRefused(f"The name {name!r} is too long for a database.")
    try:
        with told(f"create the database {name}"):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    except BackupFailed as error:
        if isinstance(error.__cause__, errors.DuplicateDatabase):
            raise RestoreRefused(
                f"There is a database {name!r} already: name another one, or drop it."
            ) from None
        raise


def drop(connection: psycopg.Connection, name: str) -> None:
    """Drop it if it is there. Autovacuum may be at work in it, which only a superuser may end (and `WITH (FORCE)` with
    it): a plain drop asks it to leave, so what remains is to end our own sessions and to try again."""
    deadline = time.monotonic() + DROP_SECONDS
    statement = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    while True:
        end_sessions(connection, name)
        try:
            connection.execute(statement)
        except errors.ObjectInUse:
            if time.monotonic() > deadline:
                raise BackupFailed(f"The database {name} is in use and could not be dropped.") from None
            time.sleep(_PAUSE)
        except psycopg.Error:
            with told(f"drop the database {name}"):
                raise
        else:
            return


def drop_named(server: Server, name: str) -> None:
    """`drop` from a session of its own."""
    with server.beside().connect() as connection:
        drop(connection, name)


def end_sessions(connection: psycopg.Connection, name: str) -> None:
    """End the sessions of a database that are ours to end."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = %s AND pid <> pg_backend_pid() AND pg_has_role(usename, 'USAGE')",
        [name],
    )


def swap(server: Server, *, live: str, restored: str, aside: str) -> None:
    """Put `restored` in the place of `live`, which becomes `aside`: in one transaction, so that there is one or the other
    whenever this is interrupted. Sessions on `live` are ended; new ones wait, and find the restored one or try again."""
    beside = server.beside()
    with beside.connect() as connection, _ending_sessions(beside, live):
        try:
            _rename(connection, (live, aside), (restored, live))
        except errors.ObjectInUse as error:
            raise BackupFailed(
                f"The database {live} is in use by a session that this user may not end: stop web and worker, "
                "then restore again."
            ) from error


def rename(server: Server, old: str, new: str) -> None:
    """Give a database that nobody uses another name."""
    with server.beside().connect() as connection, told(f"rename the database {old}"):
        _rename(connection, (old, new))


def _rename(connection: psycopg.Connection, *pairs: tuple[str, str]) -> None:
    with connection.transaction():
        for old, new in pairs:
            statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(statement.format(sql.Identifier(old), sql.Identifier(new)))


@contextmanager
def _ending_sessions(beside: Server, name: str) -> Iterator[None]:
    """The rename takes a lock that keeps new sessions out, and then waits five seconds for the old ones to go."""
    done = threading.Event()

    def end_them() -> None:
        with beside.connect() as connection:
            while not done.wait(_PAUSE):
                end_sessions(connection, name)

    thread = threading.Thread(target=end_them, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _names(connection: psycopg.Connection, prefix: str) -> list[str]:
    rows = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return [name for (name,) in rows]
