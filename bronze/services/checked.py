"""Rows that came over the API, checked, on their way into the raw records."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from bronze.contracts import ContractSpec
from bronze.encryption import FieldCipher
from bronze.incoming import incoming
from bronze.readers import RowBatch
from bronze.readers.json_text import encode_row
from bronze.references import merge_few
from bronze.repositories import RawRecords
from bronze.rows import frame_of
from bronze.services.named import Fields


@dataclass(frozen=True)
class CheckedRows:
    """`given`: as they came. `texts`: as the check has read them. `rows`: in `INCOMING_SCHEMA`, perhaps without a key."""

    contract: ContractSpec
    given: Sequence[Fields]
    texts: pl.DataFrame
    rows: pl.DataFrame

    def merge(self, numbers: Sequence[int]) -> None:
        """Write some of them. Call it in a transaction that has locked their keys."""
        merge_few(self.contract, self.texts[numbers], self.rows[numbers])


def checked_rows(
    contract: ContractSpec, given: Sequence[Fields], records: RawRecords, cipher: FieldCipher
) -> CheckedRows:
    """Check some rows. Where the data set has no key fields their keys are made from the content."""
    texts = frame_of(given)
    payloads = pl.Series("payload", [encode_row(row) for row in given], dtype=pl.String)
    rows = incoming(RowBatch(texts, payloads, (), 0), contract, cipher)
    if not contract.key:
        keys = records.content_keys(rows["payload"].to_list())
        rows = rows.with_columns(key=pl.Series(keys, dtype=pl.String))
    return CheckedRows(contract, given, texts, rows)
