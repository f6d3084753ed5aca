"""The merge of incoming rows into the raw records, by (data set, key), in the caller's transaction."""

from dataclasses import dataclass

import orjson
import polars as pl
from django.db import connection
from django.db.backends.utils import CursorWrapper

from bronze.domain import Receipt
from bronze.errors import UnknownDataset
from lakehouse_project.kernel.copy import copy_in

LINES_NAMED = 20
"""So many of the other lines does the error of a duplicate key name."""

HOLD_DATASET = "SELECT 1 FROM bronze_dataset WHERE name = %s AND deleted_at IS NULL FOR KEY SHARE"
"""Instead of a foreign key, which would be checked for each of a million rows."""

CREATE = """
DROP TABLE IF EXISTS pg_temp.bronze_incoming;
CREATE TEMP TABLE bronze_incoming (
    seq bigint DEFAULT nextval(pg_get_serial_sequence('bronze_rawrecord', 'id')),
    line bigint, key text, payload jsonb, raw_text text, content_hash bytea, errors jsonb
) ON COMMIT DROP
"""
"""`seq` tells which row came later, also beside the records that a load writes meanwhile: both count on one sequence."""

CONTENT_HASH = "coalesce(content_hash, sha256(convert_to(coalesce(raw_text, '') || payload::text, 'UTF8')))"

CONTENT_KEY = f"'?' || encode({CONTENT_HASH}, 'hex')"

KEY_FROM_CONTENT = f"UPDATE bronze_incoming SET key = {CONTENT_KEY} WHERE key IS NULL"  # noqa: S608

KEY_FROM_REPAIR = """
UPDATE bronze_incoming AS incoming SET key = record.key
FROM bronze_rawrecord AS record
WHERE record.dataset_id = %(dataset)s AND record.patch <> '{}'
  AND incoming.key = '?' || encode(record.content_hash, 'hex')
"""
"""A row without a key to which staff have given one keeps it when it comes again."""

KEY_FROM_REPAIR_IF_FREE = f"""
{KEY_FROM_REPAIR}
  AND NOT EXISTS (SELECT FROM bronze_incoming AS other WHERE other.key = record.key)
"""

DROP_DUPLICATES = """
DELETE FROM bronze_incoming AS earlier
USING (SELECT key, max(seq) AS last FROM bronze_incoming GROUP BY key HAVING count(*) > 1) AS repeated
WHERE earlier.key = repeated.key AND earlier.seq < repeated.last
"""

DROP_EQUAL = """
DELETE FROM bronze_incoming AS earlier
USING (
    SELECT key, payload, raw_text, max(seq) AS last FROM bronze_incoming
    GROUP BY key, payload, raw_text HAVING count(*) > 1
) AS repeated
WHERE earlier.key = repeated.key AND earlier.payload = repeated.payload
  AND earlier.raw_text IS NOT DISTINCT FROM repeated.raw_text AND earlier.seq < repeated.last
"""

REFUSE_DUPLICATES = f"""
UPDATE bronze_incoming AS row SET
    key = {CONTENT_KEY},
    errors = errors || jsonb_build_array(jsonb_build_object(
        'field', %(field)s::text, 'rule', 'duplicate_key', 'value', NULL,
        'message', format('the key %%s is also in line %%s of the file', row.key, (
            SELECT string_agg(line::text, ', ' ORDER BY line)
            FROM (SELECT line FROM unnest(repeated.lines) AS line WHERE line <> row.line LIMIT {LINES_NAMED}) AS others
        ))
    ))
FROM (
    SELECT key, array_agg(line ORDER BY line) AS lines FROM bronze_incoming GROUP BY key HAVING count(*) > 1
) AS repeated
WHERE row.key = repeated.key
"""  # noqa: S608  made of constants

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
           %(file)s, line, {CONTENT_HASH}
    FROM bronze_incoming AS incoming
    WHERE payload IS NOT NULL
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

