"""What can be searched and what a search answers. Pure: no Django, no database."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias


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

PERSONAL = ("user", "document")
"""Entities with texts that not every reader may see."""


class DocumentId(NamedTuple):
    """What names a passage everywhere."""

    entity: str
    entity_id: str
    passage: int


@dataclass(frozen=True)
class Index:
    """What a search server holds of an entity: as every reader sees it, or as those do who may see personal data.

    They are apart, so that no query of the one, whatever it asks, can reach the other.
    """

    entity: str
    is_personal: bool = False

    @property
    def alias(self) -> str:
        return f"{self.entity}_personal" if self.is_personal else self.entity


INDEXES = (*map(Index, ENTITIES), *(Index(entity, is_personal=True) for entity in PERSONAL))


def indexes_of(entity: str) -> tuple[Index, ...]:
    return tuple(index for index in INDEXES if index.entity == entity)


class Mode(StrEnum):
    """By words, by meaning, or by both."""

    KEYWORD = "keyword"
    SEMANTIC = "semantic"
    HYBRID = "hybrid"


class Fusion(StrEnum):
    """How a hybrid query makes one score of two: by what each of them says, or by the place that each of them gives."""

    WEIGHTED = "weighted"
    RANK = "rank"


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

    With `more`, records beyond these may match: words that are in many passages are ranked in some of them alone, and
    `count` and `facets` count those. `engine` answered; `degraded` says that it stood in for the configured one, and
    `reason` why.
    """

    hits: Sequence[Hit] = ()
    count: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    corrections: Mapping[str, str] = field(default_factory=dict)
    more: bool = False
    engine: str = ""
    degraded: bool = False
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an engine can do; callers may ask for it.

    `fusions`: the first one is what it does unasked. `corrections`: it tells which words it replaced. `exact_filters`: texts
    are compared letter by letter, not word by word. `synonyms`: it finds words that mean the same by the list of staff.
    `browser_keys`: browsers may ask it themselves.
    """

    engine: str
    modes: tuple[Mode, ...] = tuple(Mode)
    fusions: tuple[Fusion, ...]
    typos: bool = True
    facets: bool = True
    highlights: bool = True
    corrections: bool
    exact_filters: bool
    synonyms: bool
    browser_keys: bool


def digest_of(groups: Mapping[str, Sequence[str]]) -> str:
    """Tells whether groups of synonyms are the same; empty for none."""
    return _digest(repr(sorted((name, sorted(words)) for name, words in groups.items()))) if groups else ""


class Stored(NamedTuple):
    """A passage as its row holds it. `facets`, `numbers` and `dates` are JSON, and so is `embedding`.

    `embedding` is None where there is none, and where all of it is zero: that is no direction.
    """

    id: int
    entity: str
    entity_id: str
    passage: int
    page: int | None
    title: str
    body: str
    personal_title: str | None
    personal_body: str | None
    facets: str
    numbers: str
    dates: str
    url: str
    version: str
    embedding: str | None

    @property
    def address(self) -> DocumentId:
        return DocumentId(self.entity, self.entity_id, self.passage)


@dataclass(frozen=True)
class Delivery:
    """What became of passages sent to a search server: those it did not take, with its reason for each."""

    failures: Mapping[DocumentId, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Drift:
    """How an index of the search server differs from the rows. Changes that are still on their way do not count."""

    missing: tuple[DocumentId, ...] = ()
    extra: tuple[DocumentId, ...] = ()
    stale: tuple[DocumentId, ...] = ()
    unknown: tuple[str, ...] = ()
    compared: int = 0

    @property
    def counts(self) -> dict[str, int]:
        return {
            "missing": len(self.missing),
            "extra": len(self.extra) + len(self.unknown),
            "stale": len(self.stale),
        }

    def __bool__(self) -> bool:
        return any(self.counts.values())
