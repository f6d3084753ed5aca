"""What the search route takes and gives."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, create_model

from lakehouse_project.kernel.slices import LONGEST_CURSOR
from search.domain import ENTITIES, FIELDS, Fusion, Kind, Matched, Mode
from search.query import (
    COMPARISONS,
    MAX_CHARACTERS,
    MAX_PAGE_SIZE,
    QueryBuilder,
    SearchQuery,
    entity_named,
    fields_of,
)
from search.tree import FilterIn, to_filter

PERMISSION = "search.view_searchdocument"

_FIELDS = fields_of(ENTITIES)


class Asked(Schema):
    """What is searched, without entities and filters."""

    q: str = Field(
        "",
        max_length=MAX_CHARACTERS,
        description='Words; `"a phrase"` must occur, `-word` must not. Empty: everything.',
    )
    mode: Mode = Field(Mode.HYBRID, description="By words, by meaning, or both.")
    fusion: Fusion | None = Field(
        None,
        description="What both make together: their scores, or their ranks. None: as the engine does it.",
    )
    facets: list[str] | None = Field(None, description="Fields to count. None: all facets; `none`: no facet.")
    sort: list[str] = Field([], description="Fields, `-` in front for descending; `relevance` otherwise.")
    highlight: bool = True


class PageOfHits(Schema):
    """Which hits: version 1."""

    page: int = Field(1, ge=1)
    page_size: int = Field(20, ge=1, le=MAX_PAGE_SIZE)


class Parameters(Asked, PageOfHits):
    """The query string of version 1 without entities and filters."""


class HitsQuery(Schema):
    """Which hits: version 2. They are ranked anew for each answer, and counted anyway."""

    cursor: str | None = Field(
        None,
        max_length=LONGEST_CURSOR,
        description="Where to go on: as `next` of the last answer has it, with everything else the same.",
    )
    limit: int = Field(20, ge=1, le=MAX_PAGE_SIZE)

    @property
    def with_count(self) -> bool:
        return True


def _filters() -> Iterator[tuple[str, Any]]:
    """A parameter for each value and comparison that a field can be filtered by."""
    for name, known in _FIELDS.items():
        owners = ", ".join(entity for entity in ENTITIES if name in FIELDS[entity])
        yield (
            name,
            (Annotated[list[str], Field(description=f"Of {owners}. Repeated: any of the values.")], []),
        )
        if known.kind is not Kind.TEXT:
            for comparison in COMPARISONS:
                yield (
                    f"{name}__{comparison}",
                    (Annotated[str | None, Field(description=f"Of {owners}.")], None),
                )


EntityParameters: Any = create_model("EntityParameters", __base__=Parameters, **dict(_filters()))
"""The query string of the route of one entity, as OpenAPI shows it."""

EntitySlice: Any = create_model("EntitySlice", __base__=(Asked, HitsQuery), **dict(_filters()))

_EVERYWHERE = Field(description=f"{', '.join(ENTITIES)}; repeated or with commas. None: all.")
_ENTITIES: Any = (Annotated[list[str], _EVERYWHERE], [])
FilterParameters: Any = create_model("FilterParameters", __base__=EntityParameters, entity=_ENTITIES)
"""The query string of the route of all entities."""

FilterSlice: Any = create_model("FilterSlice", __base__=EntitySlice, entity=_ENTITIES)


def on_page(given: Any, schema: Any, page: int, size: int) -> Any:
    """What version 2 asks for, as the `schema` of version 1."""
    asked = given.model_dump(exclude=set(HitsQuery.model_fields), exclude_unset=True, by_alias=True)
    return schema.model_validate(asked | {"page": page, "page_size": size})


class SimilarLimit(Schema):
    """How many similar records at most."""

    limit: int = Field(10, ge=1, le=50)


SimilarParameters: Any = create_model("SimilarParameters", __base__=SimilarLimit, **dict(_filters()))
"""The query string of the route of similar records."""


def to_similar(entity: str, key: str, parameters: Any, *, is_personal_shown: bool) -> SearchQuery:
    """As `to_query`. Raises NoSuchRecord for an entity that there is not."""
    builder = QueryBuilder().like(entity, key, parameters.limit).personal(is_shown=is_personal_shown)
    return _filtered(builder, parameters.model_dump()).build()


def to_query(parameters: Any, *, is_personal_shown: bool) -> SearchQuery:
    """Raises UnknownField for a field that the searched entities do not have, InvalidInput for a value of another kind."""
    builder = _unfiltered(parameters, is_personal_shown=is_personal_shown)
    return _filtered(builder, parameters.model_dump()).build()


def to_query_of(entity: str, parameters: Any, *, is_personal_shown: bool) -> SearchQuery:
    """As `to_query`. Raises NoSuchRecord for an entity that there is not."""
    given = FilterParameters.model_validate(parameters.model_dump() | {"entity": [entity_named(entity)]})
    return to_query(given, is_personal_shown=is_personal_shown)


def _unfiltered(parameters: Any, *, is_personal_shown: bool) -> QueryBuilder:
    builder = (
        QueryBuilder()
        .entities(_listed(parameters.entity))
        .text(parameters.q)
        .mode(parameters.mode)
        .fusion(parameters.fusion)
        .page(parameters.page, parameters.page_size)
        .sort(_listed(parameters.sort))
        .highlight(wanted=parameters.highlight)
        .personal(is_shown=is_personal_shown)
    )
    return builder.all_facets() if parameters.facets is None else builder.facets(_facets(parameters.facets))


EXAMPLE: Any = {
    "q": "running shoe",
    "entity": ["product"],
    "filter": {
        "and": [{"eq": {"field": "category", "value": "Shoes"}}, {"range": {"field": "price", "lte": 100}}]
    },
}


class TreeIn(Asked):
    """As the parameters of the GET route, with any filter."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    entity: list[str] = Field([])
    filter: FilterIn | None = None


