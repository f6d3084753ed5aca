"""Writing to Typesense, and looking after its collections and aliases."""

import base64
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from search.domain import Delivery, DocumentId, Index, Stored
from search.engines.typesense import layout
from search.engines.typesense.client import TypesenseClient
from search.errors import CollectionExists, CollectionMissing, EngineRejected, EngineUnavailable

SCHEMA = layout.SCHEMA
VERSION = "29"
"""From 30 on synonyms are elsewhere, and grouped searches lose what only the meaning found."""
_MOST_REASON_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class TypesenseIndex:
    """See `search.ports.IndexWriter` and `search.ports.IndexAdmin`. `prefix` begins the name of every collection.

    Embeddings have `dims` dimensions.
    """

    client: TypesenseClient
    prefix: str = ""
    dims: int

    # --- documents ---------------------------------------------------------------------------------------

    def write(self, collection: str, index: Index, rows: Sequence[Stored]) -> Delivery:
        if not rows:
            return Delivery()
        body = b"\n".join(layout.document(index, row) for row in rows)
        answers = self.client.ask_lines(
            "POST",
            f"{_path(collection)}/documents/import",
            # Values have the right type or are an error: what Typesense would make of them is nobody's intent.
            params={"action": "upsert", "dirty_values": "reject", "batch_size": "100"},
            content=body,
            headers={"Content-Type": "text/plain"},
        )
        if len(answers) != len(rows):
            raise EngineUnavailable(f"Typesense answered {len(answers)} lines to {len(rows)} documents.")
        told = [(row.address, _failure(line)) for row, line in zip(rows, answers, strict=True)]
        return Delivery({address: reason for address, reason in told if reason})

    def remove(self, collection: str, addresses: Sequence[DocumentId]) -> None:
        self.remove_keys(collection, [layout.document_key(address) for address in addresses])

    def remove_keys(self, collection: str, keys: Sequence[str]) -> None:
        for filter_by in layout.id_filters([key.replace("`", "") for key in keys]):
            self.client.ask("DELETE", f"{_path(collection)}/documents", params={"filter_by": filter_by})

    def versions(self, collection: str) -> Iterator[tuple[str, str]]:
        lines = self.client.stream_lines(
            f"{_path(collection)}/documents/export", {"include_fields": "id,version"}
        )
        for line in lines:
            found = _parsed(line)
            yield found.get("id", ""), found.get("version", "")

    def address_of(self, key: str) -> DocumentId | None:
        return layout.address_of(key)

    # --- collections -------------------------------------------------------------------------------------

    def name_for(self, index: Index, stamp: str) -> str:
        return layout.collection_name(self.prefix, index, stamp)

    def create(self, index: Index, collection: str) -> None:
        self.client.ask("POST", "/collections", json=layout.schema(index, collection, self.dims))

    def drop(self, collection: str) -> None:
        with suppress(CollectionMissing):
            self.client.ask("DELETE", _path(collection))

    def count(self, collection: str) -> int:
        return int(self.client.ask("GET", _path(collection))["num_documents"])

    def point(self, index: Index, collection: str) -> None:
        self.count(collection)  # an alias to nothing is accepted
        self.client.ask(
            "PUT", f"/aliases/{quote(self.alias(index), safe='')}", json={"collection_name": collection}
        )

    def release(self, index: Index) -> None:
        """Let queries go nowhere."""
        with suppress(CollectionMissing):
            self.client.ask("DELETE", f"/aliases/{quote(self.alias(index), safe='')}")

    def pointed(self, index: Index) -> str | None:
        try:
            return str(self.client.ask("GET", _path(self.alias(index)))["name"])
        except CollectionMissing:
            return None

    def unused(self) -> Sequence[tuple[str, str]]:
        aliased = {each["collection_name"] for each in self.client.ask("GET", "/aliases")["aliases"]}
        names = {each["name"] for each in self.client.ask("GET", "/collections")} - aliased
        stamps = {name: layout.stamp_of(self.prefix, name) for name in names}
        return [(name, stamp) for name, stamp in stamps.items() if stamp is not None]

    def alias(self, index: Index) -> str:
        return f"{self.prefix}{index.alias}"

    def define_synonyms(self, collection: str, groups: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        held = self.client.ask("GET", f"{_path(collection)}/synonyms").get("synonyms", [])
        for name in {each["id"] for each in held} - groups.keys():
            with suppress(CollectionMissing):
                self.client.ask("DELETE", _synonym(collection, name))
        told = {name: self._define(collection, name, words) for name, words in groups.items()}
        return {name: reason for name, reason in told.items() if reason}

    def _define(self, collection: str, name: str, words: Sequence[str]) -> str:
        """Why the server does not take the group; nothing if it does. Raises CollectionMissing."""
        try:
            self.client.ask("PUT", _synonym(collection, name), json={"synonyms": list(words)})
        except CollectionMissing:
            raise
        except EngineRejected as error:
            return error.message
        return ""

    # --- the server --------------------------------------------------------------------------------------

    def check(self) -> str:
        """Says in words what answers. Asks for what needs the key as well."""
        health = self.client.ask("GET", "/health", is_query=True)
        if not health.get("ok"):
            raise EngineUnavailable("Typesense says that it is not ready.")
        version = str(self.client.ask("GET", "/debug", is_query=True).get("version", "?"))
        told = f"Typesense {version} at {self.client.url}"
        return told if version.startswith(VERSION) else f"{told}, where version {VERSION} is expected"

    # --- keys of browsers --------------------------------------------------------------------------------

    def browser_key(self, secret: str, indexes: Sequence[Index], expires_at: int) -> str:
        """A key that a browser may have: it searches `indexes` until `expires_at` (seconds since 1970) and nothing else.

        It is made of a search key whose value follows from `secret` and from what it reaches, so that it is stored nowhere,
        and that it is another one where it reaches something else. Vectors never leave.
        """
        names = [f"^{self.alias(index)}(_v[0-9]+_[0-9]+)?$" for index in indexes]
        parent = hmac.new(secret.encode(), f"search key of browsers {names}".encode(), "sha256").hexdigest()
        self._allow(parent, names)
        rules = json.dumps({"exclude_fields": layout.LEFT_OUT, "expires_at": expires_at})
        digest = base64.b64encode(hmac.new(parent.encode(), rules.encode(), "sha256").digest()).decode()
        return base64.b64encode(f"{digest}{parent[:4]}{rules}".encode()).decode()

    def _allow(self, value: str, names: Sequence[str]) -> None:
        """Both the aliases and the collections behind them, whichever the server compares with the names of a key."""
        key = {
            "description": "lakehouse: searches of browsers",
            "actions": ["documents:search"],
            "collections": names,
            "value": value,
        }
        with suppress(CollectionExists):
            self.client.ask("POST", "/keys", json=key)


def _path(collection: str) -> str:
    return f"/collections/{quote(collection, safe='')}"


def _synonym(collection: str, name: str) -> str:
    return f"{_path(collection)}/synonyms/{quote(name, safe='')}"


def _failure(line: str) -> str:
    """Why a line of an import failed; nothing if it did not. A line that cannot be read is a broken answer."""
    answer = _parsed(line)
    if answer.get("success") is True:
        return ""
    return f"{answer.get('code', '')} {answer.get('error', 'no reason given')}".strip()[
        :_MOST_REASON_CHARACTERS
    ]


def _parsed(line: str) -> dict[str, Any]:
    try:
        answer = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise EngineUnavailable("Typesense broke off in the middle of an answer.") from error
    return answer if isinstance(answer, dict) else {}
