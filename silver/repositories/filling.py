"""Filling an empty fact table: the rows are copied into one beside it that has no index yet, which then takes its place.

To copy, index and swap costs a fraction of inserting into a table with indexes and foreign keys. All of it happens in the
transaction of the run: nobody sees the schema that the new table is made in, and readers wait for the swap alone.
"""

from collections.abc import Iterable
from typing import Any

import polars as pl
from django.db import IntegrityError, transaction
from psycopg import sql

from lakehouse_project.kernel.copy import copy_in
from silver.repositories.loading import Merged, note
from silver.repositories.statements import Part, columns, execute, fetch
from silver.repositories.tables import Table

_SCHEMA = "lakehouse_filling"

_IS_FILLABLE = """
SELECT NOT EXISTS (SELECT FROM {table}) AND relacl IS NULL AND NOT relrowsecurity
  AND has_database_privilege(current_database(), 'CREATE')
  AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE confrelid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_depend WHERE refobjid = c.oid AND classid = 'pg_rewrite'::regclass)
  AND NOT EXISTS (SELECT FROM pg_publication_rel WHERE prrelid = c.oid)
FROM pg_class c WHERE oid = %s::regclass
"""

_CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype IN ('p', 'u', 'x', 'c', 'f') ORDER BY contype = 'f'
"""

_INDEXES = """
SELECT pg_get_indexdef(indexrelid), ' ON ' || quote_ident(nspname) || '.' || quote_ident(relname) || ' '
FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE indrelid = %s::regclass
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
"""


def is_fillable(table: Table) -> bool:
    """Whether `table` is empty, and nobody has given it a view, right, trigger or publication that a new one would lack."""
    [(is_it,)] = fetch(_IS_FILLABLE, [table.name], table=table.name)
    return bool(is_it)


class Filling:
    """One table being filled: `add` its rows page by page, `complete` it; `swap` it in at the end of the run."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._new = sql.Identifier(_SCHEMA, table.name)
        execute("CREATE SCHEMA IF NOT EXISTS {schema}", schema=_SCHEMA)
        self._run(
            "CREATE TABLE {new} (LIKE {old} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY INCLUDING STORAGE)"
        )
        execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), nextval(pg_get_serial_sequence(%s, 'id')), false)",
            [f"{_SCHEMA}.{table.name}", table.name],
        )

    def add(self, rows: pl.DataFrame) -> Merged:
        """Append `rows`. Of those with one natural key only that of the highest raw record will stay."""
        return Merged(written=copy_in(self._new, rows.select(self._table.columns)))

    def complete(self) -> None:
        """Give the table what the old one has besides rows, and note whom the rows concern."""
        constraints = fetch(_CONSTRAINTS, [self._table.name])
        try:
            with transaction.atomic():
                self._constrain(constraints)
        except IntegrityError:
            self._drop_claimed()
            self._constrain(constraints)
        for definition, on_old in fetch(_INDEXES, [self._table.name]):
            before, after = definition.split(on_old, 1)
            self._run("{before} ON {new} {after}", before=sql.SQL(before), after=sql.SQL(after))
        self._run("ANALYZE {new}")
        note(self._table, self._new)

    def take_place(self) -> None:
        """From here to the end of the transaction readers wait."""
        [(schema,)] = fetch(
            "SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = %s::regclass",
            [self._table.name],
        )
        self._run("DROP TABLE {old}")
        self._run("ALTER TABLE {new} SET SCHEMA {schema}", schema=sql.SQL(schema))

    def _constrain(self, constraints: list[tuple[Any, ...]]) -> None:
        for name, definition in constraints:
            self._run(
                "ALTER TABLE {new} ADD CONSTRAINT {name} {definition}",
                name=name,
                definition=sql.SQL(definition),
            )

    def _drop_claimed(self) -> None:
        """Delete the rows whose natural key a later raw record has."""
        natural = columns(self._table.natural)
        self._run(
            "DELETE FROM {new} WHERE raw_record_id IN (SELECT raw_record_id FROM (SELECT raw_record_id, "
            "row_number() OVER (PARTITION BY {natural} ORDER BY raw_record_id DESC) AS place FROM {new}) n WHERE place > 1)",
            natural=natural,
        )

    def _run(self, template: str, **parts: Part) -> None:
        execute(template, new=self._new, old=self._table.name, **parts)


def swap(fillings: Iterable[Filling]) -> None:
    """Let the filled tables take their places."""
    for filling in fillings:
        filling.take_place()
    execute("DROP SCHEMA IF EXISTS {schema}", schema=_SCHEMA)
