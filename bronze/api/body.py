"""The JSON in the body of a request: one record, or the rows or keys of a batch."""

import json
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from bronze.readers.json_text import LONE_SURROGATE, MAX_DEPTH, JsonDecoder, deeper_than, encode, too_deep
from bronze.services.named import KEY
from lakehouse_project.kernel.bodies import MalformedBody, json_text
from lakehouse_project.kernel.errors import FieldError, InvalidInput


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The object, numbers as their text so that no digit is lost. Raises `InvalidInput` that says where it is broken."""
    text = json_text(request)
    decoder = JsonDecoder()
    value = _decode(decoder, text)
    if not isinstance(value, dict):
        raise InvalidInput("The body must be one JSON object with the fields of the record.")
    _refuse(decoder.problem(text, value))
    return value


def json_rows(request: HttpRequest) -> list[dict[str, Any] | FieldError]:
    """The rows of a batch: `[…]` or `{"rows": […]}`. What is no row that can be stored is an error in its place."""
    return [
        value
        if isinstance(value, dict)
        else _not(value, number, "not_an_object", "the row is not a JSON object")
        for number, value in enumerate(_elements(request, "rows"))
    ]


def storable_rows(values: Iterable[Any]) -> list[dict[str, Any] | FieldError]:
    """As `json_rows`, of values that are decoded already."""
    elements = (_storable(value, number) for number, value in enumerate(values))
    return [
        element
        if isinstance(element, dict)
        else _not(element, number, "not_an_object", "the row is not a JSON object")
        for number, element in enumerate(elements)
    ]


def json_keys(request: HttpRequest) -> list[dict[str, Any] | FieldError]:
    """What a batch names: `[…]` or `{"keys": […]}`; keys are texts or numbers, or rows with `_key` or their key fields."""
    return _named(_elements(request, "keys"))


def storable_names(values: Iterable[Any]) -> list[dict[str, Any] | FieldError]:
    """As `json_keys`, of values that are decoded already."""
    return _named(_storable(value, number) for number, value in enumerate(values))


def _named(values: Iterable[Any]) -> list[dict[str, Any] | FieldError]:
    return [
        value
        if isinstance(value, dict | FieldError)
        else {KEY: value}
        if isinstance(value, str | int | float) and not isinstance(value, bool)
        else FieldError("", "not_a_key", NOT_A_KEY, row=number)
        for number, value in enumerate(values)
    ]


NOT_A_KEY = f"a key is a text or a number, or an object with `{KEY}` or the key fields"


def _not(value: Any, row: int, rule: str, message: str) -> FieldError:
    return value if isinstance(value, FieldError) else FieldError("", rule, message, row=row)


def _elements(request: HttpRequest, member: str) -> list[Any]:
    text = json_text(request)
    decoder = JsonDecoder()
    value = _decode(decoder, text)
    elements = value[member] if isinstance(value, dict) and value.keys() == {member} else value
    if not isinstance(elements, list):
        raise InvalidInput(f'The body must be a JSON array, or {{"{member}": [...]}} and nothing else.')
    _refuse(decoder.repeated)
    is_clean = decoder.unstorable(text, value) is None
    return [
        element if is_clean and not deeper_than(MAX_DEPTH, element) else _storable(element, number)
        for number, element in enumerate(elements)
    ]


def _refuse(problem: tuple[str, str] | None) -> None:
    if problem:
        rule, message = problem
        raise InvalidInput(f"The body cannot be stored: {message}.", errors=[FieldError("", rule, message)])


def _storable(element: Any, row: int) -> Any:
    """The element, or what forbids to store it."""
    if deeper_than(MAX_DEPTH, element):
        return FieldError("", *too_deep(MAX_DEPTH), row=row)
    text = LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", encode(element))
    decoder = JsonDecoder()
    value, _end = decoder.decode_at(text, 0)
    problem = decoder.unstorable(text, value)
    return FieldError("", *problem, row=row) if problem else element


def _decode(decoder: JsonDecoder, text: str) -> Any:
    start = len(text) - len(text.lstrip())
    try:
        value, end = decoder.decode_at(text, start)
    except json.JSONDecodeError as error:
        raise MalformedBody(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise MalformedBody(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    if text[end:].strip():
        raise MalformedBody(f"The body must be one JSON object; more follows behind character {end}.")
    return value
