"""What the framework leaves out of the OpenAPI document: every error that an operation can answer, and examples.

Errors are derived from what an operation takes, so that no route has to list what all of its kind answer.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bronze.api.routes import ROW
from bronze.contracts import CONTRACTS
from lakehouse_project.kernel.problem import CONTENT_TYPE, title_of

Json = dict[str, Any]

JSON = "application/json"
BAD_REQUEST = 400
MEANINGS: Mapping[int, str] = {
    400: "A parameter that the operation does not know, a header or a body that cannot be read.",
    401: "No login, or one that is not good any more.",
    403: "The groups of the caller do not give the permission.",
    404: "There is no such thing.",
    409: "What is there does not allow it, or a request with this `Idempotency-Key` is being answered.",
    410: "It was there, and its bytes are gone.",
    411: "A body without its length.",
    412: "It has another revision than the one in `If-Match`.",
    413: "The body is too large.",
    415: "The body is of a type that the operation does not take.",
    416: "The file has no such part as `Range` asks for.",
    422: "It was understood and cannot be taken; `errors` names every field.",
    428: "The operation needs `If-Match`.",
    429: "Too many attempts or requests; `Retry-After` says when to come back.",
    500: "A fault on our side; the log has it under the id in `instance`.",
    503: "Something that is needed does not answer now; `Retry-After` says when to try again.",
    507: "The server has no room left on its disk.",
}
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


def finish(document: Json) -> None:
    """Complete the document in place."""
    login = _common_login(document)
    for path, method, operation in _operations(document):
        row = operation.pop(ROW, {})
        _parameters(operation)
        _errors(method, operation)
        _examples(operation, Examples(document, path), row)
        if operation.get("security") == login:
            del operation["security"]
        else:
            operation["security"] = []
    document["security"] = login
    document["components"]["responses"] = {
        _name(status): _problem(status) for status in sorted(_answered(document))
    }


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, method, operation."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method, operation


def _common_login(document: Json) -> list[Json]:
    return next(found for *_, each in _operations(document) if (found := each.get("security")))


def _parameters(operation: Json) -> None:
    """What the parameter says itself is not said by its schema again."""
    for parameter in operation["parameters"]:
        repeated = {"title", "description"} & parameter["schema"].keys()
        parameter["schema"] = {
            name: value for name, value in parameter["schema"].items() if name not in repeated
        }


# --- errors -------------------------------------------------------------------------------------------------------


def _errors(method: str, operation: Json) -> None:
    responses = operation["responses"]
    declared = {int(status) for status in responses if int(status) >= BAD_REQUEST}
    for status in list(responses):
        if int(status) in declared:
            del responses[status]
    for status in sorted(declared | set(_derived(method, operation))):
        responses[status] = {"$ref": f"#/components/responses/{_name(status)}"}


def _derived(method: str, operation: Json) -> Iterator[int]:
    """What an operation can answer for what it takes."""
    yield from (400, 500, 503)
    if operation.get("security"):
        yield from (401, 403, 429)
    places = {(each["in"], each["name"]) for each in operation["parameters"]}
    if any(place == "path" for place, _ in places):
        yield 404
    if any(place in ("path", "query") for place, _ in places):
        yield 422
    if ("header", "Idempotency-Key") in places:
        yield from (409, 422)
    if ("header", "If-Match") in places:
        yield 412
    if "requestBody" in operation:
        yield from (411, 413, 415, 422)
    if method != "get":
        yield 507


def _answered(document: Json) -> set[int]:
    statuses = {int(status) for *_, each in _operations(document) for status in each["responses"]}
    return {status for status in statuses if status >= BAD_REQUEST}


def _name(status: int) -> str:
    return title_of(status).replace(" ", "")


def _problem(status: int) -> Json:
    example = {
        "type": "urn:lakehouse:problem:…",
        "title": title_of(status),
        "status": status,
        "detail": MEANINGS[status],
        "code": "…",
        "instance": "urn:uuid:3f0c6f0e-6f1b-4a55-9a7e-2b9a3f1d8c11",
        "errors": [],
    }
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": MEANINGS[status],
        "content": {CONTENT_TYPE: {"schema": schema, "example": example}},
    }


# --- examples -----------------------------------------------------------------------------------------------------


def _examples(operation: Json, examples: "Examples", row: Json) -> None:
    """One for the body of the request, and one for each good answer."""
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    answers = [each for status, each in operation["responses"].items() if int(status) < BAD_REQUEST]
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
        self._components = document["components"]["schemas"]
        self._path = path
        self._free = free or {}

    def showing(self, free: Json) -> "Examples":
        return Examples(self._document, self._path, free)

    def of(self, schema: Json, name: str = "", depth: int = 0) -> Any:
        """A value of `schema`, the field `name` of something: as it says itself, else as contracts have such a field."""
        schema = self._resolved(schema)
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

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self._components[schema["$ref"].rsplit("/", 1)[-1]]
        return schema
