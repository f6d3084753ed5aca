"""Readers: a file of a known format as batches of rows, everything text as the file had it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bronze.readers.csv_rows import read_csv
from bronze.readers.errors import UnreadableFile
from bronze.readers.formats import LINE, BrokenRow, FileFormat, ReadLimits, RowBatch
from bronze.readers.json_rows import read_json
from bronze.readers.ndjson_rows import read_ndjson
from bronze.readers.parquet_rows import read_parquet
from bronze.readers.source import ByteSource, open_source

__all__ = ["LINE", "BrokenRow", "FileFormat", "ReadLimits", "RowBatch", "UnreadableFile", "read_rows"]

TextReader = Callable[[ByteSource, FileFormat, ReadLimits], Iterator[RowBatch]]
TEXT_READERS: Mapping[str, TextReader] = {"csv": read_csv, "json": read_json, "ndjson": read_ndjson}


def read_rows(path: Path, file_format: FileFormat, limits: ReadLimits | None = None) -> Iterator[RowBatch]:
    """Rows of a file in flat memory. Rows that cannot be parsed come as `RowBatch.broken`.

    Raises `UnreadableFile` when the records cannot be told apart (half-written JSON, damaged gzip
    or Parquet); batches given before then must not be kept.
    """
    limits = limits or ReadLimits()
    if file_format.kind == "parquet":
        yield from read_parquet(path, file_format, limits)
        return
    with open_source(path, file_format) as source:
        yield from TEXT_READERS[file_format.kind](source, file_format, limits)
