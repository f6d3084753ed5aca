"""JSON arrays of records, an object that holds one, or JSON objects one after the other; streamed."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bronze.readers.errors import UnreadableFile
from bronze.readers.formats import FileFormat, ReadLimits, RowBatch
from bronze.readers.json_records import RecordCollector
from bronze.readers.json_text import JsonDecoder
from bronze.readers.source import ByteSource, open_source

WHITESPACE = " \t\r\n"
LONGEST_TOKEN = 32
"""A number, literal or escape that is cut by the end of the buffer is reported at most this far from it."""


def read_json(source: ByteSource, fmt: FileFormat, limits: ReadLimits) -> Iterator[RowBatch]:
    """Batches of a JSON file. Raises `UnreadableFile` when it is cut off or is not JSON: then no row can be trusted."""
    decoder = JsonDecoder(limits.json_depth)
    stream = JsonStream(source, decoder, limits)
    collector = RecordCollector(fmt, limits, decoder)
    for line, text, value in _records(stream, fmt):
        collector.add(line, text, value)
        if collector.is_due:
            yield from collector.take(source.taken())
    yield from collector.take(source.taken())


def find_array_key(path: Path, fmt: FileFormat, limits: ReadLimits) -> str | None:
    """The member of a top-level object that holds an array of objects; None if there is no such member."""
    with open_source(path, fmt) as source:
        stream = JsonStream(source, JsonDecoder(limits.json_depth), limits)
        if not stream.take("{"):
            return None
        while stream.peek() == '"':
            _, _, name = stream.value()
            stream.expect(":", "after a name")
            if _is_array_of_objects(stream):
                return str(name)
            stream.take(",")
        return None


def _is_array_of_objects(stream: "JsonStream") -> bool:
    """Looks at the next value and, if it is not such an array, consumes it."""
    if stream.peek() != "[":
        stream.value()
        return False
    stream.take("[")
    if stream.peek() == "{":
        return True
    while not stream.take("]"):
        stream.value()
        stream.take(",")
    return False


class JsonStream:
    """A cursor over JSON text that is decoded as it is read."""

    def __init__(self, source: ByteSource, decoder: JsonDecoder, limits: ReadLimits) -> None:
        self._source = source
        self._decoder = decoder
        self._limits = limits
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._position = 0
        self._is_final = False
        self.line = 1

    def peek(self) -> str:
        """The next character that is not white space; "" at the end of the file."""
        while True:
            while self._position < len(self._text):
                char = self._text[self._position]
                if char not in WHITESPACE:
                    return char
                self.line += char == "\n"
                self._position += 1
            if self._is_final:
                return ""
            self._fill()

    def take(self, expected: str) -> bool:
        """Consume the next character if it is `expected`."""
        if self.peek() != expected:
            return False
        self._position += 1
        return True

    def expect(self, expected: str, where: str) -> None:
        if not self.take(expected):
            self.fail(f"'{expected}' expected {where}")

    def value(self) -> tuple[int, str, Any]:
        """Line, text and value of the JSON value that comes next."""
        if not self.peek():
            self.fail("a value is missing")
        while True:
            found = self._complete_value()
            if found is not None:
                value, end = found
                return self._consume(value, end)
            if len(self._text) - self._position > self._limits.record_bytes:
                raise UnreadableFile(
                    f"The record that starts on line {self.line} is longer than {self._limits.record_bytes:,} bytes."
                )
            self._fill()

    def fail(self, problem: str) -> None:
        if not self.peek():
            raise UnreadableFile(f"The file ends on line {self.line} before its JSON is complete: {problem}.")
        raise UnreadableFile(f"The file is not valid JSON: {problem} on line {self.line}.")

    def _complete_value(self) -> tuple[Any, int] | None:
        """The value and its end; None if more text has to be read to tell."""
        try:
            value, end = self._decoder.decode_at(self._text, self._position)
        except json.JSONDecodeError as error:
            self._check_unfinished(error)
            return None
        except RecursionError as error:
            raise UnreadableFile(
                f"The JSON that starts on line {self.line} is nested deeper than {self._limits.json_depth} levels."
            ) from error
        is_certain = end < len(self._text) or self._is_final or isinstance(value, dict | list)
        return (value, end) if is_certain else None

    def _check_unfinished(self, error: json.JSONDecodeError) -> None:
        is_cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - LONGEST_TOKEN
        if is_cut and not self._is_final:
            return
        line = self.line + self._text.count("\n", self._position, error.pos)
        if error.pos >= len(self._text.rstrip()) or error.msg.startswith("Unterminated string"):
            raise UnreadableFile(
                f"The file ends in the middle of the record that starts on line {self.line}."
            ) from error
        raise UnreadableFile(f"The file is not valid JSON: {error.msg} on line {line}.") from error

    def _consume(self, value: Any, end: int) -> tuple[int, str, Any]:
        line, text = self.line, self._text[self._position : end]
        self.line += text.count("\n")
        self._position = end
        return line, text, value

    def _fill(self) -> None:
        piece = self._source.read(self._limits.segment_bytes)
        self._is_final = not piece
        try:
            more = self._utf8.decode(piece, final=self._is_final)
        except UnicodeDecodeError as error:
            line = self.line + piece.count(b"\n", 0, error.start)
            raise UnreadableFile(f"The file is not valid UTF-8 near line {line}.") from error
        self._text = self._text[self._position :] + more
        self._position = 0


def _records(stream: JsonStream, fmt: FileFormat) -> Iterator[tuple[int, str, Any]]:
    if stream.peek() == "[":
        while stream.peek() == "[":
            yield from _array(stream)
    elif fmt.array_key is not None and stream.take("{"):
        yield from _wrapped_array(stream, fmt.array_key)
    else:
        while stream.peek():
            yield stream.value()
    if stream.peek():
        stream.fail("there is more text after the end of the JSON")


def _array(stream: JsonStream) -> Iterator[tuple[int, str, Any]]:
    stream.expect("[", "at the start of the array")
    if stream.take("]"):
        return
    yield stream.value()
    while stream.take(","):
        yield stream.value()
    stream.expect("]", "or ',' after a record of the array")


def _wrapped_array(stream: JsonStream, key: str) -> Iterator[tuple[int, str, Any]]:
    """The records of the array under `key` of the object whose brace was just consumed.

    A dot leads into an object: the records of `data.items` are the `items` of the member `data`.
    """
    outer, _, inner = key.partition(".")
    if stream.take("}"):
        return
    while True:
        _, _, name = stream.value()
        stream.expect(":", "after a name")
        if name == key and stream.peek() == "[":
            yield from _array(stream)
        elif inner and name == outer and stream.take("{"):
            yield from _wrapped_array(stream, inner)
        else:
            stream.value()
        if not stream.take(","):
            break
    stream.expect("}", "at the end of the object")
