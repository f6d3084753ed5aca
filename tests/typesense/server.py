"""The stand-in over HTTP, with faults to order."""

import base64
import hmac
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.typesense.filtering import FilterError, compiled
from tests.typesense.searching import SearchError, search

KEY = "stand-in-key"
_WRONG_KEY = "Forbidden - a valid `x-typesense-api-key` header must be sent."


@dataclass
class Collection:
    schema: dict[str, Any]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    synonyms: dict[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.schema["fields"]}


@dataclass
class State:
    """What the server holds, and how it shall misbehave.

    `fault`: `reset` closes the connection, `half` breaks off in the middle of an answer, `slow` answers after `resume` is
    set, a number is the status of every answer. `faulty_paths` narrows it to addresses with that text. `refused`: texts
    that make a document fail. `after` counts down requests until the fault begins.
    """

    collections: dict[str, Collection] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    version: str = "29.0"
    keys: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    fault: str | int | None = None
    faulty_paths: str = ""
    after: int = 0
    refused: set[str] = field(default_factory=set)
    resume: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def fault_of(self, path: str) -> str | int | None:
        if self.fault is None or self.faulty_paths not in path:
            return None
        if self.after > 0:
            self.after -= 1
            return None
        return self.fault

    def collection(self, name: str) -> Collection:
        found = self.collections.get(self.aliases.get(name, name))
        if found is None:
            raise SearchError(404, "Not Found")
        return found

    def of(self, alias: str) -> dict[str, dict[str, Any]]:
        """The documents behind an alias, by id."""
        return self.collection(alias).documents


@dataclass(frozen=True)
class Rules:
    """Of a scoped search key: the collections of the key it was made of, and what it embeds."""

    collections: list[str]
    left_out: str

    def reaches(self, name: str) -> bool:
        return any(re.fullmatch(pattern, name) for pattern in self.collections)


