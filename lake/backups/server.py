"""The PostgreSQL server that is backed up: how its programs and own connections reach it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal
from zlib import crc32

import psycopg
from psycopg import conninfo, pq

from lake.backups.errors import BackupBusy, BackupFailed

MAINTENANCE_DATABASES = ("postgres", "template1")
CONNECT_SECONDS = 10
_LOCKS = {"create": 0x1AF, "restore": 0x1B0}  # beside that of governance.feed
_UNHURRIED = (
    "SET statement_timeout = 0",
    "SET lock_timeout = 0",
    "SET idle_in_transaction_session_timeout = 0",
    "SET transaction_timeout = 0",
)


@dataclass(frozen=True)
class Server:
    """A database and how to reach it, in the words of libpq. The password is in no command line and no message."""

    parameters: Mapping[str, str]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Server":
        """From Django's settings of a database."""
        known = _keywords()
        options = {name: str(value) for name, value in settings.get("OPTIONS", {}).items() if name in known}
        names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER", "password": "PASSWORD"}
        given = {name: str(settings.get(key) or "") for name, key in names.items()}
        return cls({**options, **{name: value for name, value in given.items() if value}})

    def __repr__(self) -> str:
        return f"Server({self.address})"

    @property
    def database(self) -> str:
        return self.parameters["dbname"]

    @property
    def address(self) -> str:
        """For the command line of a program: without the password."""
        return conninfo.make_conninfo(
            **{name: value for name, value in self.parameters.items() if name != "password"}
        )

    @property
    def environment(self) -> dict[str, str]:
        """Of a program: nothing but what it needs."""
        found = {"PATH": os.defpath, "LC_ALL": "C", "PGCONNECT_TIMEOUT": str(CONNECT_SECONDS)}
        if "HOME" in os.environ:  # certificates of libpq are looked for there
            found["HOME"] = os.environ["HOME"]
        if "password" in self.parameters:
            found["PGPASSWORD"] = self.parameters["password"]
        return found

    def named(self, database: str) -> "Server":
        """The same server, another database."""
        return replace(self, parameters={**self.parameters, "dbname": database})

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection]:
        """A session of its own, in autocommit, which no time-out ends."""
        with told(f"connect to the database {self.database}"):
            given: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, **self.parameters}
            connection = psycopg.connect(**given, autocommit=True)
        with connection:
            for statement in _UNHURRIED:
                connection.execute(statement)
            yield connection

    def beside(self) -> "Server":
        """A database from which others are created, renamed and dropped. Raises `BackupFailed` if none answers."""
        *others, last = map(self.named, MAINTENANCE_DATABASES)
        for server in others:
            with suppress(BackupFailed), server.connect():
                return server
        with last.connect():
            return last


@cache
def _keywords() -> frozenset[str]:
    return frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())


def claim(connection: psycopg.Connection, what: Literal["create", "restore"], database: str) -> None:
    """Be the only one at this until the transaction of `connection` ends. Raises `BackupBusy`."""
    key = crc32(database.encode()) - (1 << 31)
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCKS[what], key]).fetchone()
    if row is None or not row[0]:
        raise BackupBusy(f"Another backup or restore of {database} is at work: try again when it has ended.")


@contextmanager
def told(what: str) -> Iterator[None]:
    """An error of the server as a sentence, without the rows it may quote."""
    try:
        yield
    except psycopg.Error as error:
        reason = (error.diag.message_primary or str(error).strip() or type(error).__name__).splitlines()[0]
        raise BackupFailed(f"Could not {what}: {reason}.") from error
