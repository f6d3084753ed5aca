"""What callers do next: links from an answer to the operations that its values are for.

From a list, or from what was created, to each thing and what is done with it; from a thing to its changes, with its `ETag`
where they need one, and back; from work that was begun to its operation.
"""

import re
from collections.abc import Iterator
from typing import Any

from bronze.api.routes import ROW
from lakehouse_project.openapi.document import JSON, Json, good_answers, operations, resolved

ACCEPTED, MULTIPLE_CHOICES = 202, 300
OPERATION = "/operations/{operation_id}"
MATCH = {"header.If-Match": "$response.header.ETag"}

Fields = dict[str, str]
"""Members of an answer, or of the first item of a list, with the JSON pointers to them."""


class Links:
    """Between the operations of a document."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._all = list(operations(document))

    def add(self, path: str, method: str, operation: Json) -> None:
        """To the good answers of an operation."""
        for status, answer in good_answers(operation):
            begun = status == ACCEPTED
            fields = self._fields(operation, answer)
            found = dict(self._to_operation(fields) if begun else ())
            if not (begun and _is_operation(answer)):
                found |= dict(self._from(path, method, operation, fields))
            if found and status < MULTIPLE_CHOICES:
                answer["links"] = found

    def _to_operation(self, fields: Fields) -> Iterator[tuple[str, Json]]:
        """From work that was begun: `operation` or `run` is its id, or the answer is the operation itself."""
        pointer = next((fields[name] for name in ("operation", "run", "id") if name in fields), None)
        for path, _method, target in self._all:
            if pointer and path.endswith(OPERATION):
                yield _link(target, {"operation_id": f"$response.body#{pointer}"})

    def _from(self, path: str, method: str, operation: Json, fields: Fields) -> Iterator[tuple[str, Json]]:
        known = {name: f"$request.path.{name}" for name in _places(path)}
        for other, its_method, target in self._all:
            match = (
                MATCH if ROW in operation and method in ("get", "post") and _is_conditional(target) else {}
            )
            if _is_of(path, method, other, its_method):
                *_, new = _places(other)
                if pointer := _pointer(new, fields):
                    yield _link(target, {**known, new: f"$response.body#{pointer}", **match})
            elif known and _follows(path, method, other, its_method):
                yield _link(target, {**known, **match})

    def _fields(self, operation: Json, answer: Json) -> Fields:
        """Member -> its JSON pointer; those of the first one of a list."""
        schema = resolved(self._document, answer.get("content", {}).get(JSON, {}).get("schema", {}))
        members = schema.get("properties", {})
        if "items" not in members:
            return {"key": "/_record/key"} if ROW in operation else {name: f"/{name}" for name in members}
        one = resolved(self._document, members["items"].get("items", {}))
        if ROW in operation:
            return {"key": "/items/0/_record/key"}
        return {name: f"/items/0/{name}" for name in one.get("properties", {})}


def _places(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _pointer(parameter: str, fields: Fields) -> str | None:
    """Where the value of a parameter is: `file_id` is the `id` of a file, `dataset` its `name`."""
    is_id = parameter.endswith("_id")
    candidates = (parameter, *(("id", parameter.removesuffix("_id")) if is_id else ("name",)))
    return next((fields[name] for name in candidates if name in fields), None)


def _is_of(path: str, method: str, other: str, its_method: str) -> bool:
    """From a list to reading one of its things, what more can be done follows from there; from what was created to all."""
    is_below = other.startswith(f"{path}/{{") and len(_places(other)) == len(_places(path)) + 1
    return is_below and (
        method == "post" or (method == "get" and its_method == "get" and other.endswith("}"))
    )


def _follows(path: str, method: str, other: str, its_method: str) -> bool:
    """From a thing to what can be done with it; from what was done back to the thing, and to its restoration."""
    if method == "get" and path.endswith("}"):
        is_below = other.startswith(f"{path}/") and "{" not in other.removeprefix(path)
        return is_below or (other == path and its_method != "get")
    if method == "delete" and other == f"{path}/restore":
        return True
    thing = path if path.endswith("}") else path.rpartition("/")[0]
    return method != "get" and other == thing and its_method == "get"


def _is_operation(answer: Json) -> bool:
    return str(answer["content"][JSON]["schema"].get("$ref")).endswith("/OperationOut")


def _is_conditional(operation: Json) -> bool:
    return any(each["name"] == "If-Match" for each in operation["parameters"])


def _link(target: Json, parameters: dict[str, Any]) -> tuple[str, Json]:
    return target["operationId"], {"operationId": target["operationId"], "parameters": parameters}
