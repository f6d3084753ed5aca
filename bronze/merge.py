"""The merge of incoming rows into the raw records, by (data set, key), in the caller's transaction."""

from dataclasses import dataclass

import polars as pl
from django.db import connection

from bronze.domain import Receipt
from lakehouse_project.kernel.copy import copy_in

CREATE = """
CREATE TEMP TABLE bronze_incoming (
    seq bigint GENERATED ALWAYS AS IDENTITY, line bigint, key text, payload jsonb, raw_text text, errors jsonb
) ON COMMIT DROP
"""

KEY_FROM_CONTENT = """
UPDATE bronze_incoming
SET key = '?' || encode(sha256(convert_to(coalesce(raw_text, '') || payload::text, 'UTF8')), 'hex')
WHERE key IS NULL
"""

KEY_FROM_REPAIR = """
UPDATE bronze_incoming AS incoming SET key = record.key
FROM bronze_rawrecord AS record
WHERE record.dataset_id = %(dataset)s AND record.patch <> '{}'
  AND incoming.key = '?' || encode(record.content_hash, 'hex')
"""
"""A row without a key to which staff have given one keeps it when it comes again."""

DROP_DUPLICATES = """
DELETE FROM bronze_incoming AS earlier
USING (SELECT key, max(seq) AS last FROM bronze_incoming GROUP BY key HAVING count(*) > 1) AS repeated
WHERE earlier.key = repeated.key AND earlier.seq < repeated.last
"""

CONFLICT = """
coalesce((
    SELECT jsonb_object_agg(name, jsonb_build_object(
        'received_before', known.before, 'received_now', known.now, 'patched', record.patch -> name))
    FROM jsonb_object_keys(record.patch) AS name, LATERAL (SELECT
        coalesce(record.conflict -> name -> 'received_before', record.payload -> name, 'null') AS before,
        coalesce(EXCLUDED.payload -> name, 'null') AS now
    ) AS known
    WHERE known.now <> known.before AND known.now <> record.patch -> name
), '{}')
"""
"""A field that staff have overridden and of which the row brings another value than the one they saw, nor their own."""

MERGE = f"""
WITH merged AS (
    INSERT INTO bronze_rawrecord AS record
        (dataset_id, key, payload, raw_text, status, errors, source_file_id, line, content_hash)
    SELECT %(dataset)s, key, payload, raw_text, CASE WHEN errors = '[]' THEN 'valid' ELSE 'quarantined' END, errors,
           %(file)s, line, sha256(convert_to(coalesce(raw_text, '') || payload::text, 'UTF8'))
    FROM bronze_incoming
    ON CONFLICT (dataset_id, key) DO UPDATE SET
        payload = EXCLUDED.payload, raw_text = EXCLUDED.raw_text, status = EXCLUDED.status, errors = EXCLUDED.errors,
        source_file_id = EXCLUDED.source_file_id, line = EXCLUDED.line, content_hash = EXCLUDED.content_hash,
        conflict = CASE WHEN record.patch = '{{}}' THEN '{{}}' ELSE {CONFLICT} END
    WHERE record.content_hash <> EXCLUDED.content_hash
    RETURNING (xmax = 0) AS is_new, status, id, patch <> '{{}}' AS is_patched
)
SELECT count(*) FILTER (WHERE is_new AND status = 'valid'), count(*) FILTER (WHERE NOT is_new AND status = 'valid'),
       count(*), coalesce(array_agg(id) FILTER (WHERE is_patched), '{{}}')
FROM merged
"""  # noqa: S608  made of constants

COUNT_QUARANTINED = """
SELECT count(*) FROM bronze_incoming AS incoming
JOIN bronze_rawrecord AS record ON record.dataset_id = %(dataset)s AND record.key = incoming.key
WHERE incoming.errors <> '[]' AND record.status = 'quarantined'
"""


@dataclass(frozen=True)
class Merged:
    """`touched`: records written at all. `patched`: ids of those with edits on top, whose status must be checked anew."""

    receipt: Receipt
    touched: int
    patched: tuple[int, ...]


class IncomingTable:
    """A temporary table that takes the rows of one load and merges them once.

    Use it inside `transaction.atomic()`; it is dropped with the transaction.
    """

    def __init__(self) -> None:
        self.read = 0
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.bronze_incoming")
            cursor.execute(CREATE)

    def add(self, rows: pl.DataFrame) -> None:
        """Append rows of `bronze.incoming.INCOMING_SCHEMA`."""
        self.read += copy_in("bronze_incoming", rows)

    def merge(self, dataset: str, file_id: int | None) -> Merged:
        """Write what is new or different. Of rows with the same key the last one counts."""
        names = {"dataset": dataset, "file": file_id}
        with connection.cursor() as cursor:
            cursor.execute(KEY_FROM_CONTENT)
            if cursor.rowcount:
                cursor.execute(KEY_FROM_REPAIR, names)
            cursor.execute("ANALYZE bronze_incoming")
            cursor.execute(DROP_DUPLICATES)
            duplicate = cursor.rowcount
            cursor.execute(MERGE, names)
            inserted, updated, touched, patched = cursor.fetchone()
            cursor.execute(COUNT_QUARANTINED, names)
            (quarantined,) = cursor.fetchone()
        unchanged = self.read - duplicate - inserted - updated - quarantined
        receipt = Receipt(
            read=self.read,
            inserted=inserted,
            updated=updated,
            unchanged=unchanged,
            duplicate=duplicate,
            quarantined=quarantined,
        )
        return Merged(receipt, touched, tuple(patched))
