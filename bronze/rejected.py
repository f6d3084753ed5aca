"""Rows in quarantine on their way out to somebody who repairs them, and on their way back.

On the way out each row gets two more columns: `_record`, the record that it is, and `_reason`, why it was set aside. On
the way back both are left out of the payload. A row that comes back with another key than before, such as one
that had none, replaces the record that it was, as long as that is in quarantine as it was downloaded.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from django.db import connection
from django.db.models import Func, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.crypto import constant_time_compare, salted_hmac

from bronze.contracts import ContractSpec, plain_name
from bronze.models import RawRecord
from bronze.readers import LINE, FileFormat, RowBatch
from bronze.readers.formats import MARKS
from bronze.readers.json_text import JsonDecoder, cell, encode
from bronze.uses import held_uses

RECORD, REASON = MARKS
RAW = "_raw"
CHUNK_CHARACTERS = 64 * 1024
ROWS_AT_ONCE = 2000
SURE_ENCODINGS = ("utf-8", "cp1252")
"""Encodings that are found out for certain when a file comes back; UTF-16 is by its mark."""

CANDIDATES = """
SELECT id, key, source_file_id, status = 'quarantined' FROM bronze_rawrecord AS record
WHERE id = ANY(%s) AND dataset_id = %s
  AND NOT EXISTS (SELECT FROM bronze_incoming AS incoming WHERE incoming.key = record.key)
ORDER BY id FOR UPDATE
"""
"""Records that rows have come back of, but for those that rows with the same key have written anew."""

REPLACE = """
UPDATE bronze_rawrecord SET status = 'deleted', source_file_id = %(file)s WHERE id = ANY(%(ids)s)
"""
"""The file is named as the one that did it, so that its undo puts the record back into quarantine."""

MARK = re.compile(r"\s*r(\d{1,18})-(\d{1,18})-([0-9a-f]{16})\s*")


@dataclass(frozen=True)
class RejectedRow:
    """A row in quarantine, secrets in clear. `raw_text`: of one that could not be parsed; it has no fields then.

    `record`: what `mark_of` makes of it.
    """

    record: str
    fields: Mapping[str, Any]
    raw_text: str | None
    reason: str


@dataclass(frozen=True)
class Settled:
    """What became of the records that rows have come back of under another key."""

    replaced: Mapping[int, int] = field(default_factory=dict)
    """Record -> the line of the row that took its place."""
    gone: int = 0
    """Not in quarantine any more, or brought again by another file since."""
    kept: int = 0
    """Others refer to them."""
    unknown: int = 0
    """Marks that no download of this data set has made."""

    def sentences(self) -> Iterator[str]:
        counted = {
            "took the place of rows in quarantine": len(self.replaced),
            "named rows that are not in quarantine as they were downloaded any more, and replaced none": self.gone,
            "named rows that other records refer to, which were kept": self.kept,
            f"had a {RECORD} that no download of this data set has made, and replaced none": self.unknown,
        }
        yield from (
            f"{count:,} {'row' if count == 1 else 'rows'} {what}" for what, count in counted.items() if count
        )


@dataclass
class ReturnedRows:
    """What the rows of a file say of where they come from."""

    dataset: str
    _named: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Record -> the file it was downloaded of, and the line of the last row that says so."""
    _unknown: int = 0
    """Rows with another mark: no file can make the memory grow with them."""

    def unmarked(self, batch: RowBatch) -> RowBatch:
        """The batch without the columns that only a download of rejected rows has. `_record` tells that it is one; without
        it `_reason` is a column like any other."""
        if RECORD not in batch.rows.columns:
            return batch
        marks = [name for name in MARKS if name in batch.rows.columns]
        marked = batch.rows.select(RECORD, LINE).filter(pl.col(RECORD).str.strip_chars() != "")
        for mark, line in marked.iter_rows():
            self._note(mark, line)
        payloads = batch.payloads
        if payloads is not None:
            payloads = pl.Series(payloads.name, [_without_marks(text) for text in payloads], dtype=pl.String)
        return replace(batch, rows=batch.rows.drop(marks), payloads=payloads)

    def _note(self, mark: str, line: int) -> None:
        if known := _read_mark(mark, self.dataset):
            record, file_id = known
            self._named[record] = (file_id, line)
        else:
            self._unknown += 1

    def settle(self, file_id: int) -> Settled:
        """Remove the records that rows have come back of under another key. Call it after the merge.

        Only a record that is in quarantine as its mark says gives way, and none that others refer to.
        """
        if not self._named:
            return Settled(unknown=self._unknown)
        with connection.cursor() as cursor:
            cursor.execute(CANDIDATES, [list(self._named), self.dataset])
            found = cursor.fetchall()
            waiting = {
                pk: key for pk, key, file, is_there in found if is_there and self._named[pk][0] == file
            }
            used = held_uses(self.dataset, *waiting.values()) if waiting else {}
            ids = [pk for pk, key in waiting.items() if key not in used]
            cursor.execute(REPLACE, {"ids": ids, "file": file_id})
        return Settled(
            replaced={pk: self._named[pk][1] for pk in ids},
            gone=len(found) - len(waiting),
            kept=len(waiting) - len(ids),
            unknown=self._unknown,
        )


def mark_of(dataset: str, file_id: int, record: int) -> str:
    """What stands in `_record`. It is signed: a row cannot name a record that its sender has not downloaded."""
    seal = salted_hmac("lakehouse.rejected", f"{dataset} {file_id} {record}").hexdigest()[:16]
    return f"r{record}-{file_id}-{seal}"


def _read_mark(mark: str, dataset: str) -> tuple[int, int] | None:
    """Record and file; None if it is no mark of a download of the data set."""
    found = MARK.fullmatch(mark)
    if found is None:
        return None
    record, file_id = int(found[1]), int(found[2])
    is_ours = constant_time_compare(mark.strip(), mark_of(dataset, file_id, record))
    return (record, file_id) if is_ours else None


def _without_marks(text: str) -> str:
    value, _end = JsonDecoder().decode_at(text.strip(), 0)
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
        decoder = JsonDecoder()
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
