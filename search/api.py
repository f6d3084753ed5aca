"""The search route."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Status

from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue_once
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.slices import InvalidCursor, SliceOf, Window, answer
from lakehouse_project.kernel.versions import Versions
from search.domain import Found
from search.query import MAX_WINDOW, SearchQuery
from search.schemas import (
    PERMISSION,
    BrowserKeyOut,
    EngineOut,
    EntityParameters,
    EntitySlice,
    FilterParameters,
    FilterSlice,
    HitsQuery,
    SearchIn,
    SearchOut,
    SearchSliceOut,
    SimilarOut,
    SimilarParameters,
    TreeIn,
    asked_by,
    on_page,
    to_query,
    to_query_of,
    to_similar,
)
from search.services import (
    DescribeEngine,
    FindDocuments,
    FindSimilar,
    IssueBrowserKey,
    RebuildIndexes,
    Reconcile,
)

versions = Versions(tags=["search"])

MANAGE = "search.change_searchdocument"


@versions.v1.get("", response=SearchOut, operation_id="search", summary="Search everything")
def search(request: HttpRequest, parameters: Query[FilterParameters]) -> dict[str, Any]:
    """Users, products, jobs, departments, employers and documents, by words and by meaning.

    Every field is a filter. Names of people are found and shown only with the right to see personal data.
    """
    require(request, PERMISSION)
    reject_unknown(request, FilterParameters.model_fields)
    return _found(to_query(parameters, is_personal_shown=may_see_personal_data(request.user)))


@versions.v1.post("", response=SearchOut, operation_id="search_by_tree", summary="Search with a filter tree")
def search_by_tree(request: HttpRequest, wanted: SearchIn) -> dict[str, Any]:
    """As the GET route, with filters that are nested: eq, in, range, not, and, or."""
    require(request, PERMISSION)
    reject_unknown(request, ())
    return _found(asked_by(wanted, is_personal_shown=may_see_personal_data(request.user)))


@versions.v2.get("", response=SearchSliceOut, operation_id="search", summary="Search everything")
def search_slice(
    request: HttpRequest, response: HttpResponse, parameters: Query[FilterSlice]
) -> dict[str, Any]:
    """Users, products, jobs, departments, employers and documents, by words and by meaning.

    Every field is a filter. Names of people are found and shown only with the right to see personal data.
    """
    require(request, PERMISSION)
    reject_unknown(request, FilterSlice.model_fields)
    shown = may_see_personal_data(request.user)

    def asked(page: int, size: int) -> SearchQuery:
        given = on_page(parameters, FilterParameters, page, size)
        return to_query(given, is_personal_shown=shown)

    return _slice(request, response, parameters, asked)


@versions.v2.post(
    "", response=SearchSliceOut, operation_id="search_by_tree", summary="Search with a filter tree"
)
def search_slice_by_tree(
    request: HttpRequest, response: HttpResponse, query: Query[HitsQuery], wanted: TreeIn
) -> dict[str, Any]:
    """As the GET route, with filters that are nested: eq, in, range, not, and, or. Send the same body to `next`."""
    require(request, PERMISSION)
    reject_unknown(request, HitsQuery.model_fields)
    shown = may_see_personal_data(request.user)

    def asked(page: int, size: int) -> SearchQuery:
        return asked_by(on_page(wanted, SearchIn, page, size), is_personal_shown=shown)

    return _slice(request, response, query, asked)


def _slice(
    request: HttpRequest, response: HttpResponse, query: Any, asked: Callable[[int, int], SearchQuery]
) -> dict[str, Any]:
    """The hits of a page, with the next one's number and size as the place where to go on."""
    found: dict[str, Any] = {}

    def cut(window: Window) -> SliceOf:
        page, size = window.after or (1, window.limit)
        if size != window.limit:
            raise InvalidCursor("Hits are counted in steps of `limit`: send the one that `next` has.")
        found.update(_found(asked(page, size)))
        is_last = found["count"] <= page * size or (page + 1) * size > MAX_WINDOW
        return SliceOf(found["items"], None if is_last else (page + 1, size), found["count"])

    return found | answer(request, response, query, cut)


def _found(query: SearchQuery) -> dict[str, Any]:
    return _timed(resolve(FindDocuments), query) | {"mode": query.mode}


