"""Searching in Typesense: one question per entity, asked together, and their answers put into one order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from search.domain import Capabilities, Found, Fusion, Mode
from search.embedding import Vectors
from search.engines.terms import parse
from search.engines.typesense import answer
from search.engines.typesense.asking import ALPHA, Question, question
from search.engines.typesense.client import TypesenseClient, rejection
from search.engines.typesense.corrections import corrections
from search.errors import EngineUnavailable
from search.query import MAX_PAGE_SIZE, SearchQuery

NAME = "typesense"
_FUSED_DEPTH = 100
"""Hits of an entity among which ranks by words and by meaning are fused, however few of them a page shows: the order
of a page must not depend on which page it is."""
_SEARCHES_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class TypesenseSearcher:
    """See `search.ports.Searcher`. Raises EngineUnavailable, EngineRefused, EngineRejected."""

    client: TypesenseClient
    prefix: str = ""

    def capabilities(self) -> Capabilities:
        return Capabilities(
            engine=NAME,
            fusions=(Fusion.RANK,),
            corrections=True,
            exact_filters=True,
            synonyms=True,
            browser_keys=True,
        )

    def search(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        asked = _asked(query, meaning)
        is_paged = len(asked) == 1 and not _is_fused(asked[0])
        answers = self._page(asked[0]) if is_paged else self._depth(asked)
        is_keyword = query.mode is not Mode.SEMANTIC and bool(parse(query.text).words)
        found = [
            each
            for entity, told in answers.items()
            for each in answer.candidates(entity, told, is_keyword=is_keyword)
        ]
        ranked = answer.ranked(found, _alpha(asked, is_keyword=is_keyword), query.offset if is_paged else 0)
        hits = ranked if is_paged else answer.ordered(ranked, query.sort)[query.offset :][: query.page_size]
        return Found(
            hits=[answer.hit(each, is_marked=query.highlight) for each in hits],
            count=sum(told["found"] for told in answers.values()),
            facets=answer.facets(query.facets, answers),
            corrections=corrections(parse(query.text), (each.marks for each in found)) if is_keyword else {},
            engine=NAME,
        )

    def similar(self, query: SearchQuery, meaning: Vectors | None) -> Found:
        """By meaning alone: the server has no way to ask for the words that two documents share.

        The vector is sent, not the id of a document, since ids of ours hold colons, which `id:` of a vector query does not
        take; and so a record is found that the mirror does not have yet.
        """
        asked = question(query, meaning, query.entities[0]) if meaning is not None else None
        if asked is None:
            return Found(engine=NAME)
        (told,) = self._ask([self._parameters(asked, 1, query.page_size + 1)])
        found = answer.candidates(asked.index.entity, told, is_keyword=False)
        others = [each for each in found if each.key[1] != query.like][: query.page_size]
        hits = [answer.hit(each, is_marked=False) for each in answer.ranked(others, 1.0)]
        return Found(hits=hits, count=len(hits), engine=NAME)

    def _page(self, asked: Question) -> dict[str, Mapping[str, Any]]:
        """The very page, where the server's own order is the whole order."""
        query = asked.query
        (told,) = self._ask([self._parameters(asked, query.page, query.page_size)])
        return {asked.index.entity: told}

    def _depth(self, asked: Sequence[Question]) -> dict[str, Mapping[str, Any]]:
        """So many hits of each entity that the page can be cut out of all of them together."""
        depth = max(asked[0].query.offset + asked[0].query.page_size, _FUSED_DEPTH) if asked else 0
        size = min(depth, MAX_PAGE_SIZE)
        told = self._ask([self._parameters(each, 1, size) for each in asked])
        answers = {each.index.entity: first for each, first in zip(asked, told, strict=True)}
        more = [
            (each, page)
            for each in asked
            for page in range(2, -(-min(depth, answers[each.index.entity]["found"]) // size) + 1)
        ]
        further = self._ask([self._parameters(_unfaceted(each), page, size) for each, page in more])
        for (each, _), page in zip(more, further, strict=True):
            answers[each.index.entity] = _appended(answers[each.index.entity], page)
        return answers

    def _parameters(self, asked: Question, page: int, size: int) -> dict[str, Any]:
        return asked.parameters(f"{self.prefix}{asked.index.alias}", page, size)

    def _ask(self, searches: Sequence[dict[str, Any]]) -> list[Mapping[str, Any]]:
        """Vectors are too long for an address: every query is a POST."""
        return [told for some in _parts(searches) for told in self._ask_some(some)]

    def _ask_some(self, searches: Sequence[dict[str, Any]]) -> list[Mapping[str, Any]]:
        whole = self.client.ask("POST", "/multi_search", is_query=True, json={"searches": list(searches)})
        results = whole.get("results", []) if isinstance(whole, dict) else []
        if len(results) != len(searches):
            raise EngineUnavailable(f"Typesense answered {len(results)} of {len(searches)} searches.")
        return [_checked(told) for told in results]


def _asked(query: SearchQuery, meaning: Vectors | None) -> list[Question]:
    """A query that only says what must not occur means nothing."""
    parts = parse(query.text)
    wanted = None if parts.excluded and not parts.words else meaning
    found = (question(query, wanted, entity) for entity in query.entities)
    return [each for each in found if each is not None]


def _is_fused(asked: Question) -> bool:
    """Whether words and meaning both rank."""
    has_words = bool(parse(asked.query.text).words)
    return asked.meaning is not None and asked.query.mode is Mode.HYBRID and has_words


def _alpha(asked: Sequence[Question], *, is_keyword: bool) -> float:
    if not asked or asked[0].meaning is None:
        return 0.0
    return ALPHA if is_keyword else 1.0


def _unfaceted(asked: Question) -> Question:
    return replace(asked, query=replace(asked.query, facets=()))


def _appended(first: Mapping[str, Any], page: Mapping[str, Any]) -> Mapping[str, Any]:
    name = "grouped_hits" if "grouped_hits" in first else "hits"
    return {**first, name: [*first[name], *page.get(name, [])]}


def _parts(searches: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(searches), _SEARCHES_AT_ONCE):
        yield searches[start : start + _SEARCHES_AT_ONCE]


def _checked(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """One answer of several: each may be an error although the whole has status 200."""
    status = int(told.get("code", HTTPStatus.OK))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise EngineUnavailable(f"Typesense answered {status}: {told.get('error', '')}", status=status)
    if "error" in told or "found" not in told:
        raise rejection(
            status if status >= HTTPStatus.BAD_REQUEST else 400, str(told.get("error", "no answer"))
        )
    return told
