"""Tables as bytes, block by block: memory does not grow with the number of rows."""

import io
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import polars as pl

from lakehouse_project.kernel.cells import frame_lines, header_line
from lakehouse_project.kernel.tabular.table import Table

OnRows = Callable[[int], None]
"""Told the number of rows of each block."""


class Format(StrEnum):
    """How a list can be written."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
    ARROW = "arrow"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self]

    @property
    def is_text(self) -> bool:
        """Whether gzip makes it smaller: the others are compressed, or meant to be mapped."""
        return self in (Format.JSON, Format.NDJSON, Format.CSV)


MEDIA_TYPES: Mapping[Format, str] = MappingProxyType(
    {
        Format.JSON: "application/json",
        Format.NDJSON: "application/x-ndjson",
        Format.CSV: "text/csv; charset=utf-8",
        Format.PARQUET: "application/vnd.apache.parquet",
        Format.ARROW: "application/vnd.apache.arrow.stream",
    }
)


def unheard(_rows: int) -> None:
    """Nobody counts."""


def encoded(table: Table, to: Format, on_rows: OnRows = unheard) -> Iterator[bytes]:
    """The whole table in one format."""
    return _ENCODERS[to](table, on_rows)


def gzipped(blocks: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=31)
    for block in blocks:
        if compressed := compressor.compress(block):
            yield compressed
    yield compressor.flush()


def _csv(table: Table, on_rows: OnRows) -> Iterator[bytes]:
    yield header_line(table.schema).encode()
    for frame in table.frames():
        on_rows(frame.height)
        yield frame_lines(frame, numbers=table.numbers).encode()


def _ndjson(table: Table, on_rows: OnRows) -> Iterator[bytes]:
    for objects in table.objects():
        on_rows(objects.len())
        yield "".join(f"{text}\n" for text in objects).encode()


def _json(table: Table, on_rows: OnRows) -> Iterator[bytes]:
    before = "[\n"
    for objects in table.objects():
        on_rows(objects.len())
        yield (before + ",\n".join(objects)).encode()
        before = ",\n"
    yield b"\n]\n" if before == ",\n" else b"[]\n"


@dataclass
class _Drain(io.RawIOBase):
    """What pyarrow writes to: the bytes are taken away as they come."""

    position: int = 0

    def __post_init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self.position += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self.position

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _arrow(table: Table, on_rows: OnRows) -> Iterator[bytes]:
    from pyarrow import ipc  # noqa: PLC0415  40 MB that only these two formats need

    return _with_pyarrow(table, ipc.new_stream, on_rows)


def _parquet(table: Table, on_rows: OnRows) -> Iterator[bytes]:
    from pyarrow import parquet  # noqa: PLC0415

    return _with_pyarrow(
        table, lambda sink, schema: parquet.ParquetWriter(sink, schema, compression="zstd"), on_rows
    )


def _with_pyarrow(table: Table, open_writer: Callable[[Any, Any], Any], on_rows: OnRows) -> Iterator[bytes]:
    """Types that every reader of Arrow knows; polars' own newer ones are not among them."""
    oldest, drain = pl.CompatLevel.oldest(), _Drain()
    empty = pl.DataFrame(schema=dict(table.schema)).to_arrow(compat_level=oldest)
    with open_writer(drain, empty.schema) as writer:
        for frame in table.frames():
            writer.write_table(frame.to_arrow(compat_level=oldest))
            on_rows(frame.height)
            yield drain.take()
    yield drain.take()


_ENCODERS: Mapping[Format, Callable[[Table, OnRows], Iterator[bytes]]] = MappingProxyType(
    {
        Format.JSON: _json,
        Format.NDJSON: _ndjson,
        Format.CSV: _csv,
        Format.PARQUET: _parquet,
        Format.ARROW: _arrow,
    }
)
