"""What a file is (`FileFormat`) and what reading it gives (`RowBatch`, `BrokenRow`)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import polars as pl

from bronze.readers.json_text import MAX_DEPTH

FormatKind = Literal["csv", "json", "ndjson", "parquet", "pdf", "text"]
Compression = Literal["none", "gzip"]

LINE = "_line"
"""Column of `RowBatch.rows` with the physical line at which the record starts."""

MARKS = ("_record", "_reason")
"""Columns of a download of rejected rows: the record that each row is, and why it was set aside."""

RAW_TEXT_LIMIT = 65_536


@dataclass(frozen=True)
class FileFormat:
    """How the bytes of one file become rows. Found by admission, stored with the file, plain enough for JSON.

    `columns` are the names that a CSV file's columns get, in file order; empty: the header gives them.
    `header` are the cells of the header line as the file has them.
    `skip_lines` is the number of physical lines above the header, or above the first row, that are no data.
    `aliases` maps other spellings of a column (lower case, underscores) to the field's name.
    `is_narrow`: of JSON only members that `aliases` knows, and `MARKS`, become columns; the payloads have all.
    `array_key` names the member of a top-level JSON object that holds the array of records, a dot before each object
    further in.
    `record_path` names the member of each record whose elements are the rows; they inherit the record's scalars.
    """

    kind: FormatKind
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    newline: Literal["\n", "\r"] = "\n"
    has_header: bool = True
    columns: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    is_narrow: bool = False
    array_key: str | None = None
    record_path: str | None = None
    compression: Compression = "none"
    skip_lines: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"columns": list(self.columns), "header": list(self.header)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "FileFormat":
        return cls(**{**values, "columns": tuple(values["columns"]), "header": tuple(values["header"])})


@dataclass(frozen=True)
class ReadLimits:
    """Sizes in bytes. Memory follows `segment_bytes`; a record longer than `record_bytes` is broken."""

    segment_bytes: int = 1024 * 1024
    record_bytes: int = 8 * 1024 * 1024
    json_depth: int = MAX_DEPTH
    members: int = 20_000
    """Of a JSON record."""
    parquet_rows: int = 50_000


@dataclass(frozen=True)
class BrokenRow:
    """A record that could not be parsed: its physical line, its text, and the rule it broke."""

    line: int
    raw: str
    rule: str
    message: str


@dataclass(frozen=True)
class RowBatch:
    """Some consecutive records of a file.

    `rows`: the data columns, all `pl.String` ("" stays "", null: the record lacks the field or has a JSON null),
    and `_line` (Int64): the 1-based physical line where the record starts; of Parquet the row number.
    `payloads`: the JSON text of each record, in the order of `rows`; None where the file is not JSON.
    `bytes_read`: bytes of the stored file consumed since the batch before (of a compressed file: compressed bytes).
    """

    rows: pl.DataFrame
    payloads: pl.Series | None
    broken: tuple[BrokenRow, ...]
    bytes_read: int


def storable(text: str) -> str:
    """`text` as PostgreSQL can keep it: NUL shown as U+2400, lone surrogates as U+FFFD, cut at 64 Ki characters."""
    clean = (
        text[:RAW_TEXT_LIMIT]
        .replace("\x00", "\u2400")
        .encode("utf-8", "surrogatepass")
        .decode("utf-8", "replace")
    )
    return clean if len(text) <= RAW_TEXT_LIMIT else clean + "…"
