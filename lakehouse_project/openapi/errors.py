"""Every error that an operation can answer, derived from what it takes: no route has to list what all of its kind answer."""

from collections.abc import Iterator, Mapping

from lakehouse_project.kernel.problem import CONTENT_TYPE, title_of
from lakehouse_project.openapi.document import BAD_REQUEST, Json, operations

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


def errors(method: str, operation: Json) -> None:
    responses = operation["responses"]
    declared = {int(status) for status in responses if int(status) >= BAD_REQUEST}
    for status in list(responses):
        if int(status) in declared:
            del responses[status]
    for status in sorted(declared | set(_derived(method, operation))):
        responses[status] = {"$ref": f"#/components/responses/{name_of(status)}"}


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


def answered(document: Json) -> set[int]:
    statuses = {int(status) for *_, each in operations(document) for status in each["responses"]}
    return {status for status in statuses if status >= BAD_REQUEST}


def name_of(status: int) -> str:
    return title_of(status).replace(" ", "")


def problem_answer(status: int) -> Json:
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
