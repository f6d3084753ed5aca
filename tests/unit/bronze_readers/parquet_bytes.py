"""Parquet files byte by byte, for what no library of today writes any more: moments as INT96, as Spark and Impala did.

https://parquet.apache.org/docs/file-format/ and Thrift's compact protocol.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
INT64, INT96, BYTE_ARRAY = 2, 3, 6
JULIAN_DAY_OF_1970 = 2_440_588
Field = tuple[int, int, bytes]
"""Number, type and encoded value."""


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def whole(number: int) -> bytes:
    return varint(number << 1 ^ number >> 63)


def text(value: str) -> bytes:
    return varint(len(value.encode())) + value.encode()


def listed(kind: int, values: Sequence[bytes]) -> bytes:
    return bytes([len(values) << 4 | kind]) + b"".join(values)


def struct_of(*fields: Field) -> bytes:
    out, last = b"", 0
    for number, kind, value in fields:
        out += bytes([number - last << 4 | kind]) + value
        last = number
    return out + b"\x00"


def int96(moment: datetime) -> bytes:
    """Nanoseconds of the day and the Julian day."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    nanoseconds = (since.seconds * 10**6 + since.microseconds) * 1000
    return struct.pack("<qi", nanoseconds, JULIAN_DAY_OF_1970 + since.days)


def plain(value: int | str | datetime) -> tuple[int, bytes]:
    """The physical type of a value, and its bytes."""
    if isinstance(value, datetime):
        return INT96, int96(value)
    if isinstance(value, str):
        return BYTE_ARRAY, struct.pack("<i", len(value.encode())) + value.encode()
    return INT64, struct.pack("<q", value)


def parquet_file(columns: dict[str, Sequence[int | str | datetime]]) -> bytes:
    """One row group, one page for each column, nothing packed, no nulls."""
    out, chunks, schema = b"PAR1", [], []
    rows = 0
    for name, values in columns.items():
        rows = len(values)
        kind = plain(values[0])[0]
        page = b"".join(plain(value)[1] for value in values)
        data = _header(len(page), rows) + page
        chunks.append(_chunk(name, kind, rows, len(out), len(data)))
        utf8 = [(6, I32, whole(0))] if kind == BYTE_ARRAY else []
        schema.append(struct_of((1, I32, whole(kind)), (3, I32, whole(0)), (4, BINARY, text(name)), *utf8))
        out += data
    root = struct_of((4, BINARY, text("schema")), (5, I32, whole(len(schema))))
    group = struct_of((1, LIST, listed(STRUCT, chunks)), (2, I64, whole(len(out))), (3, I64, whole(rows)))
    about = struct_of(
        (1, I32, whole(1)),
        (2, LIST, listed(STRUCT, [root, *schema])),
        (3, I64, whole(rows)),
        (4, LIST, listed(STRUCT, [group])),
    )
    return out + about + struct.pack("<i", len(about)) + b"PAR1"


def _header(size: int, rows: int) -> bytes:
    page = struct_of((1, I32, whole(rows)), (2, I32, whole(0)), (3, I32, whole(3)), (4, I32, whole(3)))
    return struct_of((1, I32, whole(0)), (2, I32, whole(size)), (3, I32, whole(size)), (5, STRUCT, page))


def _chunk(name: str, kind: int, rows: int, offset: int, size: int) -> bytes:
    about = struct_of(
        (1, I32, whole(kind)),
        (2, LIST, listed(I32, [whole(0)])),
        (3, LIST, listed(BINARY, [text(name)])),
        (4, I32, whole(0)),
        (5, I64, whole(rows)),
        (6, I64, whole(size)),
        (7, I64, whole(size)),
        (9, I64, whole(offset)),
    )
    return struct_of((2, I64, whole(offset)), (3, STRUCT, about))
