"""CSV by `csv.reader`: slower than polars, but it names the line of every record that is not regular."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO, StringIO
from itertools import islice
from typing import Any

import polars as pl

from bronze.contracts import plain_name
from bronze.readers.errors import UnreadableFile
from bronze.readers.formats import LINE, BrokenRow, FileFormat, storable


@dataclass(frozen=True)
class Segment:
    """Rows and broken rows of the bytes and physical lines that were used."""

    rows: pl.DataFrame
    broken: tuple[BrokenRow, ...]
    used_bytes: int
    used_lines: int


@dataclass(frozen=True)
class FirstRecord:
    cells: tuple[str, ...]
    used_bytes: int
    used_lines: int


@dataclass(frozen=True)
class Layout:
    """The columns of a CSV file and how its cells are told apart."""

    columns: tuple[str, ...]
    header: tuple[str, ...]
    delimiter: str
    quote: str

    @classmethod
    def of(cls, fmt: FileFormat, first: tuple[str, ...]) -> "Layout":
        """The columns as the format names them, else as the header does, else numbered."""
        given = fmt.columns or (unique_names(first, fmt.aliases) if fmt.has_header else ())
        columns = given or tuple(f"column_{number}" for number in range(1, len(first) + 1))
        header = first if fmt.has_header else columns
        return cls(columns, tuple(plain_name(cell) for cell in header), fmt.delimiter, fmt.quote)

    @cached_property
    def schema(self) -> dict[str, type[pl.String]]:
        return dict.fromkeys(self.columns, pl.String)

    @cached_property
    def empty_frame(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.schema | {LINE: pl.Int64})

    def frame(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> pl.DataFrame:
        cells = zip(*rows, strict=True) if rows else [()] * len(self.columns)
        data = {
            name: pl.Series(values, dtype=pl.String) for name, values in zip(self.columns, cells, strict=True)
        }
        return pl.DataFrame(data).with_columns(pl.Series(LINE, lines, dtype=pl.Int64))

    @cached_property
    def _first_headings(self) -> frozenset[str]:
        """The usual spellings of the first column's name: a quick test for a repeated header."""
        return frozenset(self.header[0].replace("_", mark) for mark in "_ -") if self.header else frozenset()

    def is_header(self, cells: Sequence[str]) -> bool:
        if cells[0].strip().lower() not in self._first_headings:
            return False
        return tuple(plain_name(cell) for cell in cells) == self.header

    def may_repeat_header(self, rows: pl.DataFrame) -> bool:
        first = rows.get_column(self.columns[0]).str.strip_chars().str.to_lowercase()
        return first.is_in(list(self._first_headings)).any()

    def reader(self, lines: Iterator[str]) -> Any:
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote, strict=True)


def wrong_width(line: int, found: int, expected: int) -> tuple[str, str]:
    return "column_count", f"line {line} has {found} field{'s' * (found != 1)}, expected {expected}"


def repeated_header(line: int) -> str:
    return f"line {line} repeats the header"


def resolved_names(cells: Sequence[str], aliases: Any = ()) -> list[str]:
    """The cells of a header, aliases replaced by the name of their field unless the field has a column of its own."""
    known = dict(aliases)
    plain = [plain_name(cell) for cell in cells]
    fields = [known.get(name) for name in plain]
    return [
        field if field and (name == field or field not in plain) else storable(cell.strip())
        for cell, name, field in zip(cells, plain, fields, strict=True)
    ]


def unique_names(cells: Sequence[str], aliases: Any = ()) -> tuple[str, ...]:
    """Column names of a header: aliases resolved, empty ones numbered, a repeated one with its position appended."""
    names: dict[str, None] = {}
    for position, resolved in enumerate(resolved_names(cells, aliases), start=1):
        name = resolved or f"column_{position}"
        while name in names or name == LINE:
            name = f"{name}_{position}"
        names[name] = None
    return tuple(names)


def first_record(buffer: bytes, fmt: FileFormat, *, is_final: bool) -> FirstRecord | None:
    """The first record that is not blank; None if `buffer` does not hold all of it."""
    body = BytesIO(buffer if is_final else buffer[: buffer.rfind(b"\n") + 1])
    reader = Layout((), (), fmt.delimiter, fmt.quote).reader(raw.decode("utf-8", "replace") for raw in body)
    try:
        cells = next((row for row in reader if row), None)
    except csv.Error as error:
        if is_open_quote(error) and not is_final:
            return None
        raise UnreadableFile(
            f"The first record, on line 1, has an unclosed or misplaced quote: {error}."
        ) from error
    if cells is None:
        return None
    used = sum(len(raw) for raw in islice(BytesIO(buffer), reader.line_num))
    return FirstRecord(tuple(cells), used, reader.line_num)