def _timed(find: Callable[[SearchQuery], Found], query: SearchQuery) -> dict[str, Any]:
    started = perf_counter()
    found = find(query)
    took_ms = round((perf_counter() - started) * 1000, 2)
    return {**vars(found), "items": found.hits, "took_ms": took_ms}


@versions.get("/engine", response=EngineOut, operation_id="search_engine", summary="Which engine answers")
def engine(request: HttpRequest) -> dict[str, Any]:
    """Its mode, what it can do, and what waits to be sent to the search server."""
    require(request, PERMISSION)
    reject_unknown(request, ())
    return resolve(DescribeEngine)()


@versions.get("/key", response=BrowserKeyOut, operation_id="search_key", summary="A search key for a browser")
def browser_key(request: HttpRequest) -> dict[str, Any]:
    """For pages that ask the search server themselves. It reaches what every reader sees, for an hour."""
    require(request, PERMISSION)
    reject_unknown(request, ())
    return resolve(IssueBrowserKey)()


@versions.get(
    "/{entity}/{path:key}/similar", response=SimilarOut, operation_id="similar", summary="More like this"
)
def similar(
    request: HttpRequest, entity: str, key: str, parameters: Query[SimilarParameters]
) -> dict[str, Any]:
    """Other records of the same entity: near in meaning, and with PostgreSQL those that share telling words.

    Every field of the entity is a filter. 404 for a key that is not in the index.
    """
    require(request, PERMISSION)
    reject_unknown(request, SimilarParameters.model_fields)
    shown = may_see_personal_data(request.user)
    return _timed(resolve(FindSimilar), to_similar(entity, key, parameters, is_personal_shown=shown))


@versions.post(
    "/reindex", response={202: OperationOut}, operation_id="reindex", summary="Rebuild the indexes"
)
def reindex(request: HttpRequest, response: HttpResponse) -> Status[OperationOut]:
    """On the search server, from the rows. Queries are answered meanwhile. One that waits or is at work is answered with."""
    require(request, MANAGE)
    reject_unknown(request, ())
    resolve(RebuildIndexes)
    return _started(request, response, "reindex")


@versions.post(
    "/reconcile", response={202: OperationOut}, operation_id="reconcile", summary="Compare index and rows"
)
def reconcile(request: HttpRequest, response: HttpResponse, *, repair: bool = False) -> Status[OperationOut]:
    """The counts of the run are the report: missing, extra and stale passages on the search server."""
    require(request, MANAGE)
    reject_unknown(request, ("repair",))
    resolve(Reconcile)
    return _started(request, response, "reconcile", repair=repair)


# Last, so that it takes no address from the routes above.
@versions.v1.get(
    "/{entity}", response=SearchOut, operation_id="search_entity", summary="Search one kind of entity"
)
def search_entity(request: HttpRequest, entity: str, parameters: Query[EntityParameters]) -> dict[str, Any]:
    """As the route of all of them. 404 for an entity that there is not."""
    require(request, PERMISSION)
    reject_unknown(request, EntityParameters.model_fields)
    shown = may_see_personal_data(request.user)
    return _found(to_query_of(entity, parameters, is_personal_shown=shown))


@versions.v2.get(
    "/{entity}",
    response=SearchSliceOut,
    operation_id="search_entity",
    summary="Search one kind of entity",
)
def search_entity_slice(
    request: HttpRequest, response: HttpResponse, entity: str, parameters: Query[EntitySlice]
) -> dict[str, Any]:
    """As the route of all of them. 404 for an entity that there is not."""
    require(request, PERMISSION)
    reject_unknown(request, EntitySlice.model_fields)
    shown = may_see_personal_data(request.user)

    def asked(page: int, size: int) -> SearchQuery:
        given = on_page(parameters, EntityParameters, page, size)
        return to_query_of(entity, given, is_personal_shown=shown)

    return _slice(request, response, parameters, asked)


def _started(
    request: HttpRequest, response: HttpResponse, kind: str, **options: bool
) -> Status[OperationOut]:
    run, is_new = enqueue_once(kind, user_id=request.user.pk, **options)
    if is_new:
        resolve(EventBus).publish(f"search.{kind}_wanted", run_id=str(run.pk), **options)
    return accepted(request, response, run)
