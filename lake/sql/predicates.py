"""What of a condition can be decided by partition values, or by the lowest and highest value of a file, alone.

Conditions are taken from the engine's plan and read with its own parser. What cannot be decided counts as true, so that
at worst too many files are kept, never too few.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import duckdb

PURE = frozenset(
    {
        "+",
        "-",
        "*",
        "/",
        "//",
        "%",
        "make_date",
        "year",
        "month",
        "day",
        "date_trunc",
        "abs",
        "lpad",
        "concat",
        "||",
    }
    | {
        "printf",
        "format",
        "strftime",
        "strptime",
        "datepart",
        "date_part",
        "least",
        "greatest",
        "in",
        "contains",
    }
    | {"prefix", "suffix", "lower", "upper", "make_timestamp", "last_day", "!", "~~", "starts_with", "cast"}
)
"""Functions whose value follows from their arguments alone."""
WIDENING = frozenset({"lpad", "printf", "format"})
_WIDE = re.compile(r"\d{3,}")
LONGEST = 2_000
"""Conditions are tried on every file, in this process: none may make long values of short ones."""
CLASSES = frozenset(
    {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR", "CAST", "BETWEEN", "FUNCTION", "TYPE"}
)
BOUNDS = {
    "COMPARE_GREATERTHAN": ("max",),
    "COMPARE_GREATERTHANOREQUALTO": ("max",),
    "COMPARE_LESSTHAN": ("min",),
    "COMPARE_LESSTHANOREQUALTO": ("min",),
}
UNDECIDED: None = None

Rewrite = Callable[[dict[str, Any]], dict[str, Any] | None]


class Conditions:
    """Reads conditions as the engine prints them, and writes what is left of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def on_partitions(self, conditions: Sequence[str], columns: Collection[str]) -> str | None:
        """The part of the conditions, which hold together, that `columns` decide; none if there is no such part."""
        return self._weakened(conditions, lambda leaf: leaf if _decided_by(leaf, columns) else UNDECIDED)

    def on_bounds(self, conditions: Sequence[str], columns: Collection[str]) -> str | None:
        """The same for the bounds of files: `x >= 5` becomes `"max.x" >= 5`, where x is one of `columns`."""
        return self._weakened(conditions, lambda leaf: _bounded(leaf, columns))

    def _weakened(self, conditions: Sequence[str], rewrite: Rewrite) -> str | None:
        parts = [part for text in conditions if (part := self._part(text, rewrite)) is not UNDECIDED]
        return " AND ".join(part if part.startswith("(") else f"({part})" for part in parts) or None

    def _part(self, condition: str, rewrite: Rewrite) -> str | None:
        text = condition.removeprefix("optional: ")
        tree = self._read(text) if len(text) <= LONGEST else None
        where = tree["statements"][0]["node"]["where_clause"] if tree else None
        kept = _weaken(where, rewrite) if where else UNDECIDED
        if tree is None or kept is UNDECIDED:
            return None
        tree["statements"][0]["node"]["where_clause"] = kept
        return self._write(tree)

    def _read(self, condition: str) -> Any:
        """The tree of a condition; None where the engine prints what it does not read itself."""
        asked = ["SELECT 1 WHERE " + condition]
        [(text,)] = self._connection.execute("SELECT json_serialize_sql(?::VARCHAR)", asked).fetchall()
        tree = json.loads(text)
        return None if tree["error"] or len(tree["statements"]) != 1 else tree

    def _write(self, tree: Any) -> str:
        asked = [json.dumps(tree)]
        [(text,)] = self._connection.execute("SELECT json_deserialize_sql(?::JSON)", asked).fetchall()
        return str(text).split("WHERE", 1)[1].strip().rstrip(";")


def _weaken(part: dict[str, Any], rewrite: Rewrite) -> dict[str, Any] | None:
    """AND of what is decided; OR only if all of it is. Below NOT nothing is taken apart."""
    if part["type"] == "CONJUNCTION_AND":
        kept = [each for child in part["children"] if (each := _weaken(child, rewrite)) is not UNDECIDED]
        return {**part, "children": kept} if len(kept) > 1 else (kept[0] if kept else UNDECIDED)
    if part["type"] == "CONJUNCTION_OR":
        either = [_weaken(child, rewrite) for child in part["children"]]
        return UNDECIDED if any(each is UNDECIDED for each in either) else {**part, "children": either}
    return rewrite(part)


def _decided_by(part: Any, columns: Collection[str]) -> bool:
    """Whether a condition names a column, and only `columns`, constants and pure functions."""
    named: list[str] = []
    return _is_pure(part, named) and bool(named) and set(named) <= set(columns)


def _is_pure(part: Any, named: list[str]) -> bool:
    if isinstance(part, list):
        return all(_is_pure(each, named) for each in part)
    if not isinstance(part, dict):
        return True
    kind = part.get("class")
    if kind is not None and kind not in CLASSES:
        return False
    if kind == "COLUMN_REF":
        named.append(".".join(part["column_names"]))
    if kind == "FUNCTION" and not _is_pure_function(part):
        return False
    return all(_is_pure(child, named) for child in part.values())


def _is_pure_function(part: dict[str, Any]) -> bool:
    name = part["function_name"].lower()
    return name in PURE and not (name in WIDENING and any(map(_WIDE.search, _constants(part))))


def _constants(part: Any) -> Iterator[str]:
    children = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    if isinstance(part, dict) and part.get("class") == "CONSTANT":
        yield str(part.get("value") or part.get("literal"))
    else:
        for child in children:
            yield from _constants(child)


def _bounded(part: dict[str, Any], columns: Collection[str]) -> dict[str, Any] | None:
    """A comparison of a column with a constant, as one of the highest or lowest value; it may be unknown (NULL)."""
    if part.get("class") != "COMPARISON" or part["left"].get("class") != "COLUMN_REF":
        return UNDECIDED
    name = ".".join(part["left"]["column_names"])
    constants: list[str] = []
    if name not in columns or not _is_pure(part["right"], constants) or constants:
        return UNDECIDED
    if part["type"] == "COMPARE_EQUAL":
        above = _compared(part, "COMPARE_GREATERTHANOREQUALTO", f"max.{name}")
        below = _compared(part, "COMPARE_LESSTHANOREQUALTO", f"min.{name}")
        return {"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "alias": "", "children": [above, below]}
    if part["type"] not in BOUNDS:
        return UNDECIDED
    return _compared(part, part["type"], f"{BOUNDS[part['type']][0]}.{name}")


def _compared(part: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    return {**part, "type": kind, "left": {**part["left"], "column_names": [name]}}
