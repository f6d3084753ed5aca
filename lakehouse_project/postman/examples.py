"""Example values of JSON schemas."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

OF_FORMAT = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T18:20:00Z",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "binary": "",
}
OF_TYPE: Mapping[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "null": None, "string": "text"}


class Examples:
    """Values that fit schemas. What a schema says itself (`example`, `examples`, `default`, `enum`) comes first."""

    def __init__(self, components: Mapping[str, Schema]) -> None:
        self._components = components

    def resolved(self, schema: Schema) -> Schema:
        """What a reference, or the first of several choices, stands for."""
        if "$ref" in schema:
            return self.resolved(self._components[schema["$ref"].rsplit("/", 1)[-1]])
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                first: Schema = schema[choice][0]
                return self.resolved(first)
        return schema

    def of(self, schema: Schema) -> Any:
        if "example" in schema:
            return schema["example"]
        if schema.get("examples"):
            return schema["examples"][0]
        if "default" in schema:
            return schema["default"]
        return self._built(self.resolved(schema))

    def _built(self, schema: Schema) -> Any:
        if "const" in schema or "enum" in schema:
            return schema.get("const", (schema.get("enum") or [None])[0])
        kind = schema.get("type", "object")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {name: self.of(part) for name, part in self._members(schema)}
        if kind == "array":
            return [self.of(schema.get("items", {"type": "string"}))]
        if kind == "string":
            return OF_FORMAT.get(schema.get("format", ""), OF_TYPE["string"])
        return schema.get("minimum", OF_TYPE[kind])

    def _members(self, schema: Schema) -> list[tuple[str, Schema]]:
        """What is required, and what the schema has an example of: the rest is the caller's to add."""
        required = schema.get("required", ())
        properties: Mapping[str, Schema] = schema.get("properties", {})
        return [
            (name, part)
            for name, part in properties.items()
            if name in required or "example" in part or "examples" in part
        ]
