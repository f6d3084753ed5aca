"""JSON text to values and back without losing a digit: numbers stay the text that the file had."""

import json
import re
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any

import orjson

from lakehouse_project.kernel.exact import ExactFloat, raw

CONTAINERS = (dict, list)
MAX_DEPTH = 64
"""Levels of objects and arrays in each other."""
NESTED = "\u2029"
"""A cell of a frame that begins so is the text of a JSON object or array, and no text that looks like one. It is white space
to whoever parses the cell."""
LONGEST_NUMBER = 400
LARGEST_EXPONENT = 999
LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


class Number(str):
    """A JSON number as its text."""

    __slots__ = ()


class JsonDecoder:
    """Decodes JSON values; `problem` tells what of the last one PostgreSQL could not store (None: nothing)."""

    def __init__(self, max_depth: int = MAX_DEPTH) -> None:
        self._max_depth = max_depth
        self._odd_number: str | None = None
        self._repeated: str | None = None
        self._decoder = json.JSONDecoder(
            parse_float=self._number,
            parse_int=self._integer,
            parse_constant=self._constant,
            object_pairs_hook=self._object,
        )

    @property
    def repeated(self) -> tuple[str, str] | None:
        """Rule and message for the last value if an object in it has a member more than once."""
        if self._repeated is None:
            return None
        return "repeated_name", f"the member {self._repeated[:40]!r} is there more than once"

    @property
    def too_deep(self) -> tuple[str, str]:
        return too_deep(self._max_depth)

    def decode_at(self, text: str, start: int) -> tuple[Any, int]:
        """The value at `start` and where it ends. Raises `json.JSONDecodeError`, and `RecursionError` if very deep."""
        self._odd_number = self._repeated = None
        return self._decoder.raw_decode(text, start)

    def problem(self, text: str, value: Any) -> tuple[str, str] | None:
        """Rule and message for a decoded value that cannot be a record."""
        if depth_exceeds(text, self._max_depth):
            return self.too_deep
        if unstorable := self.unstorable(text, value):
            return unstorable
        if self.repeated:
            return self.repeated
        return None if isinstance(value, dict) else ("not_an_object", "the record is not a JSON object")

    def unstorable(self, text: str, value: Any) -> tuple[str, str] | None:
        """Rule and message for a number or text of the last value that PostgreSQL does not take."""
        if self._odd_number is not None:
            return "number", f"{self._odd_number[:40]} is not a number that JSON and the database know"
        if "\\u0000" in text and any("\x00" in part for part in strings(value)):
            return "nul_character", "a text has a NUL character (\\u0000)"
        if SURROGATE_ESCAPE.search(text) and any(LONE_SURROGATE.search(part) for part in strings(value)):
            return "lone_surrogate", "a text has half of a surrogate pair"
        return None

    def _object(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) < len(members):
            names = [name for name, _ in members]
            self._repeated = next(name for name in names if names.count(name) > 1)
        return value

    def _number(self, text: str) -> Number:
        is_large = "e" in text.lower() and _exponent(text) > LARGEST_EXPONENT
        if is_large or len(text) > LONGEST_NUMBER:
            self._odd_number = text
        return Number(text)

    def _integer(self, text: str) -> Number:
        if len(text) > LONGEST_NUMBER:
            self._odd_number = text
        return Number(text)

    def _constant(self, text: str) -> Number:
        self._odd_number = text
        return Number(text)


def _exponent(text: str) -> int:
    return abs(int(text.lower().partition("e")[2]))


def too_deep(limit: int) -> tuple[str, str]:
    return "too_deep", f"JSON is nested deeper than {limit} levels"


def deeper_than(limit: int, *values: Any) -> bool:
    """As `depth_exceeds`, of decoded values."""
    nested = [value for value in values if type(value) in CONTAINERS]
    return any(
        limit == 0 or deeper_than(limit - 1, *(value.values() if isinstance(value, dict) else value))
        for value in nested
    )


def depth_exceeds(text: str, limit: int) -> bool:
    if text.count("{") + text.count("[") <= limit:
        return False
    depth = 0
    for token in BRACKETS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > limit:
            return True
    return False


def strings(value: Any) -> Iterator[str]:
    """Every text in a value, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from strings(member)
    elif isinstance(value, list):
        for element in value:
            yield from strings(element)


def encode(value: Any) -> str:
    """JSON text of a decoded value."""
    if type(value) is str:  # nearly all of them; a number is a subclass  # pylint: disable=unidiomatic-typecheck
        return encode_basestring(value)
    match value:
        case Number() | ExactFloat():
            return str(value)
        case str():
            return encode_basestring(value)
        case None | bool() | int() | float():
            return json.dumps(value)
        case dict():
            return "{" + ", ".join([f"{encode_basestring(k)}: {encode(v)}" for k, v in value.items()]) + "}"
        case _:
            return "[" + ", ".join(map(encode, value)) + "]"


def encode_row(row: Mapping[str, Any]) -> str:
    """As `encode`, of a record on its way into a jsonb column, which keeps no blanks: several times as fast."""
    return orjson.dumps(row, default=_number, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Number):
        return orjson.Fragment(str(value))
    if (number := raw(value)) is None:
        raise TypeError(f"A record has no {type(value).__name__}.")
    return number


def cell(value: Any) -> str | None:
    """A member of a record as a cell: text as it is, everything else as its JSON text, null as None."""
    if value is None:
        return None
    return str(value) if isinstance(value, str) else encode(value)


def frame_cell(value: Any) -> str | None:
    """As `cell`, objects and arrays marked as such."""
    if type(value) is str:  # pylint: disable=unidiomatic-typecheck  # a number is a subclass
        return value
    return NESTED + encode(value) if isinstance(value, CONTAINERS) else cell(value)
