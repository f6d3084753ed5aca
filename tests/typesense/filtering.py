"""`filter_by`: comparisons, lists, `&&`, `||` and parentheses; values between backticks are taken as they are."""

import operator
import re
from collections.abc import Callable
from typing import Any

Document = dict[str, Any]
Test = Callable[[Document], bool]

_TOKEN = re.compile(r"\s*(&&|\|\||\(|\)|[\w.]+\s*:)\s*")
_OPERATORS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
_SEPARATED = re.compile(r"[^\W_]+")


MOST_OPERATIONS = 100
"""Comparisons, and the signs between them."""


class FilterError(Exception):
    """The server answers 400."""


def tokens(text: str) -> list[str]:
    return _SEPARATED.findall(text.lower())


def compiled(text: str, fields: dict[str, Any]) -> Test:
    if not text.strip():
        return lambda _: True
    parser = _Parser(text, fields)
    test = parser.any_of()
    if 2 * parser.comparisons - 1 > MOST_OPERATIONS:
        raise FilterError("`filter_by` has too many operations.")
    if parser.rest.strip():
        raise FilterError("Could not parse the filter query.")
    return test


class _Parser:
    def __init__(self, text: str, fields: dict[str, Any]) -> None:
        self.rest, self.fields, self.comparisons = text, fields, 0

    def any_of(self) -> Test:
        parts = [self.all_of()]
        while self._takes("||"):
            parts.append(self.all_of())
        return lambda document: any(part(document) for part in parts)

    def all_of(self) -> Test:
        parts = [self.one()]
        while self._takes("&&"):
            parts.append(self.one())
        return lambda document: all(part(document) for part in parts)

    def one(self) -> Test:
        if self._takes("("):
            inner = self.any_of()
            if not self._takes(")"):
                raise FilterError("Could not parse the filter query: unbalanced parentheses.")
            return inner
        found = re.match(r"\s*([\w.]+)\s*:\s*(!=|=|>=|<=|>|<)?\s*", self.rest)
        if not found:
            raise FilterError("Could not parse the filter query.")
        self.rest = self.rest[found.end() :]
        self.comparisons += 1
        name, sign = found[1], found[2] or ""
        if name not in self.fields and name != "id":
            raise FilterError(f"Could not find a filter field named `{name}` in the schema.")
        return _comparison(name, self.fields.get(name, "string"), sign, self._values())

    def _values(self) -> list[str]:
        if not self._takes("["):
            return [self._value()]
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        if not self._takes("]"):
            raise FilterError("Could not parse the filter query: a list is open.")
        return values

    def _value(self) -> str:
        found = re.match(r"\s*(?:`([^`]*)`|([^`,\]&|()]+))", self.rest)
        if not found:
            raise FilterError("Could not parse the filter query: a value is missing.")
        self.rest = self.rest[found.end() :]
        return found[1] if found[1] is not None else found[2].strip()

    def _takes(self, token: str) -> bool:
        stripped = self.rest.lstrip()
        if not stripped.startswith(token):
            return False
        self.rest = stripped[len(token) :]
        return True


def _comparison(name: str, kind: str, sign: str, values: list[str]) -> Test:
    if sign in _OPERATORS:
        if not kind.startswith(("int", "float")):
            raise FilterError("Error with filter field: not numerical.")
        bound = int(values[0])
        return lambda document: name in document and _OPERATORS[sign](document[name], bound)
    wanted = [_typed(kind, value) for value in values]
    if name == "id":
        return lambda document: document["id"] in values

    def matches(document: Document) -> bool:
        held = document.get(name)
        each = held if isinstance(held, list) else [] if held is None else [held]
        return any(_typed(kind, str(value)) in wanted for value in each)

    return (lambda document: not matches(document)) if sign == "!=" else matches


def _typed(kind: str, value: str) -> Any:
    """Texts are compared by their tokens: without regard to case and punctuation."""
    if kind.startswith("string"):
        return tokens(value)
    try:
        return int(value)
    except ValueError as error:
        raise FilterError("Error with filter field: not an int64.") from error
