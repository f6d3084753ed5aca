"""One consistent view of the database: pg_dump reads it, and so do the counts that prove a restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from lake.backups.domain import TableState
from lake.backups.server import Server, claim, told

CHECKSUM = "sum of hashtextextended(row as text)"
"""PostgreSQL promises to keep this hash: dumps of tables partitioned by hash depend on it."""

_AS_TEXT = (
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    "SET extra_float_digits = 1",
    "SET bytea_output = 'hex'",
    "SET search_path = public",
)
"""What the text of a value depends on."""

_OWN = """
    n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')"""
"""Neither of the system nor of an extension. `o` is the object, `n` its schema."""

_TABLES = f"""
    SELECT n.nspname, o.relname, array(
        SELECT a.attname FROM pg_attribute a
        WHERE a.attrelid = o.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v' ORDER BY a.attnum)
    FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
    WHERE o.relkind = 'r' AND o.relpersistence <> 't' AND {_OWN}"""  # noqa: S608  fixed text

_RELATIONS = f"""
    SELECT CASE o.relkind WHEN 'i' THEN 'indexes' WHEN 'S' THEN 'sequences' ELSE 'views' END, count(*)
    FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace
    WHERE o.relkind IN ('i', 'S', 'v', 'm') AND {_OWN} GROUP BY 1"""  # noqa: S608  as above

_OTHERS = f"""
    SELECT 'constraints', count(*) FROM pg_constraint o JOIN pg_namespace n ON n.oid = o.connamespace WHERE {_OWN}
    UNION ALL
    SELECT 'functions', count(*) FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace WHERE {_OWN}
    UNION ALL
    SELECT 'triggers', count(*) FROM pg_trigger t JOIN pg_class o ON o.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = o.relnamespace WHERE NOT t.tgisinternal AND {_OWN}"""  # noqa: S608  as above

_STATE = """
    SELECT pg_export_snapshot(), now(), pg_database_size(current_database()), current_setting('server_version'),
        array(SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname)"""


@dataclass(frozen=True)
class Contents:
    """What a database holds, in numbers that do not depend on how it came there."""

    tables: dict[str, TableState]
    objects: dict[str, int]
    migrations: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """An exported snapshot; it lives as long as the transaction of `connection`."""

    connection: psycopg.Connection
    name: str
    taken_at: datetime
    database_bytes: int
    server_version: str
    extensions: tuple[str, ...]

    @property
    def major(self) -> int:
        return self.connection.info.server_version // 10_000


@contextmanager
def snapshot(server: Server) -> Iterator[Snapshot]:
    """Freeze the database for reading; others go on writing. Raises `BackupBusy` if a backup is being made."""
    with server.connect() as connection:
        _read_as_text(connection)
        with told("take a snapshot of the database"), connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            claim(connection, "create", server.database)
            row = connection.execute(_STATE).fetchone()
            assert row is not None  # noqa: S101  a SELECT without FROM has one row
            name, taken_at, size, version, extensions = row
            yield Snapshot(connection, name, taken_at, size, version, tuple(extensions))


def contents(connection: psycopg.Connection) -> Contents:
    """Count and sum up every table, as the transaction of `connection` sees it."""
    tables = sorted(_rows(connection, _TABLES))
    states = {
        f"{schema}.{name}": _state(connection, schema, name, columns) for schema, name, columns in tables
    }
    objects = dict(_rows(connection, f"{_RELATIONS} UNION ALL {_OTHERS}"))
    is_django = "public.django_migrations" in states
    return Contents(states, objects, _migrations(connection) if is_django else ())


def contents_of(server: Server) -> Contents:
    """The same of a database that nobody writes to."""
    with server.connect() as connection, told(f"read the database {server.database}"):
        _read_as_text(connection)
        return contents(connection)


def _read_as_text(connection: psycopg.Connection) -> None:
    for statement in _AS_TEXT:
        connection.execute(statement)


def _state(connection: psycopg.Connection, schema: str, name: str, columns: list[str]) -> TableState:
    """Columns that the server computes when they are read are left out: they follow from the others."""
    row = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL(
        "SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)::numeric), 0)::text FROM {}"
    )
    found = connection.execute(statement.format(row, sql.Identifier(schema, name))).fetchone()
    assert found is not None  # noqa: S101  an aggregate has one row
    return TableState(rows=found[0], checksum=found[1])


def _rows(connection: psycopg.Connection, statement: str) -> list[tuple[Any, ...]]:
    return connection.execute(statement).fetchall()


def _migrations(connection: psycopg.Connection) -> tuple[str, ...]:
    rows = connection.execute("SELECT app || '.' || name FROM public.django_migrations ORDER BY 1")
    return tuple(name for (name,) in rows)
