"""From decoded JSON records to a `RowBatch`: unnesting, column names, cells and payloads."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl

from bronze.contracts import plain_name
from bronze.readers.csv_exact import resolved_names
from bronze.readers.formats import (
    LINE,
    MARKS,
    BrokenRow,
    FileFormat,
    ReadLimits,
    RowBatch,
    storable,
)
from bronze.readers.json_text import JsonDecoder, encode, frame_cell

Record = dict[str, Any]
KNOWN_SHAPES = 1000
CELLS_AT_ONCE = 2_000_000
"""Records times the names that any of them has: records that all have other names must not fill the memory."""


class _Shape(NamedTuple):
    """What is known of records with the same members: the names that aliases replace, members that are one field."""

    names: dict[str, str]
    repeated: list[str]


class RecordCollector:
    """Collects records until a batch is due."""

    def __init__(self, fmt: FileFormat, limits: ReadLimits, decoder: JsonDecoder) -> None:
        self._fmt = fmt
        self._limits = limits
        self._decoder = decoder
        self._known: dict[tuple[str, ...], _Shape] = {}
        self._clear()

    def _clear(self) -> None:
        self._records: list[Record] = []
        self._payloads: list[str] = []
        self._lines: list[int] = []
        self._broken: list[BrokenRow] = []
        self._shapes: set[tuple[str, ...]] = set()
        self._columns: dict[str, None] = {}
        self._size = 0

    @property
    def is_due(self) -> bool:
        cells = len(self._records) * len(self._columns)
        return self._size >= self._limits.segment_bytes or cells >= CELLS_AT_ONCE

    def add(self, line: int, text: str, value: Any) -> None:
        """Take the decoded `value` of the JSON `text` that starts on `line`."""
        problem = self._decoder.problem(text, value)
        if problem is not None:
            self.add_broken(line, text, *problem)
        elif len(value) > self._limits.members:
            message = f"the record has {len(value):,} members, more than {self._limits.members:,}"
            self.add_broken(line, text, "too_many_members", message)
        elif self._fmt.record_path is not None and self._fmt.record_path in value:
            self._add_elements(line, text, value, self._fmt.record_path)
        else:
            self._add_record(line, text, value)

    def add_broken(self, line: int, text: str, rule: str, message: str) -> None:
        self._size += len(text)
        self._broken.append(BrokenRow(line, storable(text), rule, f"line {line}: {message}"))

    def take(self, bytes_read: int) -> Iterator[RowBatch]:
        """The batch, if anything was collected."""
        if not self._records and not self._broken:
            return
        rows = frame(self._records, self._lines, self._columns)
        payloads = pl.Series("payload", self._payloads, dtype=pl.String)
        yield RowBatch(rows, payloads, tuple(self._broken), bytes_read)
        self._clear()

    def _add_elements(self, line: int, text: str, parent: Record, path: str) -> None:
        elements = parent[path]
        if not isinstance(elements, list) or not all(isinstance(element, dict) for element in elements):
            self.add_broken(line, text, "record_path", f"'{path}' is not a list of JSON objects")
            return
        inherited = {name: value for name, value in parent.items() if not isinstance(value, dict | list)}
        for element in elements:
            row = inherited | element
            if self._shape(row).repeated:
                own = {self._field(name) for name in element}
                others = {name: value for name, value in inherited.items() if self._field(name) not in own}
                row = others | element
            self._add_record(line, encode(row), row)

    def _add_record(self, line: int, text: str, record: Record) -> None:
        names, repeated = self._shape(record)
        if repeated:
            shown = ", ".join(repr(name[:40]) for name in repeated[:4])
            self.add_broken(line, text, "repeated_name", f"the members {shown} stand for the same field")
            return
        if names:
            record = {names.get(name, name): value for name, value in record.items()}
            text = encode(record)
        self._size += len(text)
        self._learn_columns(tuple(record))
        self._records.append(record)
        self._payloads.append(text)
        self._lines.append(line)

    def _learn_columns(self, shape: tuple[str, ...]) -> None:
        if shape in self._shapes:
            return
        self._shapes.add(shape)
        known = self._fmt.aliases
        self._columns.update(
            (name, None)
            for name in shape
            if not self._fmt.is_narrow or plain_name(name) in known or name in MARKS
        )

    def _shape(self, record: Record) -> _Shape:
        shape = tuple(record)
        if shape not in self._known:
            if len(self._known) >= KNOWN_SHAPES:
                self._known.clear()
            self._known[shape] = _Shape(self._new_names(shape), self._repeated(shape))
        return self._known[shape]

    def _field(self, name: str) -> str:
        return self._fmt.aliases.get(plain_name(name), name)

    def _repeated(self, shape: tuple[str, ...]) -> list[str]:
        """Members of which it cannot be told which one a field is taken from; one called like the field wins over its
        aliases."""
        fields = resolved_names(shape, self._fmt.aliases)
        known = set(self._fmt.aliases.values())
        twice = {field for field in known.intersection(fields) if fields.count(field) > 1}
        return [name for name, field in zip(shape, fields, strict=True) if field in twice]

    def _new_names(self, shape: tuple[str, ...]) -> dict[str, str]:
        """Names of members that an alias replaces. A field under its own name wins over its alias."""
        names = {LINE: f"{LINE}_"} if LINE in shape else {}
        for name in shape:
            field = self._fmt.aliases.get(plain_name(name))
            if field is not None and field not in shape and field not in names.values():
                names[name] = field
        return names


def frame(records: list[Record], lines: list[int], names: Iterable[str]) -> pl.DataFrame:
    """Members of records as text columns, and their lines."""
    columns = [
        pl.Series(name, [frame_cell(record.get(name)) for record in records], dtype=pl.String)
        for name in names
    ]
    return pl.DataFrame([*columns, pl.Series(LINE, lines, dtype=pl.Int64)])
