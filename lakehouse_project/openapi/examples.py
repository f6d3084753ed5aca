"""Examples: one for the body of each request, and one for each good answer."""

from collections.abc import Mapping
from typing import Any

from bronze.contracts import CONTRACTS
from lakehouse_project.openapi.document import JSON, Json, good_answers, resolved

RECORD: Mapping[str, Any] = {
    "id": 17,
    "key": "1001",
    "status": "valid",
    "errors": [],
    "conflict": {},
    "revision": 1,
    "source_file": 3,
    "line": 2,
}
"""What is known of a record itself."""


def add_examples(operation: Json, examples: "Examples", row: Json) -> None:
    """One for the body of the request, and one for each good answer."""
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    answers = [answer for _status, answer in good_answers(operation)]
    shown = row | {"_record": RECORD} if row else {}
    for part, free in (*((body, row) for body in bodies), *((answer, shown) for answer in answers)):
        for kind, media in part.get("content", {}).items():
            if kind == JSON and "example" not in media:
                media["example"] = examples.showing(free).of(media["schema"])


ELSEWHERE = {"id", "name", "status", "description", "date", "datetime", "properties"}
"""Names of fields that mean something else elsewhere."""

EXAMPLES: Mapping[str, Any] = {
    field.name: field.example
    for spec in CONTRACTS.values()
    for field in spec.fields
    if field.name not in ELSEWHERE
}
"""By the name of a field: marts and the star schema call things as the contracts do."""

FORMATS: Mapping[str, Any] = {
    "date-time": "2024-05-17T18:20:00Z",
    "date": "2024-05-17",
    "uuid": "7f3d1e7a-52f5-4f0f-9d3c-6f8c1f6a2b10",
    "binary": "…",
}
DEEPEST = 9


class Examples:
    """Values of schemas, for the operations at `path`. `free`: what an object with any fields looks like."""

    def __init__(self, document: Json, path: str, free: Json | None = None) -> None:
        self._document = document
        self._path = path
        self._free = free or {}

    def showing(self, free: Json) -> "Examples":
        return Examples(self._document, self._path, free)

    def of(self, schema: Json, name: str = "", depth: int = 0) -> Any:
        """A value of `schema`, the field `name` of something: as it says itself, else as contracts have such a field."""
        schema = resolved(self._document, schema)
        for given in ("example", "const", "default"):
            if schema.get(given) not in (None, ""):
                return schema[given]
        for several in ("examples", "enum"):
            if several in schema:
                return schema[several][0]
        if depth > DEEPEST:
            return None
        return self._made(schema, name, depth)

    def _made(self, schema: Json, name: str, depth: int) -> Any:
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._chosen(schema[choice], name, depth)
        if "allOf" in schema:
            return self.of(schema["allOf"][0], name, depth + 1)
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {})
                made = {each: self.of(fields[each], each, depth + 1) for each in fields}
                return made or (self._free if schema.get("additionalProperties") is True else {})
            case "array":
                return [self.of(schema["items"], name, depth + 1)] if "items" in schema else []
        return self._plain(schema, name)

    def _chosen(self, choices: list[Json], name: str, depth: int) -> Any:
        """The first that is not null; null where none of them can go on."""
        return self.of(next(each for each in choices if each.get("type") != "null"), name, depth + 1)

    def _plain(self, schema: Json, name: str) -> Any:
        kind = schema.get("type")
        known = EXAMPLES.get(name)
        match kind:
            case "integer":
                return known if isinstance(known, int) else max(1, schema.get("minimum", 1))
            case "number":
                return 1.5
            case "boolean":
                return True
            case "string" if name == "next":
                return f"{self._path}?cursor=…"
            case "string":
                plain = FORMATS.get(schema.get("format", ""), name or "text")
                return str(known) if known is not None and "format" not in schema else plain
        return known
