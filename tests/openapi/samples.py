"""Requests made of an OpenAPI document: good enough in form that what a route answers is not about the form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from django.test import Client
from ninja import NinjaAPI

from lakehouse_project import api as composition

UUID = "00000000-0000-4000-8000-000000000000"
METHODS = ("get", "post", "put", "patch", "delete")


def apis() -> Mapping[str, NinjaAPI]:
    """Every version of the API that the composition has, by its name in addresses."""
    found = [value for value in vars(composition).values() if isinstance(value, NinjaAPI)]
    return {api.urls_namespace: api for api in found}


@dataclass(frozen=True)
class Operation:
    """One method of one address. `spec` is its part of the `document`."""

    id: str
    method: str
    path: str
    spec: Mapping[str, Any]
    document: Mapping[str, Any] = field(repr=False)

    def address(self, **known: Any) -> str:
        """With a value for everything that it requires; `known` replaces those made up."""
        parameters = [resolved(each, self.document) for each in self.spec.get("parameters", ())]
        values = {each["name"]: self._value(each, known) for each in parameters}
        path = self.path
        for each in parameters:
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", quote(str(values[each["name"]]), safe=""))
        query = {
            each["name"]: values[each["name"]]
            for each in parameters
            if each["in"] == "query" and (each.get("required") or each["name"] in known)
        }
        return f"{path}?{urlencode(query, doseq=True)}" if query else path

    def _value(self, parameter: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
        if parameter["name"] in known:
            return known[parameter["name"]]
        return parameter.get("example", sample(parameter["schema"], self.document))

    def body(self) -> tuple[Any, str]:
        """A body that it takes, and its content type. A form has one small file."""
        content = self.spec.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            media = content["application/json"]
            return orjson.dumps(
                media["example"] if "example" in media else sample(media["schema"], self.document)
            ), "application/json"
        if content:
            return b"id,department\n1,Sales\n", "application/octet-stream"
        return b"", "application/json"

    def send(self, client: Client, headers: Mapping[str, str], **known: Any) -> Any:
        """What the server answers to it; the answer is read to its end, and can be read again."""
        body, content_type = self.body()
        answer: Any = client.generic(
            self.method, self.address(**known), body, content_type, headers=dict(headers)
        )
        if answer.streaming:
            answer.streaming_content = [b"".join(answer.streaming_content)]
        return answer


@cache
def document_of(api: NinjaAPI) -> dict[str, Any]:
    """Its OpenAPI document, which takes seconds to make."""
    return dict(api.get_openapi_schema())


def operations(api: NinjaAPI) -> Iterator[Operation]:
    """All that the document of the version tells of."""
    document = document_of(api)
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                spec = methods[method]
                yield Operation(spec["operationId"], method.upper(), path, spec, document)


def resolved(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` refers to."""
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def sample(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A value of the schema: its example or its default, else the smallest that it takes."""
    schema = resolved(schema, document)
    for given in ("example", "const", "default"):
        if schema.get(given) is not None:
            return schema[given]
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return sample(schema[choice][0], document)
    return _made(schema, document)


def _made(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: sample(fields[name], document) for name in schema.get("required", ())}
        case "array":
            return [sample(schema["items"], document)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "string":
            formats = {"uuid": UUID, "date": "2024-01-01", "date-time": "2024-01-01T00:00:00Z"}
            return formats.get(schema.get("format", ""), "x" * max(schema.get("minLength", 1), 1))
    return None
