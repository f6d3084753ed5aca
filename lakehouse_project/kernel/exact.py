"""JSON numbers that keep every digit they came with: a float has 17 at most, and no trailing zeros."""

import json
from typing import Any, Self

import orjson

SAFE_DIGITS = 18
"""A whole number with as many always fits into 64 bits."""


class ExactFloat(float):
    """A number with its JSON text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


class LongInteger(int):
    """A whole number that may need more than 64 bits."""

    __slots__ = ()


def loads(text: str) -> Any:
    """The value of a JSON text."""
    return _DECODER.decode(text)


def loads_jsonb(text: str) -> Any:
    """The same of a text that PostgreSQL wrote: no blanks are around it, and nobody has to look for them."""
    return _DECODER.raw_decode(text)[0]


def raw(value: Any) -> orjson.Fragment | None:
    """What stands in a JSON text for a number of `loads`; None for anything else. For the `default` of orjson, with
    `OPT_PASSTHROUGH_SUBCLASS`."""
    return orjson.Fragment(str(value)) if isinstance(value, ExactFloat | LongInteger) else None


def _float(text: str) -> float:
    number = float(text)
    return number if repr(number) == text else ExactFloat(text)


def _integer(text: str) -> int:
    return int(text) if len(text) <= SAFE_DIGITS else LongInteger(text)


_DECODER = json.JSONDecoder(parse_float=_float, parse_int=_integer)