class SearchIn(TreeIn, PageOfHits):
    """As in version 1, where the body says which page."""


def asked_by(body: SearchIn, *, is_personal_shown: bool) -> SearchQuery:
    """As `to_query`."""
    builder = _unfiltered(body, is_personal_shown=is_personal_shown)
    return (builder.where(to_filter(builder, body.filter)) if body.filter else builder).build()


def _filtered(builder: QueryBuilder, given: Mapping[str, Any]) -> QueryBuilder:
    for name in _FIELDS:
        if given[name]:
            builder = builder.equals(name, given[name])
        for comparison in COMPARISONS:
            if (bound := given.get(f"{name}__{comparison}")) is not None:
                builder = builder.compares(name, comparison, bound)
    return builder


def _listed(values: Iterable[str]) -> list[str]:
    return [part.strip() for each in values for part in each.split(",") if part.strip()]


def _facets(values: Iterable[str]) -> Sequence[str]:
    names = _listed(values)
    return [] if names == ["none"] else names


class ExplanationOut(Schema):
    """Rank by words and cosine of the meanings, and what each of them adds to the score."""

    keyword: float | None
    meaning: float | None
    from_keyword: float
    from_meaning: float


class HitOut(Schema):
    """A found entity. `title_html` and `highlight` are escaped HTML with the matches between `<mark>`."""

    entity: str
    entity_id: str
    title: str
    title_html: str
    snippet: str
    highlight: str
    url: str
    passage: int
    page: int | None
    fields: dict[str, Any]
    score: float
    matched: Matched
    explanation: ExplanationOut


class SearchOut(Schema):
    """One page. With `more`, further records may match: words that are in thousands of passages are ranked in those that
    promise most, and `count` and `facets` count these. More words or a filter, or a sort by a field, find the others.

    `degraded` says that another engine than the configured one had to answer, `reason` why.
    """

    items: list[HitOut]
    count: int
    more: bool
    facets: dict[str, dict[str, int]]
    corrections: dict[str, str]
    mode: Mode
    engine: str
    degraded: bool
    reason: str
    took_ms: float


class SearchSliceOut(SearchOut):
    """Some hits. `next`: the address of those that follow, null at the end."""

    next: str | None


class SimilarOut(Schema):
    """The likest first, each with where its score comes from. `degraded` and `reason` as in a search."""

    items: list[HitOut]
    engine: str
    degraded: bool
    reason: str
    took_ms: float


class CapabilitiesOut(Schema):
    """What the engine that answers now can do."""

    engine: str
    modes: list[Mode]
    fusions: list[Fusion]
    typos: bool
    facets: bool
    highlights: bool
    corrections: bool
    exact_filters: bool
    synonyms: bool
    browser_keys: bool


class EngineOut(Schema):
    """`mode`: postgresql, typesense, or degraded (PostgreSQL stands in for Typesense, `reason` says why).

    `outbox`: passages `waiting` to be sent to the search server, of which `failing` were refused before. `collections`:
    what each index is served by.
    """

    mode: Literal["postgresql", "typesense", "degraded"]
    reason: str
    capabilities: CapabilitiesOut
    outbox: dict[str, int]
    collections: dict[str, str | None]


class BrowserKeyOut(Schema):
    """A key that searches `collections` at `url` until `expires_at` (seconds since 1970) and can do nothing else."""

    url: str
    key: str
    expires_at: int
    collections: list[str]
