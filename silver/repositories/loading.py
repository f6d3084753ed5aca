"""Loading of frames into the star schema: COPY into a temporary table, then one merge that writes only what differs."""

from dataclasses import dataclass

import polars as pl
from psycopg import sql

from lakehouse_project.kernel.copy import copy_in
from silver.repositories.statements import columns, compose, execute, fetch, same, stage
from silver.repositories.tables import Table

CHANGED = "silver_changed"
"""Temporary table (entity, key) of what the running transaction has changed."""

FREED = "silver_freed"
"""Temporary table (key, raw_record_id) of the keys whose place in the table of the data set at hand has become free, or
whose member has gone, and the raw record that had it."""

_SEEN = "silver_seen"


@dataclass(frozen=True)
class Merged:
    """What one merge did, in rows."""

    written: int = 0
    removed: int = 0


def open_ledger() -> None:
    """Make the temporary tables of a run. Call it once per transaction, before anything is loaded."""
    execute(
        "CREATE TEMP TABLE {changed} (entity text, key text, PRIMARY KEY (entity, key)) ON COMMIT DROP",
        changed=CHANGED,
    )
    execute("CREATE TEMP TABLE {seen} (id bigint) ON COMMIT DROP", seen=_SEEN)
    execute("CREATE TEMP TABLE {freed} (key text, raw_record_id bigint) ON COMMIT DROP", freed=FREED)
    execute(
        "SET CONSTRAINTS ALL IMMEDIATE"
    )  # else the checks of a whole run queue up in memory until its end


def close_ledger() -> int:
    """Turn the noted changes into `Change` rows; return their number."""
    return execute(
        "INSERT INTO silver_change (entity, key) SELECT entity, key FROM {changed}", changed=CHANGED
    )


def changed_keys(entity: str) -> list[str]:
    """The keys of `entity` that this transaction has changed so far."""
    rows = fetch("SELECT key FROM {changed} WHERE entity = %s ORDER BY key", [entity], changed=CHANGED)
    return [key for (key,) in rows]


def merge(table: Table, rows: pl.DataFrame, seen: pl.Series) -> Merged:
    """Make `table` hold `rows` for the raw records `seen`, and nothing else of theirs.

    `rows` has the columns of `table.columns`, its natural keys without duplicates. What the raw records stood for before
    and no longer do is deleted, or set inactive in a dimension. Rows that are already there as they shall be are not
    written. Where two raw records claim one natural key, a valid one goes before a deleted one, then the one with the
    higher id.
    """
    staged = stage(table.name, rows.select(table.columns), table.natural)
    _note_seen(seen)
    removed = _retire(table, staged)
    return Merged(written=_write(table, staged), removed=removed)


def add_members(table: Table, members: pl.DataFrame) -> int:
    """Make sure that a table without raw records holds `members`; return how many rows that took."""
    rows = members.select(table.columns).unique(table.natural)
    return _write(table, stage(table.name, rows, table.natural))


def _write(table: Table, staged: str) -> int:
    _drop_settled(table, staged)
    _note_changes(table, staged)
    if table.keeps_gone:
        _note_gone(table, staged)
    return _upsert(table, staged)


def retire_orphans(dataset: str, table: Table) -> int:
    """Retire the rows whose raw record does not exist any more (a full run looks for them); return their number."""
    no_record = compose(
        "f.raw_record_id IS NOT NULL AND NOT EXISTS "
        "(SELECT FROM bronze_rawrecord r WHERE r.id = f.raw_record_id AND r.dataset_id = {dataset})",
        dataset=sql.Literal(dataset),
    )
    return _remove(table, no_record)


def _note_seen(ids: pl.Series) -> None:
    execute("TRUNCATE {seen}", seen=_SEEN)
    copy_in(_SEEN, ids.to_frame("id"))
    execute("ANALYZE {seen}", seen=_SEEN)


def _retire(table: Table, staged: str) -> int:
    no_longer_said = compose(
        "f.raw_record_id IN (SELECT id FROM {seen}) AND NOT EXISTS "
        "(SELECT FROM {staged} n WHERE n.raw_record_id = f.raw_record_id AND {same_key})",
        seen=_SEEN,
        staged=staged,
        same_key=same(table.decided_by),
    )
    return _remove(table, no_longer_said)


