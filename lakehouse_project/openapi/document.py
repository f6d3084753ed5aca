"""The parts of an OpenAPI document."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

JSON = "application/json"
BAD_REQUEST = 400


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method, operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def good_answers(operation: Json) -> Iterator[tuple[int, Json]]:
    """Status and answer."""
    for status, answer in operation["responses"].items():
        if int(status) < BAD_REQUEST:
            yield int(status), answer


def resolved(document: Json, schema: Json) -> Json:
    """What a schema refers to."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema
