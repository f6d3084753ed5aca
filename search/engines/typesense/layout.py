"""How a passage looks in Typesense: names of collections, their schema, ids, and a row as a document."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import orjson

from search.domain import FIELDS, INDEXES, DocumentId, Field, Index, Kind, Stored
from search.engines.highlight import CLOSE, OPEN

SCHEMA = 2
"""Count it up with every change of `schema` or `document`: collections of another number are built anew."""
ABSENT = "absent"
"""Names the numbers and dates that a document lacks, which Typesense cannot ask for otherwise."""
VALUES = "values"
"""Holds the texts that a document is filtered by, as `value_key` writes them."""
LEFT_OUT = f"embedding,version,{ABSENT},{VALUES}"
"""The fields that are no part of an answer."""
GROUPED = "document"
"""The entity that has several passages: each of its hits stands for a group of them."""

_TYPES = {Kind.TEXT: "string", Kind.NUMBER: "int64", Kind.DATE: "int64"}
"""int32 wraps above its maximum without an error."""
_SEPARATORS = list("-_/.,:;'()+&@#")
_UNSHOWN = str.maketrans(dict.fromkeys((OPEN, CLOSE, "\x00"), " "))
_EPOCH = dt.date(1970, 1, 1)
_DAY = 86_400


def collection_name(prefix: str, index: Index, stamp: str) -> str:
    return f"{prefix}{index.alias}_v{SCHEMA}_{stamp}"


def stamp_of(prefix: str, name: str) -> str | None:
    """The stamp in a name of `collection_name`, of any layout; None for any other name."""
    aliases = "|".join(re.escape(index.alias) for index in INDEXES)
    found = re.fullmatch(rf"{re.escape(prefix)}(?:{aliases})_v\d+_(\d+)", name)
    return found[1] if found else None


def schema(index: Index, name: str, dims: int) -> dict[str, Any]:
    """The body of the request that makes a collection for `index`, whose embeddings have `dims` dimensions."""
    fields: list[dict[str, Any]] = [
        {"name": "entity_id", "type": "string", "sort": True, "facet": index.entity == GROUPED},
        {"name": "passage", "type": "int64"},
        {"name": "page", "type": "int64", "optional": True, "index": False},
        {"name": "title", "type": "string", "sort": True},
        {"name": "body", "type": "string"},
        {"name": "url", "type": "string", "optional": True, "index": False},
        {"name": "version", "type": "string", "optional": True, "index": False},
        {"name": ABSENT, "type": "string[]"},
        {"name": VALUES, "type": "string[]"},
        {"name": "embedding", "type": "float[]", "num_dim": dims, "optional": True},
        *map(_field, FIELDS[index.entity].values()),
    ]
    return {"name": name, "fields": fields, "token_separators": _SEPARATORS}


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "type": _TYPES[field.kind],
        "optional": True,
        "sort": True,
        "facet": field.is_facet,
    }


def document_key(address: DocumentId) -> str:
    """`entity:id:passage` in letters that need no escape in an address or a filter; plain ids stay as they are."""
    entity, entity_id, passage = address
    coded = quote(entity_id, safe="").replace("~", "%7E").replace("%", "~")
    return f"{entity}:{coded}:{passage}"


def value_key(name: str, value: str) -> str:
    """What a text of a field is filtered by: one word of letters and digits, the same for the very same text alone.

    The server itself compares texts word by word, without regard to case, accents and signs.
    """
    return f"{name}{hashlib.blake2b(value.encode(), digest_size=12).hexdigest()}".replace("_", "")


def address_of(key: str) -> DocumentId | None:
    """What `document_key` was made of; None for the id of a document that is none of ours."""
    entity, _, rest = key.partition(":")
    coded, _, passage = rest.rpartition(":")
    if entity not in FIELDS or not passage.isdecimal():
        return None
    return DocumentId(entity, unquote(coded.replace("~", "%")), int(passage))


def document(index: Index, row: Stored) -> bytes:
    """One line of an import."""
    known = FIELDS[index.entity]
    values = {**json.loads(row.facets), **json.loads(row.numbers), **json.loads(row.dates)}
    title = row.personal_title if index.is_personal else None
    body = row.personal_body if index.is_personal else None
    fields: dict[str, Any] = {
        "id": document_key(row.address),
        "entity_id": row.entity_id,
        "passage": row.passage,
        "title": shown(row.title if title is None else title),
        "body": shown(row.body if body is None else body),
        "url": row.url,
        "version": row.version,
        ABSENT: [name for name, field in known.items() if field.kind is not Kind.TEXT and name not in values],
        VALUES: [
            value_key(name, values[name])
            for name, field in known.items()
            if field.kind is Kind.TEXT and name in values
        ],
        **{name: stored(known[name], value) for name, value in values.items() if name in known},
    }
    if row.page is not None:
        fields["page"] = row.page
    if row.embedding is not None:
        fields["embedding"] = orjson.Fragment(row.embedding)
    return orjson.dumps(fields)


def shown(text: str) -> str:
    """Without the characters that mark a match."""
    return text.translate(_UNSHOWN)


def stored(field: Field, value: Any) -> str | int:
    """A value as the collection holds it: days as seconds since 1970."""
    if field.kind is Kind.DATE:
        return (dt.date.fromisoformat(value) - _EPOCH).days * _DAY
    return value  # type: ignore[no-any-return]


def given(field: Field, value: Any) -> Any:
    """A stored value as a reader gets it: days as YYYY-MM-DD, money in major units."""
    if field.kind is Kind.DATE:
        return (_EPOCH + dt.timedelta(seconds=value)).isoformat()
    return str(Decimal(value).scaleb(-field.decimals)) if field.decimals else value


def fields_given(entity: str, found: Mapping[str, Any]) -> dict[str, Any]:
    known = FIELDS[entity]
    return {name: given(field, found[name]) for name, field in known.items() if found.get(name) is not None}


def id_filters(keys: Sequence[str], most_characters: int = 2000) -> list[str]:
    """Filters that name all of `keys`, each short enough for an address: 4000 characters, of which it takes half."""
    filters: list[list[str]] = [[]]
    room = most_characters
    for key in keys:
        if len(key) + 3 > room and filters[-1]:
            filters.append([])
            room = most_characters
        filters[-1].append(f"`{key}`")
        room -= len(key) + 3
    return [f"id:[{','.join(some)}]" for some in filters if some]