def _remove(table: Table, condition: sql.Composable) -> int:
    """Delete the rows `f` that meet `condition`, or set them inactive, and note the change.

    Former versions are left alone: whether the member is active, its current version says.
    """
    verb = (
        "UPDATE {table} f SET is_active = false WHERE f.is_active AND"
        if table.keeps_gone
        else "DELETE FROM {table} f WHERE"
    )
    if "is_current" in table.columns:
        verb += " f.is_current AND"
    [(removed,)] = fetch(
        "WITH gone AS ({verb} {condition} RETURNING f.*), noted AS ({note}), "
        "freed AS (INSERT INTO {freed} SELECT {record_key}, raw_record_id FROM gone) SELECT count(*) FROM gone",
        verb=compose(verb, table=table.name),
        condition=condition,
        note=_note(table, sql.Identifier("gone")),
        freed=FREED,
        record_key=sql.SQL(table.record_key),
    )
    return int(removed)


def _drop_settled(table: Table, staged: str) -> None:
    """Drop from the stage what is there already, and what a later raw record has claimed."""
    execute(
        "DELETE FROM {staged} n USING {table} f WHERE {same_key} AND ({claimed} OR ({new}) IS NOT DISTINCT FROM ({old}))",
        staged=staged,
        table=table.name,
        same_key=same(table.natural),
        claimed=sql.SQL(_claimed(table)),
        new=columns(table.columns, "n"),
        old=columns(table.columns, "f"),
    )


def _claimed(table: Table) -> str:
    if "raw_record_id" not in table.columns:
        return "false"
    if not table.keeps_gone:
        return "f.raw_record_id > n.raw_record_id"
    return "f.raw_record_id <> n.raw_record_id AND (f.is_active, f.raw_record_id) > (n.is_active, n.raw_record_id)"


def _note_gone(table: Table, staged: str) -> None:
    """Note as freed the keys of members that the staged rows set inactive: another record may have them active."""
    current = " AND f.is_current AND n.is_current" if "is_current" in table.columns else ""
    execute(
        "INSERT INTO {freed} SELECT {record_key}, raw_record_id FROM (SELECT f.* FROM {table} f JOIN {staged} n "
        "ON {same_key} WHERE f.is_active AND NOT n.is_active{current}) gone",
        freed=FREED,
        record_key=sql.SQL(table.record_key),
        table=table.name,
        staged=staged,
        same_key=same(table.decided_by),
        current=sql.SQL(current),
    )


def _note_changes(table: Table, staged: str) -> None:
    """Note whom the staged rows concern, and whom the rows concern that they replace."""
    replaced = compose(
        "(SELECT f.* FROM {table} f JOIN {staged} n ON {same_key}) replaced",
        table=table.name,
        staged=staged,
        same_key=same(table.natural),
    )
    for rows in (sql.Identifier(staged), replaced):
        note(table, rows)


def note(table: Table, rows: sql.Composable) -> None:
    """Note whom `rows`, rows of `table`, concern."""
    execute("{note}", note=_note(table, rows))


def _note(table: Table, rows: sql.Composable) -> sql.Composable:
    """A statement that notes whom `rows`, rows of `table`, concern."""
    if not table.changes:
        return sql.SQL("SELECT")
    pairs = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(entity), sql.SQL(key)) for entity, key in table.changes.items()
    )
    return compose(
        "INSERT INTO {changed} SELECT DISTINCT c.entity, c.key "
        "FROM {rows} CROSS JOIN LATERAL (VALUES {pairs}) c (entity, key) WHERE c.key IS NOT NULL ON CONFLICT DO NOTHING",
        changed=CHANGED,
        rows=rows,
        pairs=pairs,
    )


def _upsert(table: Table, staged: str) -> int:
    """Write the staged rows: first those that are there, so that a version is closed before the next one opens.

    No ON CONFLICT: the lock of the feed makes this the only writer, and it doubles the time of an insert.
    """
    same_key = same(table.natural)
    replaced = execute(
        "UPDATE {table} f SET {updates} FROM {staged} n WHERE {same_key}",
        table=table.name,
        staged=staged,
        same_key=same_key,
        updates=sql.SQL(", ").join(compose("{name} = n.{name}", name=name) for name in table.columns),
    )
    added = execute(
        "INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged} n "
        "WHERE NOT EXISTS (SELECT FROM {table} f WHERE {same_key}) ORDER BY {natural}",
        table=table.name,
        staged=staged,
        columns=columns(table.columns),
        same_key=same_key,
        natural=columns(table.natural),
    )
    return replaced + added