def parse_exact(body: bytes, line: int, layout: Layout, *, record_bytes: int) -> Segment:
    """Parse a segment. A record still open at its end is left unused, unless it is longer than `record_bytes`.

    Where the quotes of a record are wrong only its first physical line is broken: the rows after a stray quote
    are kept.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(body)))
    return _ExactParser(body, line, layout).parse(record_bytes)


class _Lines:
    """Physical lines of a segment as text, with their line ends; `undecodable` holds those that are not UTF-8."""

    def __init__(self, body: bytes) -> None:
        self.undecodable: set[int] = set()
        self.is_record_start = True
        try:
            self.text = list(StringIO(body.decode(), newline="\n"))
        except UnicodeDecodeError:
            self.text = [self._decode(number, raw) for number, raw in enumerate(BytesIO(body))]

    def _decode(self, number: int, raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError:
            self.undecodable.add(number)
            return raw.decode("utf-8", "backslashreplace")

    def feed(self, start: int) -> Iterator[str]:
        """Set `is_record_start` before the line of a record is asked for: there may be a byte order mark in front of it,
        where files were put one behind the other."""
        for number in range(start, len(self.text)):
            line, is_start, self.is_record_start = self.text[number], self.is_record_start, False
            yield line.removeprefix("\ufeff") if is_start else line

    def raw(self, start: int, end: int) -> str:
        return storable("".join(self.text[start:end]).rstrip("\r\n"))

    def length(self, start: int, end: int | None = None) -> int:
        return sum(len(line) for line in self.text[start:end])

    def is_any_undecodable(self, start: int, end: int) -> bool:
        return bool(self.undecodable) and any(number in self.undecodable for number in range(start, end))


class _ExactParser:
    def __init__(self, body: bytes, line: int, layout: Layout) -> None:
        self._body = body
        self._has_nul = b"\x00" in body
        self._line = line
        self._layout = layout
        self._lines = _Lines(body)
        self._rows: list[list[str]] = []
        self._row_lines: list[int] = []
        self._broken: list[BrokenRow] = []

    def parse(self, record_bytes: int) -> Segment:
        start, end = 0, len(self._lines.text)
        while start < end:
            start, error = self._parse_from(start)
            if error is None:
                break
            is_open = is_open_quote(error)
            if is_open and self._lines.length(start) <= record_bytes:
                end = start
                break
            if not self._add_split_at_returns(start):
                self._add_broken_quote(start, "no quote closes it" if is_open else str(error))
            start += 1
        return self._segment(end)

    def _parse_from(self, start: int) -> tuple[int, csv.Error | None]:
        """Parse until the end or the first error; where the record with the error starts, and the error."""
        reader = self._layout.reader(self._lines.feed(start))
        record = start
        self._lines.is_record_start = True
        try:
            for row in reader:
                following = start + reader.line_num
                if row:
                    self._add(row, record, following)
                record = following
                self._lines.is_record_start = True
        except csv.Error as error:
            return record, error
        return record, None

    def _add(self, row: list[str], start: int, end: int) -> None:
        problem = self._problem(row, start, end)
        if problem is None:
            self._rows.append(row)
            self._row_lines.append(self._line + start)
            return
        rule, message = problem
        self._broken.append(BrokenRow(self._line + start, self._lines.raw(start, end), rule, message))

    def _problem(self, row: list[str], start: int, end: int) -> tuple[str, str] | None:
        line, expected = self._line + start, len(self._layout.columns)
        if self._lines.is_any_undecodable(start, end):
            return "encoding", f"line {line} is not valid UTF-8"
        if self._has_nul and any("\x00" in cell for cell in row):
            return "nul_character", f"line {line} has a NUL character"
        if len(row) != expected:
            return wrong_width(line, len(row), expected)
        if self._layout.is_header(row):
            return "repeated_header", repeated_header(line)
        return None

    def _add_split_at_returns(self, start: int) -> bool:
        """Take a line whose carriage returns end rows, as where files of several systems were joined.

        False if a piece is no whole row: the returns are part of the data then.
        """
        pieces = [piece for piece in self._lines.text[start].rstrip("\r\n").split("\r") if piece]
        try:
            rows = list(self._layout.reader(iter(pieces)))
        except csv.Error:
            return False
        if not 1 < len(rows) == len(pieces) or any(self._problem(row, start, start + 1) for row in rows):
            return False
        self._rows += rows
        self._row_lines += [self._line + start] * len(rows)
        return True

    def _add_broken_quote(self, start: int, reason: str) -> None:
        line = self._line + start
        if "new-line character" in reason:
            rule, message = "line_end", f"line {line} has a carriage return outside quotes"
        else:
            rule, message = "quote", f"line {line} opens a quote that is not closed properly: {reason}"
        self._broken.append(BrokenRow(line, self._lines.raw(start, start + 1), rule, message))

    def _segment(self, end: int) -> Segment:
        is_whole = end == len(self._lines.text)
        used = len(self._body) if is_whole else self._byte_length(end)
        lines = self._body.count(b"\n") if is_whole else end
        return Segment(self._layout.frame(self._rows, self._row_lines), tuple(self._broken), used, lines)

    def _byte_length(self, end: int) -> int:
        """Bytes of the first `end` lines, taken from the body since undecodable lines are shown escaped."""
        return sum(len(raw) for raw in islice(BytesIO(self._body), end))


def is_open_quote(error: csv.Error) -> bool:
    return str(error) == "unexpected end of data"
