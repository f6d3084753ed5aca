"""The JSON object in the body of a request."""

import json
from typing import Any

from django.http import HttpRequest

from bronze.readers.json_text import JsonDecoder
from lakehouse_project.kernel.errors import FieldError, InvalidInput

MAX_DEPTH = 64


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The object, numbers as their text so that no digit is lost. Raises `InvalidInput` that says where it is broken."""
    text = _text(request)
    decoder = JsonDecoder(MAX_DEPTH)
    value = _decode(decoder, text)
    if not isinstance(value, dict):
        raise InvalidInput("The body must be one JSON object with the fields of the record.")
    if problem := decoder.problem(text, value):
        rule, message = problem
        raise InvalidInput(f"The body cannot be stored: {message}.", errors=[FieldError("", rule, message)])
    return value


def _text(request: HttpRequest) -> str:
    try:
        return request.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"The body is not UTF-8 (byte {error.start}).") from error


def _decode(decoder: JsonDecoder, text: str) -> Any:
    start = len(text) - len(text.lstrip())
    try:
        value, end = decoder.decode_at(text, start)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise InvalidInput(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    if text[end:].strip():
        raise InvalidInput(f"The body must be one JSON object; more follows behind character {end}.")
    return value