def scoped(state: State, key: str, request: str) -> Rules | None:
    """None for a key that is none, is worn out, or is used for something else than searching."""
    try:
        plain = base64.b64decode(key, validate=True).decode()
        rules = json.loads(plain[48:])
    except ValueError:
        return None
    for parent in (known for known in state.keys if known["value"].startswith(plain[44:48])):
        digest = hmac.new(parent["value"].encode(), plain[48:].encode(), "sha256").digest()
        is_right = base64.b64encode(digest).decode() == plain[:44] and parent["actions"] == [
            "documents:search"
        ]
        if is_right and rules["expires_at"] > time.time() and request == "POST /multi_search":
            return Rules(parent["collections"], rules["exclude_fields"])
    return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    state: State

    def log_message(self, *_: Any) -> None:
        """Tests read what was asked from the state."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = urlsplit(self.path).path
        fault = self.state.fault_of(self.path)
        if fault == "reset":
            self.close_connection = True
            self.connection.close()
            return
        if fault == "slow":
            self.state.resume.wait(30)
        if isinstance(fault, int):
            self._send(fault, {"message": "Not Ready or Lagging"})
            return
        with self.state.lock:
            self.state.requests.append((method, self.path, body))
            status, answer = self._routed(method, path, body)
        self._send(status, answer, is_half=fault == "half")

    def _routed(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        key = self.headers.get("X-TYPESENSE-API-KEY", "")
        if path == "/health" or key == KEY:
            return self._served(method, path, body)
        rules = scoped(self.state, key, f"{method} {path}")
        return self._allowed_searches(rules, body) if rules else (401, {"message": _WRONG_KEY})

    def _served(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "GET" and len(self.path) > 4000:
            return 400, {
                "message": "Query string exceeds max allowed length of 4000. Use the /multi_search end-point."
            }
        params = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
        for pattern, route in ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                try:
                    return route(self.state, *map(unquote, found.groups()), params=params, body=body)
                except SearchError as error:
                    return error.status, {"message": str(error)}
                except json.JSONDecodeError:
                    return 400, {"message": "Bad JSON."}
        return 404, {"message": "Not Found"}

    def _allowed_searches(self, rules: "Rules", body: bytes) -> tuple[int, Any]:
        """What a key embeds outweighs what the search says; a collection that it does not reach is a 401."""
        searches = [{**each, "exclude_fields": rules.left_out} for each in json.loads(body)["searches"]]
        if not all(rules.reaches(each["collection"]) for each in searches):
            return 401, {"message": _WRONG_KEY}
        return _multi_search(self.state, body=json.dumps({"searches": searches}).encode())

    def _send(self, status: int, answer: Any, *, is_half: bool = False) -> None:
        content = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if is_half else content)
        self.close_connection = is_half


def _create(state: State, *, body: bytes, **_: Any) -> tuple[int, Any]:
    schema = json.loads(body)
    if schema["name"] in state.collections:
        return 409, {"message": f"A collection with name `{schema['name']}` already exists."}
    state.collections[schema["name"]] = Collection(schema)
    return 201, {**schema, "num_documents": 0}


def _described(state: State, name: str, **_: Any) -> tuple[int, Any]:
    found = state.collection(name)
    return 200, {**found.schema, "num_documents": len(found.documents)}


def _drop(state: State, name: str, **_: Any) -> tuple[int, Any]:
    if name not in state.collections:
        return 404, {"message": f"No collection with name `{name}` found."}
    return 200, state.collections.pop(name).schema


def _import(state: State, name: str, *, body: bytes, params: dict[str, str], **_: Any) -> tuple[int, Any]:
    collection = state.collection(name)
    lines = body.decode().split("\n") if body else []
    return 200, "\n".join(json.dumps(_imported(state, collection, line, params)) for line in lines)


def _imported(state: State, collection: Collection, line: str, params: dict[str, str]) -> dict[str, Any]:
    """`create` unless another action is named, and numbers that are texts are taken unless that is refused."""
    try:
        document = json.loads(line)
    except json.JSONDecodeError:
        return {"code": 400, "error": "Bad JSON: [json.exception.parse_error.101]", "success": False}
    if not params.get("dirty_values", "coerce_or_reject").startswith(("reject", "drop")):
        document = _coerced(collection, document)
    if reason := _unfit(state, collection, document):
        return {"code": 400, "error": reason, "success": False}
    if params.get("action", "create") == "create" and document["id"] in collection.documents:
        return {
            "code": 409,
            "error": f"A document with id {document['id']} already exists.",
            "success": False,
        }
    collection.documents[document["id"]] = document
    return {"success": True}


def _coerced(collection: Collection, document: dict[str, Any]) -> dict[str, Any]:
    numbers = [name for name, known in collection.fields.items() if known["type"] == "int64"]
    texts = {name: document[name] for name in numbers if isinstance(document.get(name), str)}
    return {**document, **{name: int(text) for name, text in texts.items() if text.isdecimal()}}


def _unfit(state: State, collection: Collection, document: dict[str, Any]) -> str:
    if not isinstance(document.get("id"), str):
        return "Document's `id` field should be a string."
    if any(text in json.dumps(document, ensure_ascii=False) for text in state.refused):
        return "Field `title` must be a string."
    for name, known in collection.fields.items():
        if name not in document:
            if not known.get("optional"):
                return f"Field `{name}` has been declared in the schema, but is not found in the document."
            continue
        value = document[name]
        expected = {"string": str, "int64": int, "string[]": list, "float[]": list}[known["type"]]
        if not isinstance(value, expected):
            return f"Field `{name}` must be of type {known['type']}."
        if "num_dim" in known and len(value) != known["num_dim"]:
            return f"Field `{name}` must have {known['num_dim']} dimensions."
    return ""


def _export(state: State, name: str, *, params: dict[str, str], **_: Any) -> tuple[int, Any]:
    wanted = params.get("include_fields", "").split(",")
    documents = state.collection(name).documents.values()
    return 200, "\n".join(
        json.dumps({key: value for key, value in document.items() if wanted == [""] or key in wanted})
        for document in documents
    )


def _delete_by_filter(state: State, name: str, *, params: dict[str, str], **_: Any) -> tuple[int, Any]:
    collection = state.collection(name)
    try:
        goes = compiled(params["filter_by"], {key: each["type"] for key, each in collection.fields.items()})
    except FilterError as error:
        return 400, {"message": str(error)}
    gone = [key for key, document in collection.documents.items() if goes(document)]
    for key in gone:
        del collection.documents[key]
    return 200, {"num_deleted": len(gone)}


def _put_alias(state: State, name: str, *, body: bytes, **_: Any) -> tuple[int, Any]:
    """To a collection that does not exist, too."""
    state.aliases[name] = json.loads(body)["collection_name"]
    return 200, {"name": name, "collection_name": state.aliases[name]}


def _get_alias(state: State, name: str, **_: Any) -> tuple[int, Any]:
    if name not in state.aliases:
        return 404, {"message": "Not Found"}
    return 200, {"name": name, "collection_name": state.aliases[name]}


def _aliases(state: State, **_: Any) -> tuple[int, Any]:
    aliases = [{"name": name, "collection_name": leads_to} for name, leads_to in state.aliases.items()]
    return 200, {"aliases": aliases}


def _collections(state: State, **_: Any) -> tuple[int, Any]:
    return 200, [_described(state, name)[1] for name in state.collections]


def _drop_alias(state: State, name: str, **_: Any) -> tuple[int, Any]:
    if name not in state.aliases:
        return 404, {"message": "Not Found"}
    return 200, {"name": name, "collection_name": state.aliases.pop(name)}


def _multi_search(state: State, *, body: bytes, **_: Any) -> tuple[int, Any]:
    searches = json.loads(body)["searches"]
    if len(searches) > 50:
        return 400, {"message": "Number of multi searches exceeds `limit_multi_searches` (50)."}
    return 200, {"results": [_one_search(state, asked) for asked in searches]}


def _one_search(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        collection = state.collection(asked["collection"])
        groups = [each["synonyms"] for each in collection.synonyms.values()]
        return search(list(collection.documents.values()), collection.fields, asked, groups)
    except SearchError as error:
        return {"code": error.status, "error": str(error)}


def _synonyms(state: State, name: str, **_: Any) -> tuple[int, Any]:
    held = state.collection(name).synonyms
    return 200, {"synonyms": [{"id": key, "root": "", **words} for key, words in held.items()]}


def _put_synonym(state: State, name: str, synonym: str, *, body: bytes, **_: Any) -> tuple[int, Any]:
    state.collection(name).synonyms[synonym] = json.loads(body)
    return 200, {"id": synonym, **json.loads(body)}


def _drop_synonym(state: State, name: str, synonym: str, **_: Any) -> tuple[int, Any]:
    if state.collection(name).synonyms.pop(synonym, None) is None:
        return 404, {"message": "Could not find that `id`."}
    return 200, {"id": synonym}


def _create_key(state: State, *, body: bytes, **_: Any) -> tuple[int, Any]:
    key = json.loads(body)
    if any(known["value"] == key["value"] for known in state.keys):
        return 409, {"message": "API key generation conflict."}
    state.keys.append(key)
    return 201, {"id": len(state.keys), **key}


NAME = r"([^/]+)"
ROUTES = (
    (r"GET /health", lambda _state, **_: (200, {"ok": True})),
    (r"GET /debug", lambda state, **_: (200, {"state": 1, "version": state.version})),
    (r"POST /collections", _create),
    (r"GET /collections", _collections),
    (rf"GET /collections/{NAME}", _described),
    (rf"DELETE /collections/{NAME}", _drop),
    (rf"POST /collections/{NAME}/documents/import", _import),
    (rf"GET /collections/{NAME}/documents/export", _export),
    (rf"DELETE /collections/{NAME}/documents", _delete_by_filter),
    (rf"GET /collections/{NAME}/synonyms", _synonyms),
    (rf"PUT /collections/{NAME}/synonyms/{NAME}", _put_synonym),
    (rf"DELETE /collections/{NAME}/synonyms/{NAME}", _drop_synonym),
    (r"GET /aliases", _aliases),
    (rf"PUT /aliases/{NAME}", _put_alias),
    (rf"GET /aliases/{NAME}", _get_alias),
    (rf"DELETE /aliases/{NAME}", _drop_alias),
    (r"POST /multi_search", _multi_search),
    (r"POST /keys", _create_key),
)


@dataclass(frozen=True)
class StandIn:
    url: str
    state: State


@contextmanager
def running() -> Iterator[StandIn]:
    """A server on a port of its own."""
    state = State()
    handler = type("StandInHandler", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield StandIn(f"http://127.0.0.1:{server.server_port}", state)
    finally:
        state.resume.set()
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """Nothing listens there: a connection is refused."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
