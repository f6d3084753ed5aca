"""Rows in quarantine on their way out to somebody who repairs them, and on their way back.

On the way out each row gets two more columns: `_record`, the record that it is, and `_reason`, why it was set aside. On
the way back both are left out of the payload. A row that comes back with another key than before, such as one
that had none, replaces the record that it was.
"""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import Func, QuerySet, TextField
from django.db.models.functions import Cast

from bronze.contracts import ContractSpec
from bronze.models import RawRecord
from bronze.readers import FileFormat, RowBatch
from bronze.readers.formats import MARKS, plain_name
from bronze.readers.json_text import JsonDecoder, cell, encode

RECORD, REASON = MARKS
RAW = "_raw"
CHUNK_CHARACTERS = 64 * 1024
JSON_DEPTH = 64
ROWS_AT_ONCE = 2000
SURE_ENCODINGS = ("utf-8", "cp1252")
"""Encodings that are found out for certain when a file comes back; UTF-16 is by its mark."""

REPLACE = """
UPDATE bronze_rawrecord AS record SET status = 'deleted', source_file_id = %(file)s
WHERE record.id = ANY(%(ids)s) AND record.dataset_id = %(dataset)s AND record.status = 'quarantined'
  AND NOT EXISTS (SELECT FROM bronze_incoming AS incoming WHERE incoming.key = record.key)
"""
"""The file is named as the one that did it, so that its undo puts the record back into quarantine."""


@dataclass(frozen=True)
class RejectedRow:
    """A row in quarantine, secrets in clear. `raw_text`: of one that could not be parsed; it has no fields then."""

    record: int
    fields: Mapping[str, Any]
    raw_text: str | None
    reason: str


@dataclass
class ReturnedRows:
    """What the rows of a file say of where they come from."""

    ids: list[int] = field(default_factory=list)

    def unmarked(self, batch: RowBatch) -> RowBatch:
        """The batch without the columns that only a download of rejected rows has. `_record` tells that it is one; without
        it `_reason` is a column like any other."""
        if RECORD not in batch.rows.columns:
            return batch
        marks = [name for name in MARKS if name in batch.rows.columns]
        self.ids += [int(text) for text in _numbers(batch.rows[RECORD])]
        payloads = batch.payloads
        if payloads is not None:
            payloads = pl.Series(payloads.name, [_without_marks(text) for text in payloads], dtype=pl.String)
        return replace(batch, rows=batch.rows.drop(marks), payloads=payloads)

    def settle(self, dataset: str, file_id: int) -> int:
        """Remove the records that rows have come back of under another key; how many. Call it after the merge."""
        if not self.ids:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(REPLACE, {"ids": self.ids, "dataset": dataset, "file": file_id})
            return int(cursor.rowcount)


def _numbers(texts: pl.Series) -> pl.Series:
    """Whole numbers, also as a spreadsheet may have written them: `17.0`."""
    return texts.str.extract(r"^\s*(\d{1,18})(?:\.0*)?\s*$").drop_nulls()


def _without_marks(text: str) -> str:
    value, _end = JsonDecoder(JSON_DEPTH).decode_at(text.strip(), 0)
    return encode({name: member for name, member in value.items() if name not in MARKS})


class RejectedRecords:
    """The rows of files that are in quarantine now."""

    def exist(self, file_id: int) -> bool:
        return _rejected(file_id).exists()

    def names(self, file_id: int) -> list[str]:
        """Names of the fields that the rows of a file have."""
        names = Func("payload", function="jsonb_object_keys", output_field=TextField())
        return list(_rejected(file_id).annotate(name=names).values_list("name", flat=True).distinct())

    def of(self, file_id: int) -> Iterator[tuple[int, dict[str, Any], str | None, list[dict[str, Any]]]]:
        """Record, fields as received with every digit, raw text and errors, in the order of the file."""
        rows = _rejected(file_id).annotate(text=Cast("payload", TextField())).order_by("line", "id")
        decoder = JsonDecoder(JSON_DEPTH)
        columns = rows.values_list("id", "text", "raw_text", "errors")
        for record, text, raw_text, errors in columns.iterator(ROWS_AT_ONCE):
            yield record, decoder.decode_at(text, 0)[0], raw_text, errors


def _rejected(file_id: int) -> QuerySet[RawRecord]:
    return RawRecord.objects.filter(source_file=file_id, status=RawRecord.Status.QUARANTINED)


def writer_of(
    fmt: FileFormat, contract: ContractSpec, others: Sequence[str]
) -> tuple[str, Callable[[Iterable[RejectedRow]], Iterator[bytes]]]:
    """The suffix of the download and what writes it, in the format of the file; Parquet becomes CSV.

    `others`: names of fields in the rows that the contract does not know.
    """
    if fmt.kind == "json":
        return ".json", lambda rows: _in_chunks(_json_array(rows, contract), "utf-8")
    if fmt.kind == "ndjson":
        return ".ndjson", lambda rows: _in_chunks(_json_lines(rows, contract), "utf-8")
    columns = fmt.columns or (*contract.field_names(), *others)
    header = _header(fmt, columns, contract)
    delimiter = fmt.delimiter if fmt.kind == "csv" else ","
    return ".csv", lambda rows: _in_chunks(_csv_lines(rows, columns, header, delimiter), _encoding(fmt))


def _header(fmt: FileFormat, columns: Sequence[str], contract: ContractSpec) -> Sequence[str]:
    """The names as the file had them where they are understood without being told, else those of the fields."""
    known = contract.column_names()
    if not fmt.header:
        return columns
    return [
        name if known.get(plain_name(name), name.strip()) == column else column
        for name, column in zip(fmt.header, columns, strict=True)
    ]


def _encoding(fmt: FileFormat) -> str:
    if fmt.encoding in SURE_ENCODINGS:
        return fmt.encoding
    return "utf-16" if fmt.encoding.startswith("utf-16") else "utf-8-sig"


def _csv_lines(
    rows: Iterable[RejectedRow], columns: Sequence[str], header: Sequence[str], delimiter: str
) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line, delimiter=delimiter, lineterminator="\n")

    def taken() -> str:
        text = line.getvalue()
        line.seek(0)
        line.truncate()
        return text

    writer.writerow([*header, *MARKS])
    yield taken()
    for row in rows:
        cells = [cell(row.fields.get(name)) for name in columns]
        if row.raw_text is not None:
            cells = [row.raw_text, *[""] * (len(columns) - 1)]
        writer.writerow([*cells, row.record, row.reason])
        yield taken()


def _json_lines(rows: Iterable[RejectedRow], contract: ContractSpec) -> Iterator[str]:
    order = contract.field_names()
    for row in rows:
        fields = row.fields if row.raw_text is None else {RAW: row.raw_text}
        known = {name: fields[name] for name in order if name in fields}
        yield encode({**known, **fields, RECORD: row.record, REASON: row.reason}) + "\n"


def _json_array(rows: Iterable[RejectedRow], contract: ContractSpec) -> Iterator[str]:
    before = "[\n"
    for line in _json_lines(rows, contract):
        yield before + line.removesuffix("\n")
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def _in_chunks(lines: Iterable[str], encoding: str) -> Iterator[bytes]:
    encoder = codecs.getincrementalencoder(encoding)("backslashreplace")
    pending, size = [], 0
    for line in lines:
        pending.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield encoder.encode("".join(pending))
            pending, size = [], 0
    yield encoder.encode("".join(pending), final=True)
