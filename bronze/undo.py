"""Taking a loaded file back, set by set, in the caller's transaction."""

from typing import Any

from django.db import connection

from bronze.contracts import DOCUMENTS
from bronze.domain import ReceivedFile, UndoGroup, Undone, UndoneRecord
from bronze.history import SET_FROM_EARLIER, causes_of, decoded
from bronze.models import Document
from bronze.references import RULE

SHOWN = 100
"""So many records of each group are named; all are counted."""


def _state(row: str) -> str:
    """What a change would have changed."""
    others = f"""jsonb_path_query_array({row}.errors, '$[*] ? (@.rule != "{RULE}")')"""
    return f"{row}.content_hash, {row}.patch, {row}.status = 'deleted', {others}, {row}.source_file_id"


LOCK = """
SELECT count(*) FROM (SELECT 1 FROM bronze_rawrecord WHERE source_file_id = %s ORDER BY id FOR UPDATE) AS locked
"""

PLAN = f"""
CREATE TEMP TABLE bronze_undo ON COMMIT DROP AS
WITH written AS (
    SELECT id, min(revision) AS revision
    FROM (
        SELECT id, revision FROM bronze_rawrecord WHERE source_file_id = %(file)s
        UNION ALL
        SELECT pgh_obj_id, revision FROM bronze_recordhistory WHERE source_file_id = %(file)s
    ) AS versions
    GROUP BY id
)
SELECT record.id, before.revision AS previous,
       CASE WHEN record.revision <> loaded.revision
             AND ({_state("record")}) IS DISTINCT FROM ({_state("after")})
            THEN 'left'
            WHEN coalesce(before.status, 'deleted') = 'deleted' THEN 'removed'
            ELSE 'restored'
       END AS outcome
FROM written
JOIN bronze_rawrecord AS record ON record.id = written.id
LEFT JOIN bronze_recordhistory AS before
       ON before.pgh_obj_id = written.id AND before.revision = written.revision - 1
CROSS JOIN LATERAL (
    SELECT coalesce(max(within.revision) + 1, written.revision) AS revision FROM bronze_recordhistory AS within
    WHERE within.pgh_obj_id = written.id AND within.pgh_context_id = before.pgh_context_id
) AS loaded
LEFT JOIN bronze_recordhistory AS after
       ON after.pgh_obj_id = written.id AND after.revision = loaded.revision
"""  # noqa: S608  made of constants
"""What the file wrote is the first revision that names it, and those that followed in the same load. A record that was
changed since and is as the file left it again, such as after the undo of a later file, counts as not changed; so does one
that has only been released since, because the record that it waited for has come."""

COUNT = "SELECT outcome, count(*) FROM bronze_undo GROUP BY outcome"

NAMES = """
SELECT record.id, record.key, context.metadata
FROM bronze_undo AS plan
JOIN bronze_rawrecord AS record ON record.id = plan.id
LEFT JOIN bronze_recordhistory AS last ON last.pgh_obj_id = record.id AND last.revision = record.revision - 1
LEFT JOIN pghistory_context AS context ON context.id = last.pgh_context_id
WHERE plan.outcome = %s
ORDER BY record.id LIMIT %s
"""

PUT_BACK = f"""
UPDATE bronze_rawrecord AS record SET {SET_FROM_EARLIER}
FROM bronze_undo AS plan
JOIN bronze_recordhistory AS earlier ON earlier.pgh_obj_id = plan.id AND earlier.revision = plan.previous
WHERE record.id = plan.id AND plan.outcome <> 'left'
"""  # noqa: S608  made of constants

REMOVE = r"""
UPDATE bronze_rawrecord AS record SET status = 'deleted', content_hash = '\x'
FROM bronze_undo AS plan
WHERE record.id = plan.id AND plan.outcome = 'removed' AND plan.previous IS NULL
"""
"""A tombstone that differs from whatever comes: loading the file again brings the record back."""


class FileUndo:
    """What undoing a file does: `plan` tells, `carry_out` does it. Both in one transaction."""

    def plan(self, file: ReceivedFile) -> Undone:
        """The three groups. Locks the records that the file wrote last."""
        if file.dataset == DOCUMENTS:
            return Undone(file=file, removed=_documents(file))
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.bronze_undo")
            cursor.execute(LOCK, [file.id])
            cursor.execute(PLAN, {"file": file.id})
            cursor.execute("ANALYZE bronze_undo")
            cursor.execute(COUNT)
            counts = dict(cursor.fetchall())
            return Undone(file=file, **{name: _group(cursor, name, count) for name, count in counts.items()})

    def carry_out(self, file: ReceivedFile) -> None:
        """Do what `plan` has just said."""
        if file.dataset == DOCUMENTS:
            Document.objects.filter(source_file=file.id).update(is_deleted=True)
            return
        with connection.cursor() as cursor:
            cursor.execute(PUT_BACK)
            cursor.execute(REMOVE)


def _group(cursor: Any, outcome: str, count: int) -> UndoGroup:
    cursor.execute(NAMES, [outcome, SHOWN])
    rows = cursor.fetchall()
    if outcome != "left":
        return UndoGroup(count=count, records=[UndoneRecord(id=row[0], key=row[1]) for row in rows])
    causes = causes_of(decoded(metadata) for _, _, metadata in rows)
    records = [
        UndoneRecord(id=row[0], key=row[1], user=cause.user, reason=cause.reason)
        for row, cause in zip(rows, causes, strict=True)
    ]
    return UndoGroup(count=count, records=records)


def _documents(file: ReceivedFile) -> UndoGroup:
    """The document of the file; its records have no number of their own, so the file's stands for it."""
    found = Document.objects.filter(source_file=file.id, is_deleted=False)
    return UndoGroup(
        count=found.count(), records=[UndoneRecord(id=file.id, key=document.pk) for document in found]
    )
