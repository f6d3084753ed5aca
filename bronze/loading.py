"""The rows of one file on the shortest way into the raw records, in the caller's transaction.

Most rows of a file are new, or as they are stored already. New ones are copied straight into the raw records; of those
that are as stored only the key is noted; the others go through the merge. A record that a later row of the same file
meets again is taken back for the merge, which knows what becomes of duplicates.
"""

from dataclasses import dataclass

import pgtrigger
import polars as pl
from django.db import IntegrityError, connection, transaction
from pyroaring import BitMap64

from bronze.busy import is_taken_key
from bronze.domain import Receipt
from bronze.incoming import NO_ERRORS, IncomingBatch
from bronze.merge import IncomingTable, Merged
from lakehouse_project.kernel.copy import CopyText, array_literal, copy_in, copy_text

FIND = """
SELECT coalesce(array_agg(key), '{}'), coalesce(array_agg(id), '{}'),
       coalesce(array_agg(CASE WHEN status <> 'quarantined' AND source_file_id IS DISTINCT FROM %(file)s
                               THEN '\\x' || encode(content_hash, 'hex') END), '{}')
FROM bronze_rawrecord WHERE dataset_id = %(dataset)s AND key = ANY(%(keys)s::text[])
"""
"""The records that have one of the keys: the database goes through the index once for all of them. The hash of their
content is left out where an equal row has work to do all the same."""

TAKE_BACK = """
WITH again AS (
    DELETE FROM bronze_rawrecord AS record USING (SELECT DISTINCT key FROM bronze_incoming) AS incoming
    WHERE record.dataset_id = %s AND record.key = incoming.key
      AND record.source_file_id = %s AND record.xid = pg_current_xact_id()
    RETURNING record.id, record.line, record.key, record.payload, record.content_hash, record.errors
)
INSERT INTO bronze_incoming (seq, line, key, payload, content_hash, errors)
SELECT id, line, key, payload, content_hash, errors FROM again
"""
"""Records that nobody has seen yet: they leave no history."""


IS_SINGLE = pl.col("key").is_unique()
FOUND = {"key": pl.String, "id": pl.Int64, "stored": pl.String}
CAN_BE_NEW = IS_SINGLE & pl.col("key").is_not_null() & pl.col("content_hash").is_not_null()
"""The row can go straight into the raw records unless one of them has its key."""

IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM bronze_rawrecord WHERE dataset_id = %s)"


@dataclass(frozen=True)
class Prepared:
    """A batch on its way; `clean` are its rows without errors, written down in the hope that no record has their keys."""

    batch: IncomingBatch
    clean: CopyText | None = None
    others: pl.DataFrame | None = None


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
        self._same, self._merged = BitMap64(), BitMap64()
        """Records that one row of the file equals, and those of which the merge has rows."""
        self._repeated = 0
        """Rows that equalled a record, too, before a later row with its key came."""
        self._were_new = may_copy and self._is_empty()
        """Whether all rows of the batch before were new: then those of the next may be, too."""
        self._were_known = False
        """Whether most of them were as stored: then checking the next before asking would be in vain."""

    def _is_empty(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(IS_EMPTY, [self._dataset])
            return bool(cursor.fetchone()[0])

    def prepare(self, batch: IncomingBatch, *, checked: bool = False) -> Prepared:
        """What can be done without the database, in another thread; `checked`: somebody else wants to see the errors."""
        if self._were_known and not checked:
            return Prepared(batch)
        rows = batch.check().rows
        if not self._were_new:
            return Prepared(batch)
        is_clean = rows.select(CAN_BE_NEW & (pl.col("errors") == NO_ERRORS)).to_series()
        return Prepared(batch, copy_text(self._record(rows.filter(is_clean))), rows.filter(~is_clean))

    def add(self, prepared: Prepared) -> None:
        if prepared.clean and prepared.others is not None and self._copied_unseen(prepared.clean):
            self._leave_to_merge(prepared.others)
        else:
            self._add_compared(prepared.batch)

    def _copied_unseen(self, clean: CopyText) -> bool:
        """Copy rows without asking for their keys first. False, and nothing is copied, if a record has one of them."""
        try:
            with transaction.atomic():
                self._copied += copy_in("bronze_rawrecord", clean)
        except IntegrityError as error:
            if not is_taken_key(error.__cause__):
                raise
            self._were_new = False
        return self._were_new

    def _leave_to_merge(self, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        self._is_met_again(self._compared(rows).with_columns(is_same=pl.lit(value=False)))
        self._table.add(rows)

    def _add_compared(self, batch: IncomingBatch) -> None:
        found = self._compared(batch.rows)
        is_same = found["is_same"]
        self._were_new = bool(found["is_new"].all())
        self._were_known = int(is_same.sum()) * 2 > found.height
        rows = batch.checked(~is_same)
        is_clean = found.filter(~is_same)["is_new"] & (rows["errors"] == NO_ERRORS)
        self._copied += copy_in("bronze_rawrecord", self._record(rows.filter(is_clean)))
        self._table.add(rows.filter(~is_clean))
        self._table.add(batch.rows.filter(self._is_met_again(found)).select("line", "key"))

    def _compared(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`id`: of the record with the row's key. `is_same`: it has this content. `is_new`: the row can be copied."""
        keys = array_literal(rows["key"].drop_nulls())
        with connection.cursor() as cursor:
            cursor.execute(FIND, {"dataset": self._dataset, "file": self._file_id, "keys": keys})
            found = pl.DataFrame(cursor.fetchone(), schema=FOUND)
        compared = rows.select("key", "content_hash").join(found, on="key", how="left", maintain_order="left")
        is_equal = (pl.col("content_hash") == pl.col("stored")).fill_null(value=False)
        return compared.select(
            "id",
            is_same=IS_SINGLE & is_equal & pl.lit(self._refuse_duplicates_of is None),
            is_new=CAN_BE_NEW & pl.col("id").is_null() & pl.lit(self._may_copy),
        )

    def _is_met_again(self, found: pl.DataFrame) -> pl.Series:
        """Rows as stored whose record another row of the file has met before: the merge says what becomes of those.

        The other ones need no merge. It is noted that their records have been met.
        """
        same = BitMap64(found.filter("is_same")["id"])
        others = BitMap64(found.filter(~pl.col("is_same"))["id"].drop_nulls())
        again = same & (self._same | self._merged)
        self._repeated += len(self._same & (others | again))
        self._merged |= others | again
        self._same = (self._same | same) - self._merged
        return found["is_same"] & found["id"].is_in(list(again))

    def _record(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            "line",
            "key",
            "payload",
            "content_hash",
            dataset_id=pl.lit(self._dataset),
            source_file_id=pl.lit(self._file_id),
        )

    def merge(self) -> Merged:
        """Write what has not been written yet."""
        self._take_back()
        merged = self._table.merge(refuse_duplicates_of=self._refuse_duplicates_of)
        unmerged = Receipt(
            read=self._copied + len(self._same) + self._repeated,
            inserted=self._copied,
            unchanged=len(self._same),
            duplicate=self._repeated,
        )
        return Merged(unmerged + merged.receipt, self._copied + merged.touched, merged.patched)

    def _take_back(self) -> None:
        if not self._copied or not self._table.height:
            return
        with pgtrigger.ignore("bronze.RawRecord:history_of_delete"), connection.cursor() as cursor:
            cursor.execute(TAKE_BACK, [self._dataset, self._file_id])
            self._copied -= cursor.rowcount
            self._table.height += cursor.rowcount
