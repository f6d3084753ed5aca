"""What can be searched and what a search answers. Pure: no Django, no database."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

DIMENSIONS = 256
"""Length of an embedding, in the index as well."""


class Kind(StrEnum):
    """How the values of a field are stored and compared."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True)
class Field:
    """A field that filters and sorts; `is_facet` if its values are worth counting.

    A number is stored as a whole number of units of 10 ** -`decimals`: money in minor units.
    """

    name: str
    kind: Kind = Kind.TEXT
    is_facet: bool = True
    decimals: int = 0


def _fields(*fields: Field) -> Mapping[str, Field]:
    return MappingProxyType({each.name: each for each in fields})


_CREATED = Field("created_at", Kind.DATE, is_facet=False)

FIELDS: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {
        "user": _fields(Field("city"), Field("country"), Field("employer"), Field("job"), _CREATED),
        "product": _fields(
            Field("category"), Field("currency"), Field("price", Kind.NUMBER, is_facet=False, decimals=2)
        ),
        "job": _fields(),
        "department": _fields(),
        "employer": _fields(),
        "document": _fields(
            Field("format"),
            Field("user_id", is_facet=False),
            Field("pages", Kind.NUMBER, is_facet=False),
            _CREATED,
        ),
    }
)
"""The indexed fields of each entity. Nothing else can be named in a filter, a facet or a sort."""

ENTITIES = tuple(FIELDS)


class Mode(StrEnum):
    """By words, by meaning, or by both."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"


Matched: TypeAlias = Literal["keyword", "meaning", "both", "filter"]
"""Why a hit was found; by the filter alone where nothing was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A passage to be indexed. `meaning` is the text that is embedded; empty where nothing may be."""

    entity: str
    entity_id: str
    passage: int = 0
    page: int | None = None
    title: str
    body: str = ""
    personal_title: str | None = None
    personal_body: str | None = None
    meaning: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def version(self, embedder_id: str) -> str:
        """Hash of everything that a reader or a filter can meet, and of what made the embedding."""
        parts = (
            *(self.page, self.title, self.body, self.personal_title, self.personal_body, self.url),
            *(sorted(values.items()) for values in (self.facets, self.numbers, self.dates)),
            self.meaning_hash(embedder_id),
        )
        return _digest(repr(parts))

    def meaning_hash(self, embedder_id: str) -> str:
        return _digest(f"{embedder_id}\n{self.meaning}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Stamp:
    """What the index holds of a passage, to tell what has changed."""

    version: str
    embedded_hash: str


@dataclass(frozen=True)
class Projected:
    """Passages by what became of them, and how many of them had to be embedded."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    embedded: int = 0

    @property
    def total(self) -> int:
        """Passages looked at."""
        return self.written + self.unchanged + self.removed

    def __add__(self, other: "Projected") -> "Projected":
        return Projected(
            self.written + other.written,
            self.unchanged + other.unchanged,
            self.removed + other.removed,
            self.embedded + other.embedded,
        )

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)


@dataclass(frozen=True)
class Explanation:
    """Where a score comes from: the rank by words, the cosine of the meanings, and what each added."""

    keyword: float | None = None
    meaning: float | None = None
    from_keyword: float = 0.0
    from_meaning: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One found entity, with its best passage. `highlight` and `title_html` are escaped HTML with `<mark>`."""

    entity: str
    entity_id: str
    title: str
    title_html: str
    snippet: str
    highlight: str
    url: str
    passage: int
    page: int | None
    fields: Mapping[str, Any]
    score: float
    matched: Matched
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class Found:
    """One page of hits. `corrections` maps words as asked to the words that were searched instead.

    `engine` answered; `degraded` says that it stood in for the configured one.
    """

    hits: Sequence[Hit] = ()
    count: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corrections: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    degraded: bool = False


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do; callers see it in the answer."""

    engine: str
    modes: tuple[Mode, ...]
    typos: bool
    facets: bool
    highlights: bool
