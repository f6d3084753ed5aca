"""Search: the same query as over REST, with what speaks for each hit."""

from time import perf_counter
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from lakehouse_project.graphql.checked import checked
from lakehouse_project.graphql.rows import Context
from lakehouse_project.graphql.scalars import Json
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from search.domain import Found, Fusion, Hit, Mode
from search.schemas import PERMISSION, SearchIn, asked_by
from search.services import FindDocuments

strawberry.enum(Mode, name="SearchMode", description="By words, by meaning, or both.")

PAGE_SIZE = 20


@strawberry.type(
    description="Rank by words and cosine of the meanings, and what each of them adds to the score."
)
class Explanation:
    keyword: float | None
    meaning: float | None
    from_keyword: float
    from_meaning: float


@strawberry.type(description="A found entity, with its best passage.")
class SearchHit:
    entity: str
    entity_id: str
    title: str
    title_html: str = strawberry.field(description="Escaped HTML with the matches between `<mark>`.")
    snippet: str
    highlight: str = strawberry.field(description="Escaped HTML with the matches between `<mark>`.")
    url: str
    passage: int
    page: int | None
    fields: Json
    score: float
    matched: str = strawberry.field(description="keyword, meaning, both or filter.")
    explanation: Explanation


@strawberry.type(description="One page of hits.")
class SearchResult:
    hits: list[SearchHit]
    count: int
    more: bool = strawberry.field(
        description="Whether further records may match than were ranked and counted."
    )
    facets: Json = strawberry.field(description="Field -> value -> how many hits have it.")
    corrections: Json = strawberry.field(
        description="Words as asked -> the words that were searched instead."
    )
    engine: str
    degraded: bool = strawberry.field(
        description="Whether another engine than the configured one had to answer."
    )
    reason: str
    took_ms: float


def search(
    info: Info[Context, None],
    *,
    q: str = "",
    entity: list[str] | None = None,
    mode: Mode = Mode.HYBRID,
    fusion: Fusion | None = None,
    tree: Annotated[Json | None, strawberry.argument(name="filter")] = None,
    page: int = 1,
    page_size: int = PAGE_SIZE,
    facets: list[str] | None = None,
    sort: list[str] | None = None,
    highlight: bool = True,
) -> SearchResult:
    """`filter`: the tree of `POST /api/v1/search`."""
    require(info.context.request, PERMISSION)
    wanted: dict[str, Any] = {"q": q, "entity": entity or [], "mode": mode, "fusion": fusion, "filter": tree}
    wanted |= {
        "page": page,
        "page_size": page_size,
        "facets": facets,
        "sort": sort or [],
        "highlight": highlight,
    }
    query = asked_by(checked(SearchIn, wanted), is_personal_shown=info.context.is_personal_shown)
    started = perf_counter()
    found = resolve(FindDocuments)(query)
    return _result(found, round((perf_counter() - started) * 1000, 2))


def _result(found: Found, took_ms: float) -> SearchResult:
    return SearchResult(
        hits=[_hit(hit) for hit in found.hits],
        count=found.count,
        more=found.more,
        facets=Json(found.facets),
        corrections=Json(found.corrections),
        engine=found.engine,
        degraded=found.degraded,
        reason=found.reason,
        took_ms=took_ms,
    )


def _hit(hit: Hit) -> SearchHit:
    return SearchHit(**{**vars(hit), "explanation": Explanation(**vars(hit.explanation))})
