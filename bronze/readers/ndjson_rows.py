"""NDJSON: one JSON object per line. A bad line is a broken row; the others are kept."""

import json
from collections.abc import Iterator

from bronze.readers.formats import FileFormat, ReadLimits, RowBatch
from bronze.readers.json_records import RecordCollector
from bronze.readers.json_text import JsonDecoder
from bronze.readers.source import ByteSource


def read_ndjson(source: ByteSource, fmt: FileFormat, limits: ReadLimits) -> Iterator[RowBatch]:
    decoder = JsonDecoder(limits.json_depth)
    collector = RecordCollector(fmt, limits, decoder)
    for line, raw in numbered_lines(source, limits):
        _collect(collector, decoder, line, raw, limits)
        if collector.is_due:
            yield from collector.take(source.taken())
    yield from collector.take(source.taken())


def numbered_lines(source: ByteSource, limits: ReadLimits) -> Iterator[tuple[int, bytes]]:
    """Physical lines without their end. Of a line longer than `record_bytes` only about that much is given."""
    rest, line, is_cut = b"", 1, False
    while piece := source.read(limits.segment_bytes):
        *lines, rest = (rest + piece).split(b"\n")
        for raw in lines:
            if not is_cut:
                yield line, raw
            is_cut = False
            line += 1
        if len(rest) > limits.record_bytes:
            if not is_cut:
                yield line, rest
            rest, is_cut = b"", True
    if rest and not is_cut:
        yield line, rest


def _collect(
    collector: RecordCollector, decoder: JsonDecoder, line: int, raw: bytes, limits: ReadLimits
) -> None:
    if not raw.strip():
        return
    if len(raw) > limits.record_bytes:
        message = f"the record is longer than {limits.record_bytes:,} bytes"
        collector.add_broken(line, raw.decode("utf-8", "replace"), "record_too_long", message)
        return
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError as error:
        message = f"byte {error.start + 1} is not valid UTF-8"
        collector.add_broken(line, raw.decode("utf-8", "backslashreplace"), "encoding", message)
        return
    _decode(collector, decoder, line, text)


def _decode(collector: RecordCollector, decoder: JsonDecoder, line: int, text: str) -> None:
    if "\x00" in text:
        collector.add_broken(line, text, "nul_character", "the record has a NUL character")
        return
    try:
        value, end = decoder.decode_at(text, 0)
    except json.JSONDecodeError as error:
        collector.add_broken(line, text, "json", f"{error.msg} at character {error.pos + 1}")
        return
    except RecursionError:
        collector.add_broken(line, text, *decoder.too_deep)
        return
    if end != len(text):
        collector.add_broken(line, text, "json", f"more text after the record at character {end + 1}")
        return
    collector.add(line, text, value)
