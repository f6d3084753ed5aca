"""The rows of one file on the shortest way into the raw records, in the caller's transaction.

Most rows of a file are new, or as they are stored already. New ones are copied straight into the raw records; of those
that are as stored only the key is noted; the others go through the merge. A record that a later row of the same file
meets again is taken back for the merge, which knows what becomes of duplicates.
"""

import pgtrigger
import polars as pl
from django.db import connection

from bronze.domain import Receipt
from bronze.incoming import NO_ERRORS, IncomingBatch
from bronze.merge import IncomingTable, Merged
from lakehouse_project.kernel.copy import copy_in, copy_out

KNOWN = r"""
SELECT key, '\x' || encode(content_hash, 'hex') AS stored_hash,
       (status <> 'quarantined' AND source_file_id IS DISTINCT FROM %(file)s)::text AS is_settled
FROM bronze_rawrecord WHERE dataset_id = %(dataset)s AND key = ANY(%(keys)s)
"""

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
        keys = rows["key"].drop_nulls().to_list()
        known = copy_out(KNOWN, {"dataset": self._dataset, "file": self._file_id, "keys": keys})
        found = rows.select("key", "content_hash").join(known, on="key", how="left", maintain_order="left")
        is_single = pl.col("key").is_unique()
        is_same = (pl.col("stored_hash") == pl.col("content_hash")) & (pl.col("is_settled") == "true")
        is_new = pl.col("stored_hash").is_null() & pl.col("content_hash").is_not_null()
        return found.select(
            is_same=is_single & is_same.fill_null(value=False) & pl.lit(self._refuse_duplicates_of is None),
            is_new=is_single & is_new & pl.col("key").is_not_null() & pl.lit(self._may_copy),
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
