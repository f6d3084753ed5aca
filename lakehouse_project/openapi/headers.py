"""The headers of answers: declared once among the components, and derived for each answer from what it is.

One that is `required` comes with every answer that has it here; the others when there is something to say.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lakehouse_project.openapi.document import JSON, Json, good_answers, resolved

TEXT: Mapping[str, str] = {"type": "string"}


def _header(description: str, example: Any, *, required: bool = False, **schema: Any) -> Json:
    return {
        "description": description,
        "schema": schema or dict(TEXT),
        "example": example,
        **({"required": True} if required else {}),
    }


HEADERS: Json = {
    "X-Request-ID": _header(
        "The id of the request: `instance` of a problem has it, and so has the log.",
        "3f0c6f0e-6f1b-4a55-9a7e-2b9a3f1d8c11",
        required=True,
        type="string",
        format="uuid",
    ),
    "RateLimit-Policy": _header(
        "The limit that the request counts towards: `q` in `w` seconds.", '"reads";q=1200;w=60'
    ),
    "RateLimit": _header(
        "What is left of it (`r`), and in how many seconds there is more (`t`).", '"reads";r=1199;t=60'
    ),
    "ETag": _header("The revision of the record: what `If-Match` compares with.", '"3"', required=True),
    "Location": _header(
        "Where to go on: at what was created, what became of the request, or its result.",
        "/api/v1/operations/7f3d1e7a-52f5-4f0f-9d3c-6f8c1f6a2b10",
    ),
    "Retry-After": _header("Seconds until it is worth asking again.", 1, type="integer", minimum=0),
    "WWW-Authenticate": _header(
        "The ways to log in.",
        'Token realm="lakehouse", Bearer realm="lakehouse", Basic realm="lakehouse"',
        required=True,
    ),
    "Idempotency-Replayed": _header(
        "The answer is the one that was given to the same request before.", "true", enum=["true"]
    ),
    "Link": _header('`rel="next"`: the address of what follows.', '</api/v2/runs?cursor=…>; rel="next"'),
    "Deprecation": _header(
        "Since when it is deprecated: seconds since 1970 (RFC 9745).", "@1767225600", required=True
    ),
    "Sunset": _header("The day from which it may be gone (RFC 8594).", "Fri, 01 Jan 2027 00:00:00 GMT"),
    "Content-Disposition": _header("The name of the file.", 'attachment; filename="users.csv"'),
    "Accept-Ranges": _header("A part of the file can be asked for.", "bytes", enum=["bytes"]),
    "Content-Range": _header(
        "Which bytes these are, and how many there are in all.", "bytes 0-99/2048", required=True
    ),
    "Cache-Control": _header(
        "Nobody keeps an answer with a secret.", "no-store", required=True, enum=["no-store"]
    ),
}

EVERYWHERE = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
OF_STATUS: Mapping[int, tuple[str, ...]] = {
    202: ("Location", "Retry-After"),
    206: ("Accept-Ranges", "Content-Range"),
    303: ("Location",),
    401: ("WWW-Authenticate",),
    409: ("Location", "Retry-After"),
    416: ("Content-Range",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
OK, CREATED, NO_CONTENT, PARTIAL, SEE_OTHER = 200, 201, 204, 206, 303
SECRET = ("JwtPair", "IssuedToken")
"""Schemas of answers with what opens a door."""


def add_headers(document: Json, path: str, operation: Json, *, is_record: bool) -> None:
    """To the good answers of the operation at `path`. `is_record`: it answers records of a data set."""
    of_all = set(_of_operation(operation))
    statuses = {int(status) for status in operation["responses"]}
    for status, answer in good_answers(operation):
        found = of_all | set(_of_content(answer))
        if is_record and status != NO_CONTENT and _is_one(document, answer):
            found.add("ETag")
        if status == CREATED and any(
            _is_of(path, each) and "get" in document["paths"][each] for each in document["paths"]
        ):
            found.add("Location")
        if status == OK and SEE_OTHER in statuses:
            found.add("Retry-After")
        if status == OK and PARTIAL in statuses:
            found.add("Accept-Ranges")
        with_headers(answer, status, found)


def with_headers(answer: Json, status: int, more: Iterable[str] = ()) -> Json:
    """The answer with those of its status, and `more`."""
    wanted = {*EVERYWHERE, *OF_STATUS.get(status, ()), *more}
    answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in HEADERS if name in wanted}
    return answer


def _of_operation(operation: Json) -> Iterator[str]:
    """What follows from what an operation takes, and how long it is there."""
    names = {each["name"] for each in operation["parameters"]}
    if "Idempotency-Key" in names:
        yield "Idempotency-Replayed"
    if "cursor" in names:
        yield "Link"
    if operation.get("deprecated"):
        yield from ("Deprecation", "Sunset", "Link")


def _of_content(answer: Json) -> Iterator[str]:
    """What follows from what an answer holds."""
    content = answer.get("content", {})
    if any(media["schema"].get("format") == "binary" for media in content.values()):
        yield "Content-Disposition"
    if content.get(JSON, {}).get("schema", {}).get("$ref", "").endswith(SECRET):
        yield "Cache-Control"


def _is_of(path: str, other: str) -> bool:
    """Whether `other` is the address of one of the things at `path`."""
    return other.startswith(f"{path}/{{") and other.endswith("}") and other.count("/") == path.count("/") + 1


def _is_one(document: Json, answer: Json) -> bool:
    """Whether it is one thing, and not a list of some."""
    schema = resolved(document, answer.get("content", {}).get(JSON, {}).get("schema", {}))
    return "items" not in schema.get("properties", {})
