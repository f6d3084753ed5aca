"""The rows of one file on the shortest way into the raw records, in the caller's transaction.

Most rows of a file are new, or as they are stored already. New ones are copied straight into the raw records; of those
that are as stored only the key is noted; the others go through the merge. A record that a later row of the same file
meets again is taken back for the merge, which knows what becomes of duplicates.
"""

from collections.abc import Mapping
from typing import Any

import pgtrigger
import polars as pl
from django.db import connection

from bronze.domain import Receipt
from bronze.incoming import NO_ERRORS, IncomingBatch
from bronze.merge import IncomingTable, Merged
from lakehouse_project.kernel.copy import array_literal, copy_in

COMPARE = """
SELECT coalesce(string_agg(coalesce((
    SELECT CASE WHEN record.content_hash = decode(incoming.hash, 'hex') AND record.status <> 'quarantined'
                     AND record.source_file_id IS DISTINCT FROM %(file)s THEN 's' ELSE 'd' END
    FROM bronze_rawrecord AS record WHERE record.dataset_id = %(dataset)s AND record.key = incoming.key
), 'n'), '' ORDER BY incoming.place), '')
FROM unnest(%(keys)s::text[], %(hashes)s::text[]) WITH ORDINALITY AS incoming (key, hash, place)
"""
"""A letter for each row: no record has its key (n), one has it with the same content (s) or differs (d)."""

TAKE_BACK = """
WITH again AS (
    DELETE FROM bronze_rawrecord AS record USING (SELECT DISTINCT key FROM bronze_incoming) AS incoming
    WHERE record.dataset_id = %s AND record.key = incoming.key
      AND record.source_file_id = %s AND record.xid = pg_current_xact_id()
    RETURNING record.line, record.key, record.payload, record.content_hash, record.errors
)
INSERT INTO bronze_incoming (seq, line, key, payload, content_hash, errors) OVERRIDING SYSTEM VALUE
SELECT 0, line, key, payload, content_hash, errors FROM again
"""
"""Records that nobody has seen yet: they leave no history."""


class FileLoad:
    """Takes the rows of one file, batch by batch, and merges them at the end."""

    def __init__(
        self, dataset: str, file_id: int, *, refuse_duplicates_of: str | None = None, may_copy: bool = True
    ) -> None:
        """`refuse_duplicates_of`: see `IncomingTable.merge`. `may_copy`: nothing has to be looked up for new rows."""
        self._dataset, self._file_id = dataset, file_id
        self._refuse_duplicates_of = refuse_duplicates_of
        self._may_copy = may_copy
        self._table = IncomingTable(dataset, file_id)
        self._copied = 0
        self.is_mostly_known = False
        """Whether most rows of the batch before were as stored: then checking the next before asking would be in vain."""

    def add(self, batch: IncomingBatch) -> None:
        found = self._compared(batch.rows)
        is_same = found["is_same"]
        self.is_mostly_known = int(is_same.sum()) * 2 > is_same.len()
        rows = batch.checked(~is_same)
        is_clean = found.filter(~is_same)["is_new"] & (rows["errors"] == NO_ERRORS)
        self._copy(rows.filter(is_clean))
        self._table.add(rows.filter(~is_clean))
        self._table.add(batch.rows.filter(is_same).select("line", "key"))

    def _compared(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`is_same`: a record has this key and content. `is_new`: none has the key, and the hash of the content is known."""
        asked: Mapping[str, Any] = {
            "dataset": self._dataset,
            "file": self._file_id,
            "keys": array_literal(rows["key"]),
            "hashes": array_literal(rows["content_hash"].str.strip_prefix(r"\x")),
        }
        with connection.cursor() as cursor:
            cursor.execute(COMPARE, asked)
            (letters,) = cursor.fetchone()
        is_single = pl.col("key").is_unique()
        found = rows.select("key", "content_hash", letter=pl.Series(list(letters), dtype=pl.String))
        return found.select(
            is_same=is_single & (pl.col("letter") == "s") & pl.lit(self._refuse_duplicates_of is None),
            is_new=is_single
            & (pl.col("letter") == "n")
            & pl.col("key").is_not_null()
            & pl.col("content_hash").is_not_null()
            & pl.lit(self._may_copy),
        )

    def _copy(self, rows: pl.DataFrame) -> None:
        self._copied += copy_in(
            "bronze_rawrecord",
            rows.select(
                "line",
                "key",
                "payload",
                "content_hash",
                dataset_id=pl.lit(self._dataset),
                source_file_id=pl.lit(self._file_id),
            ),
        )

    def merge(self) -> Merged:
        """Write what has not been written yet."""
        self._take_back()
        merged = self._table.merge(refuse_duplicates_of=self._refuse_duplicates_of)
        copied = Receipt(read=self._copied, inserted=self._copied)
        return Merged(copied + merged.receipt, self._copied + merged.touched, merged.patched)

    def _take_back(self) -> None:
        if not self._copied or not self._table.height:
            return
        with pgtrigger.ignore("bronze.RawRecord:history_of_delete"), connection.cursor() as cursor:
            cursor.execute(TAKE_BACK, [self._dataset, self._file_id])
            self._copied -= cursor.rowcount
            self._table.height += cursor.rowcount
