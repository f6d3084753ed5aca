"""CSV in flat memory: segments of about 1 MB go to polars as text columns.

polars is fast but lenient (it fills short rows and forgives text after a closing quote), so a segment is given to
it only when counting proves that every row is regular. Every other segment is read by `csv.reader`, which names the
very line; see `csv_exact.py`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

import polars as pl

from bronze.readers.csv_exact import Layout, Segment, first_record, parse_exact, wrong_width
from bronze.readers.errors import UnreadableFile
from bronze.readers.formats import LINE, BrokenRow, FileFormat, ReadLimits, RowBatch, storable
from bronze.readers.source import BOM, ByteSource

BLANK = (b"", b"\r")


def read_csv(source: ByteSource, fmt: FileFormat, limits: ReadLimits) -> Iterator[RowBatch]:
    """Batches of a CSV file. Raises `UnreadableFile` when the header is too long or the gzip stream is damaged."""
    reader = _CsvReader(source, fmt, limits)
    for segment in reader.segments():
        if segment.rows.height or segment.broken:
            yield RowBatch(segment.rows, None, segment.broken, source.taken())


class _CsvReader:
    """One pass over one file: `buffer` always starts at the start of a record, which is on physical line `line`."""

    def __init__(self, source: ByteSource, fmt: FileFormat, limits: ReadLimits) -> None:
        self._source = source
        self._fmt = fmt
        self._limits = limits
        self._buffer = b""
        self._line = 1
        self._is_final = False

    def segments(self) -> Iterator[Segment]:
        layout = self._read_layout()
        if layout is None:
            return
        fast = FastParser(layout)
        while self._buffer or not self._is_final:
            body = self._body()
            if body:
                segment = fast.parse(body, self._line) or self._exact(body, layout)
                self._advance(segment)
                yield segment
            elif len(self._buffer) > self._limits.record_bytes:
                yield self._skip_long_line(layout)
            if not self._is_final:
                self._fill()

    def _fill(self) -> None:
        piece = self._source.read(self._limits.segment_bytes)
        self._is_final = not piece
        self._buffer += piece

    def _body(self) -> bytes:
        return self._buffer if self._is_final else self._buffer[: self._buffer.rfind(b"\n") + 1]

    def _advance(self, segment: Segment) -> None:
        self._buffer = self._buffer[segment.used_bytes :]
        self._line += segment.used_lines

    def _exact(self, body: bytes, layout: Layout) -> Segment:
        return parse_exact(
            body, self._line, layout, record_bytes=0 if self._is_final else self._limits.record_bytes
        )

    def _read_layout(self) -> Layout | None:
        """The columns; consumes the header line if there is one. None: the file has no record at all."""
        self._skip_lines()
        if self._fmt.columns and not self._fmt.has_header:
            return Layout.of(self._fmt, ())
        while (found := first_record(self._buffer, self._fmt, is_final=self._is_final)) is None:
            if self._is_final:
                return None
            if len(self._buffer) > self._limits.record_bytes:
                raise UnreadableFile(f"The first line is longer than {self._limits.record_bytes:,} bytes.")
            self._fill()
        if self._fmt.has_header:
            self._buffer = self._buffer[found.used_bytes :]
            self._line += found.used_lines
        return Layout.of(self._fmt, found.cells)

    def _skip_lines(self) -> None:
        for _ in range(self._fmt.skip_lines):
            while b"\n" not in self._buffer and not self._is_final:
                self._fill()
            self._buffer = self._buffer.partition(b"\n")[2]
            self._line += 1

    def _skip_long_line(self, layout: Layout) -> Segment:
        raw = storable(self._buffer.decode("utf-8", "replace"))
        message = f"line {self._line} is longer than {self._limits.record_bytes:,} bytes"
        broken = BrokenRow(self._line, raw, "record_too_long", message)
        while b"\n" not in self._buffer and not self._is_final:
            self._buffer = b""
            self._fill()
        self._buffer = self._buffer.partition(b"\n")[2]
        self._line += 1
        return Segment(layout.empty_frame, (broken,), 0, 0)


@dataclass(frozen=True)
class FastParser:
    """Reads a segment with polars, or returns None when the segment is not plainly regular."""

    layout: Layout

    def parse(self, body: bytes, line: int) -> Segment | None:
        plain = self._without_quoted_cells(body)
        if plain is None or b"\x00" in body or BOM in body or plain.count(b"\r") != plain.count(b"\r\n"):
            return None
        if not self._is_regular(plain):
            return self._set_aside(body, line) if plain is body else None
        starts, data = _record_lines(plain, body)
        return None if starts is None else self._segment(data, starts + line, (), body)

    def _set_aside(self, body: bytes, line: int) -> Segment | None:
        """A segment without quotes: rows of a wrong length are broken, the others go to polars."""
        delimiter, wanted = self.layout.delimiter.encode(), len(self.layout.columns) - 1
        good: list[int] = []
        broken: list[BrokenRow] = []
        lines = body.split(b"\n")
        for number, raw in enumerate(lines):
            count = raw.count(delimiter)
            if raw in BLANK:
                continue
            if count == wanted:
                good.append(number)
            else:
                shown = storable(raw.removesuffix(b"\r").decode("utf-8", "backslashreplace"))
                broken.append(
                    BrokenRow(line + number, shown, *wrong_width(line + number, count + 1, wanted + 1))
                )
        starts = pl.Series(good, dtype=pl.Int64) + line
        return self._segment(joined(lines, good), starts, tuple(broken), body)

    def _segment(
        self, data: bytes, starts: pl.Series, broken: tuple[BrokenRow, ...], body: bytes
    ) -> Segment | None:
        rows = self._frame(data)
        if rows is None or rows.height != len(starts) or self.layout.may_repeat_header(rows):
            return None
        return Segment(rows.with_columns(starts.alias(LINE)), broken, len(body), body.count(b"\n"))

    def _without_quoted_cells(self, body: bytes) -> bytes | None:
        """`body` with every well-formed quoted cell as `x` (its line breaks as NULs); None if a quote is left over."""
        if not self.layout.quote or self._quote not in body:
            return body
        plain = self._quoted_cell.sub(b"x", body)
        if self._quote in plain:
            return None
        if plain.count(b"\n") != body.count(b"\n"):
            plain = self._quoted_cell.sub(lambda cell: b"x" + b"\x00" * cell[0].count(b"\n"), body)
        return plain

    def _is_regular(self, plain: bytes) -> bool:
        delimiter = self.layout.delimiter.encode()
        counts = {line.count(delimiter) for line in plain.split(b"\n") if line not in BLANK}
        return counts <= {len(self.layout.columns) - 1}

    def _frame(self, data: bytes) -> pl.DataFrame | None:
        if not data:
            return pl.DataFrame(schema=self.layout.schema)
        try:
            return pl.read_csv(
                BytesIO(data),
                has_header=False,
                schema=self.layout.schema,
                infer_schema=False,
                separator=self.layout.delimiter,
                quote_char=self.layout.quote or None,
                empty_string_is_null=False,
                glob=False,
            )
        except pl.exceptions.PolarsError:
            return None

    @cached_property
    def _quote(self) -> bytes:
        return self.layout.quote.encode()

    @cached_property
    def _quoted_cell(self) -> re.Pattern[bytes]:
        quote, delimiter = re.escape(self._quote), re.escape(self.layout.delimiter.encode())
        content = rb"[^%b]*(?:%b%b[^%b]*)*" % (quote, quote, quote, quote)
        before, after = (
            rb"(?:(?<=[%b\n]%b)|(?<=\A%b))" % (delimiter, quote, quote),
            rb"(?=%b|\r?\n|\Z)" % delimiter,
        )
        return re.compile(quote + before + content + quote + after)


def _record_lines(plain: bytes, body: bytes) -> tuple[pl.Series | None, bytes]:
    """0-based line of each record and the bytes without blank lines; None when lines cannot be told cheaply."""
    is_multiline = b"\x00" in plain
    has_blank = plain.startswith((b"\n", b"\r\n")) or b"\n\n" in plain or b"\n\r\n" in plain
    if not is_multiline and not has_blank:
        count = plain.count(b"\n") + (not plain.endswith(b"\n"))
        return pl.int_range(count, eager=True), body
    if is_multiline and has_blank:
        return None, body
    lines = plain.removesuffix(b"\n").split(b"\n")
    if is_multiline:
        heights = pl.Series([1 + line.count(b"\x00") for line in lines], dtype=pl.Int64)
        return heights.cum_sum() - heights, body
    kept = [number for number, line in enumerate(lines) if line not in BLANK]
    return pl.Series(kept, dtype=pl.Int64), joined(body.split(b"\n"), kept)


def joined(lines: Sequence[bytes], numbers: Sequence[int]) -> bytes:
    return b"".join([lines[number] + b"\n" for number in numbers])
