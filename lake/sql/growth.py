"""Functions that make a very long value of short ones: DuckDB makes it beyond its limit of memory, and cannot be interrupted
meanwhile, also while a query is only planned. So how long it gets has to stand in the query, and is told at once. What gets
past here ends the child process that runs it (`lake.sql.child`)."""

import math
import re
from collections.abc import Sequence
from typing import Any

from lake.sql.errors import StatementNotAllowed

TEXTS = frozenset({"repeat", "lpad", "rpad"})
LISTS = frozenset({"range", "generate_series", "list_resize", "array_resize"})
FORMATS = frozenset({"format", "printf"})
LONGEST_TEXT, LONGEST_LIST, TOGETHER = 10_000, 1_000_000, 1_000_000
"""`TOGETHER`: of texts that are repeated again and again."""
OR_READ = " Or read from it: FROM range(…)."
_WIDE = re.compile(r"\d{4,}|\*|\{[^}]*\{")
"""A width of four digits, or one that an argument gives."""


def check_growth(parts: Sequence[dict[str, Any]]) -> None:
    """Raises `StatementNotAllowed`. `parts` are all objects of the syntax tree."""
    streamed = {id(part["function"]) for part in parts if part.get("type") == "TABLE_FUNCTION"}
    repeated: list[int] = []
    for part in parts:
        name = str(part.get("function_name", "")).lower()
        if name in TEXTS:
            length = _count(name, _arguments(part)[1:2], LONGEST_TEXT)
            repeated += [length] if name == "repeat" else []
        elif name in LISTS and id(part) not in streamed:
            _count(name, _arguments(part)[name.endswith("resize") :][:3], LONGEST_LIST)
        elif name in FORMATS:
            _check_format(name, _arguments(part))
    if math.prod(repeated) > TOGETHER:
        raise StatementNotAllowed(
            f"repeat() of repeat(): texts of more than {TOGETHER:,} characters are not made."
        )


def _arguments(part: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(each["expression"]) for each in part.get("arguments", ())]


def _count(name: str, arguments: Sequence[dict[str, Any]], most: int) -> int:
    """The largest of the numbers that say how long it gets."""
    texts = [str((each.get("literal") or {}).get("text", "")) for each in arguments]
    if not texts or not all(re.fullmatch(r"-?\d{1,18}", text) for text in texts):
        raise StatementNotAllowed(
            f"{name}(): write how long it gets as a number of at most {most:,}.{OR_READ if name in LISTS else ''}"
        )
    largest = max(abs(int(text)) for text in texts)
    if largest > most:
        raise StatementNotAllowed(f"{name}() of {largest:,}: at most {most:,} are made.")
    return max(1, largest)


def _check_format(name: str, arguments: Sequence[dict[str, Any]]) -> None:
    literal = arguments[0].get("literal") if arguments else None
    if literal is None or _WIDE.search(str(literal.get("text", ""))):
        raise StatementNotAllowed(f"{name}(): write the format as a text, with widths of at most 999.")