GIVEN = """(
    SELECT row ->> 0 AS key, row -> 1 AS payload, row -> 2 AS errors,
           NULL::text AS raw_text, NULL::bigint AS line, NULL::bytea AS content_hash
    FROM jsonb_array_elements(%(rows)s::jsonb) AS row
)"""

MERGE_GIVEN = MERGE.replace("bronze_incoming AS incoming", f"{GIVEN} AS incoming")
"""The same merge of rows that come with the statement: a table for a few costs more than they do."""

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


def merge_given(dataset: str, rows: pl.DataFrame) -> None:
    """Write what is new or different of rows that are at hand, each with a key of its own: `key`, `payload`, `errors`.

    Use it inside `transaction.atomic()`, with the data set held.
    """
    columns = (map(_quoted, rows["key"]), rows["payload"], rows["errors"])
    given = ",".join(f"[{key},{payload},{errors}]" for key, payload, errors in zip(*columns, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(MERGE_GIVEN, {"dataset": dataset, "file": None, "rows": f"[{given}]"})


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()


def hold_dataset(dataset: str) -> None:
    """Keep the data set from being deleted before the transaction ends. Raises `UnknownDataset` if it is gone."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_DATASET, [dataset])
        if cursor.fetchone() is None:
            raise UnknownDataset(f"There is no data set {dataset!r} any more.")


class IncomingTable:
    """A temporary table that takes the rows of one load and merges them once.

    Use it inside `transaction.atomic()`; it is dropped with the transaction.
    Raises `UnknownDataset` if the data set is gone.
    """

    def __init__(self, dataset: str, file_id: int | None = None) -> None:
        self.height = 0
        self._names = {"dataset": dataset, "file": file_id}
        hold_dataset(dataset)
        with connection.cursor() as cursor:
            cursor.execute(CREATE)

    def add(self, rows: pl.DataFrame) -> None:
        """Append rows of `bronze.incoming.INCOMING_SCHEMA`, all of it or `line` and `key` of a row that is as stored."""
        self.height += copy_in("bronze_incoming", rows)

    def merge(self, *, refuse_duplicates_of: str | None = None) -> Merged:
        """Write what is new or different.

        Of rows with the same key the last one counts; or, where `refuse_duplicates_of` names the key's field, none of them:
        unless they are equal, all are quarantined.
        """
        if not self.height:
            return Merged(Receipt(), 0, ())
        with connection.cursor() as cursor:
            duplicate = self._settle_keys(cursor, refuse_duplicates_of)
            cursor.execute("ANALYZE bronze_incoming (key)")
            cursor.execute(MERGE, self._names)
            inserted, updated, touched, patched = cursor.fetchone()
            cursor.execute(COUNT_QUARANTINED, self._names)
            (quarantined,) = cursor.fetchone()
        unchanged = self.height - duplicate - inserted - updated - quarantined
        receipt = Receipt(
            read=self.height,
            inserted=inserted,
            updated=updated,
            unchanged=unchanged,
            duplicate=duplicate,
            quarantined=quarantined,
        )
        return Merged(receipt, touched, tuple(patched))

    def _settle_keys(self, cursor: CursorWrapper, refuse_duplicates_of: str | None) -> int:
        """Give each row a key of its own; the number of duplicates that were dropped for it."""
        cursor.execute(KEY_FROM_CONTENT)
        if cursor.rowcount:
            cursor.execute(KEY_FROM_REPAIR, self._names)
        if refuse_duplicates_of is None:
            cursor.execute(DROP_DUPLICATES)
            return int(cursor.rowcount)
        cursor.execute(DROP_EQUAL)
        duplicate = int(cursor.rowcount)
        cursor.execute(REFUSE_DUPLICATES, {"field": refuse_duplicates_of})
        cursor.execute(KEY_FROM_REPAIR_IF_FREE, self._names)
        return duplicate
