"""The collection and the environment, in the format 2.1 of Postman."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from bronze.contracts import CONTRACTS
from lakehouse_project.postman import scripts
from lakehouse_project.postman.examples import Examples, Schema
from lakehouse_project.postman.operations import PARAMETER, Operation, operations, variable_of
from lakehouse_project.postman.rows import BATCH, SINGLE, adapted
from lakehouse_project.postman.story import PARAMETERS

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
IDENTIFIERS = ("id", "key", "name")
LAST_FOLDER = "clean up"
NUMBER = re.compile(r'"\{\{number:(\w+)\}\}"')
"""A variable in a body that stands for JSON and not for a text, so that it loses its quotes."""

SETTINGS = {
    "base_url": "http://127.0.0.1:8000",
    "username": "admin",
    "password": "",
    "seed_scale": "1",
}

Json = dict[str, Any]


def collection(document: Mapping[str, Any]) -> Json:
    """One request for each operation of the OpenAPI document, in folders by tag, in an order that runs."""
    info = document["info"]
    found = operations(document)
    requests = [Request(operation, document, found) for operation in found]
    folders = [
        {"name": name, "item": [request.item() for request in inside]}
        for name, inside in groupby(requests, key=_folder)
    ]
    about = {
        "name": f"{info['title']} {info['version']}",
        "description": f"{info['description']}\n\nMade from the OpenAPI document by `lakehouse postman`.",
        "schema": FORMAT,
    }
    checks = {"listen": "test", "script": {"type": "text/javascript", "exec": list(scripts.PROBLEM)}}
    return {"info": about, "auth": _bearer("token"), "event": [checks], "item": folders}


def environment() -> Json:
    """What a run has to be told. A password is typed in, never written down here."""
    values = [
        {"key": name, "value": value, "type": "secret" if name == "password" else "default", "enabled": True}
        for name, value in SETTINGS.items()
    ]
    return {"name": "lakehouse", "values": values, "_postman_variable_scope": "environment"}


def _folder(request: "Request") -> str:
    return LAST_FOLDER if request.operation.is_last else request.operation.tag


def _bearer(variable: str) -> Json:
    if not variable:
        return {"type": "noauth"}
    return {"type": "bearer", "bearer": [{"key": "token", "value": f"{{{{{variable}}}}}", "type": "string"}]}


def _is_one(other: Operation, operation: Operation) -> bool:
    return other.shape == "one" and other.resource == operation.path


class Request:
    """One operation as an item of a collection."""

    def __init__(self, operation: Operation, document: Mapping[str, Any], others: list[Operation]) -> None:
        self.operation = operation
        self._examples = Examples(document["components"]["schemas"])
        self._makers = {other.path for other in others if other.method == "post"}
        self._matches = any(
            parameter["name"] == "If-Match"
            for other in others
            if other.resource == operation.resource
            for parameter in other.parameters("header")
        )
        self._names = [other.parameters("path")[-1]["name"] for other in others if _is_one(other, operation)]

    def item(self) -> Json:
        operation = self.operation
        request: Json = {
            "method": operation.method.upper(),
            "header": list(self._headers()),
            "url": self._url(),
            "description": operation.spec.get("description", operation.spec["summary"]),
        }
        if operation.step.auth != "token":
            request["auth"] = _bearer(operation.step.auth)
        if (body := self._body()) is not None:
            request["body"] = body
        test = {"listen": "test", "script": {"type": "text/javascript", "exec": self._test()}}
        name = operation.spec["summary"]
        return {"id": operation.id, "name": name, "request": request, "event": [test]}

    def _url(self) -> Json:
        path = [PARAMETER.sub(r":\1", part) for part in self.operation.path.strip("/").split("/")]
        query = list(self._query())
        sent = {one["key"]: one["value"] for one in query if not one.get("disabled")}
        end = f"?{urlencode(sent, safe='{}')}" if sent else ""
        url: Json = {"raw": "/".join(["{{base_url}}", *path]) + end, "host": ["{{base_url}}"], "path": path}
        named = {match[1]: self._path_value(match) for match in PARAMETER.finditer(self.operation.path)}
        if named:
            url["variable"] = [{"key": name, "value": value} for name, value in named.items()]
        return url | ({"query": query} if query else {})

    def _path_value(self, match: re.Match[str]) -> str:
        kept = variable_of(self.operation.path[: match.start()])
        return self.operation.step.values.get(match[1], f"{{{{{kept}}}}}")

    def _query(self) -> Iterator[Json]:
        """What is required or said by the step is sent; the rest can be switched on, but for comparisons like `__gte`."""
        for parameter in self.operation.parameters("query"):
            name, wanted = parameter["name"], self.operation.step.values
            is_sent = parameter.get("required") or name in wanted or name in PARAMETERS
            if "__" in name and not is_sent:
                continue
            value = wanted.get(name, PARAMETERS.get(name)) or self._examples.of(parameter["schema"])
            entry = {"key": name, "value": _text(value)}
            if about := parameter.get("description"):
                entry["description"] = about
            yield entry if is_sent else entry | {"value": "", "disabled": True}

    def _headers(self) -> Iterator[Json]:
        if kind := self._content_type():
            yield {"key": "Content-Type", "value": kind}
        for parameter in self.operation.parameters("header"):
            name = parameter["name"]
            values = {"Idempotency-Key": "{{$guid}}", "If-Match": f"{{{{{self._etag()}}}}}"}
            entry = {"key": name, "value": values.get(name, ""), "description": parameter["description"]}
            yield entry if name in values else entry | {"disabled": True}

    def _content_type(self) -> str | None:
        kinds = self.operation.spec.get("requestBody", {}).get("content", {})
        if self.operation.step.raw is not None:
            return "application/octet-stream"
        return "application/json" if "application/json" in kinds else None

    def _body(self) -> Json | None:
        kind, step = self._content_type(), self.operation.step
        if kind is None:
            return None
        if step.raw is not None:
            return {"mode": "raw", "raw": step.raw}
        value = step.body if step.body is not None else self._example_body()
        text = NUMBER.sub(r"{{\1}}", json.dumps(value, indent=2, ensure_ascii=False))
        return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}

    def _example_body(self) -> Any:
        content = self.operation.spec["requestBody"]["content"]["application/json"]
        example = content["example"] if "example" in content else self._examples.of(content["schema"])
        if self.operation.shape == "batch":
            return self._batch(example)
        is_row = self.operation.tag in CONTRACTS and isinstance(example, dict)
        return adapted(self.operation.tag, example, SINGLE) if is_row else example

    def _batch(self, example: Mapping[str, Any]) -> Json:
        """The rows of the batch; to be deleted are those that were made, and the single one."""
        ((member, entries),) = example.items()
        if self.operation.method == "delete":
            return {member: f"{{{{number:{self._kept()}_all}}}}"}
        if self.operation.tag not in CONTRACTS:
            return {member: entries}
        return {member: [adapted(self.operation.tag, entries[0], number) for number in BATCH]}

    def _test(self) -> list[str]:
        operation = self.operation
        wanted = [int(status) for status in operation.spec["responses"] if int(status) < 400]
        lines = scripts.status_test(wanted, operation.step.refusals) + scripts.keep(self._keeps())
        if self._matches and operation.method != "delete":
            lines += scripts.keep_etag(self._etag())
        return lines + (scripts.repeat_until(operation.step.until) if operation.step.until else [])

    def _keeps(self) -> dict[str, str]:
        """What others need of the answer: the name of what was made, or of the first that was found."""
        return self._keeps_by_itself() | dict(self.operation.step.keep)

    def _keeps_by_itself(self) -> dict[str, str]:
        operation, kept = self.operation, self._kept()
        if operation.shape == "batch" and operation.method == "post":
            one = f'decodeURIComponent(pm.collectionVariables.get("{kept}"))'
            return {f"{kept}_all": f"JSON.stringify([...answer.results.map((row) => row.key), {one}])"}
        is_source = operation.method == "post" or operation.path not in self._makers
        if operation.path != operation.resource or operation.method not in ("get", "post") or not is_source:
            return {}
        found = self._identifier(self._answer())
        return {kept: f"{found} && encodeURIComponent({found})"} if found else {}

    def _answer(self) -> Schema | None:
        for status, response in self.operation.spec["responses"].items():
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            if int(status) < 300 and schema:
                return self._examples.resolved(schema)
        return None

    def _identifier(self, schema: Schema | None) -> str | None:
        """Where the answer has what the path of one thing names."""
        if schema is None:
            return None
        properties = schema.get("properties", {})
        if "items" in properties:
            inside = self._identifier(self._examples.resolved(properties["items"]["items"]))
            return inside and inside.replace("answer", "answer.items[0]?", 1)
        name = next((name for name in (*self._names, *IDENTIFIERS) if name in properties), None)
        if name is not None:
            return f"answer.{name}"
        return "answer._record.key" if schema.get("additionalProperties") else None

    def _kept(self) -> str:
        return variable_of(self.operation.resource or self.operation.path)

    def _etag(self) -> str:
        return f"{self._kept()}_etag"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
