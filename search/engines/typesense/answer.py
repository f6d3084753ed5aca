"""What Typesense answered, as hits: one per entity, ranked over all collections, each with where its score comes from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from search.domain import Explanation, Hit, Matched
from search.engines.highlight import excerpt, marked, unmarked
from search.engines.ranking import MOST_FACET_VALUES
from search.engines.typesense.layout import fields_given
from search.query import Sort


@dataclass(frozen=True)
class Candidate:
    """A found passage. `keyword` is the server's score by words, `distance` the cosine distance of the meanings."""

    entity: str
    document: Mapping[str, Any]
    marks: Mapping[str, Any]
    keyword: int | None
    distance: float | None

    @property
    def key(self) -> tuple[str, str]:
        return self.entity, self.document["entity_id"]

    @property
    def matched(self) -> Matched:
        if self.keyword is None:
            return "filter" if self.distance is None else "meaning"
        return "keyword" if self.distance is None else "both"


@dataclass(frozen=True)
class Ranked:
    """A candidate and what its ranks by words and by meaning add to its score."""

    candidate: Candidate
    from_keyword: float
    from_meaning: float

    @property
    def score(self) -> float:
        return self.from_keyword + self.from_meaning


def candidates(entity: str, answer: Mapping[str, Any], *, is_keyword: bool) -> list[Candidate]:
    """The best passage of each entity, in the order of the server."""
    groups = answer.get("grouped_hits")
    hits = answer.get("hits", []) if groups is None else [each for group in groups for each in group["hits"]]
    found = (_candidate(entity, each, is_keyword=is_keyword) for each in hits)
    best: dict[tuple[str, str], Candidate] = {}
    for each in found:
        best.setdefault(each.key, each)
    return list(best.values())


def _candidate(entity: str, found: Mapping[str, Any], *, is_keyword: bool) -> Candidate:
    """What was found by meaning alone has a score of 0 by words."""
    keyword = (found.get("text_match") or None) if is_keyword else None
    return Candidate(
        entity, found["document"], found.get("highlight") or {}, keyword, found.get("vector_distance")
    )


def ranked(found: Sequence[Candidate], alpha: float, start: int = 0) -> list[Ranked]:
    """Rank fusion as the server does it: (1 - alpha) / rank by words + alpha / rank by meaning.

    Equal scores by words share a rank. `start` is how many come before, where `found` is a later page.
    """
    by_words = _places(
        {each.keyword for each in found if each.keyword is not None}, start, is_descending=True
    )
    by_meaning = _places({each.distance for each in found if each.distance is not None}, start)
    return [
        Ranked(
            each,
            (1 - alpha) / by_words[each.keyword] if each.keyword is not None else 0.0,
            alpha / by_meaning[each.distance] if each.distance is not None else 0.0,
        )
        for each in found
    ]


def _places(scores: Iterable[float], start: int, *, is_descending: bool = False) -> dict[float, int]:
    best_first = sorted(scores, reverse=is_descending)
    return {score: place for place, score in enumerate(best_first, start + 1)}


def ordered(found: Iterable[Ranked], sorts: Sequence[Sort]) -> list[Ranked]:
    """By the fields asked for, entities without a value last; then by score, then by key."""
    listed = sorted(found, key=lambda each: (-each.score, each.candidate.key))
    for sort in reversed(sorts):
        listed = _sorted(listed, sort)
    return listed


def _sorted(found: Sequence[Ranked], sort: Sort) -> list[Ranked]:
    having = [each for each in found if each.candidate.document.get(sort.field) is not None]
    lacking = [each for each in found if each.candidate.document.get(sort.field) is None]
    return [
        *sorted(having, key=lambda each: _comparable(each, sort), reverse=sort.is_descending),
        *lacking,
    ]


def _comparable(found: Ranked, sort: Sort) -> Any:
    value = found.candidate.document[sort.field]
    return value.casefold() if isinstance(value, str) else value


def hit(found: Ranked, *, is_marked: bool) -> Hit:
    """As a reader sees it. The server marks what matched and escapes nothing."""
    candidate, document = found.candidate, found.candidate.document
    title, body = document["title"], document["body"]
    marks = candidate.marks if is_marked else {}
    marked_title = _marked(marks, "title", "value") or escape(title)
    highlight = _marked(marks, "body", "snippet") or escape(excerpt(body))
    return Hit(
        entity=candidate.entity,
        entity_id=document["entity_id"],
        title=title,
        title_html=marked_title,
        snippet=unmarked(highlight),
        highlight=highlight,
        url=document.get("url", ""),
        passage=document["passage"],
        page=document.get("page"),
        fields=fields_given(candidate.entity, document),
        score=found.score,
        matched=candidate.matched,
        explanation=Explanation(
            None if candidate.keyword is None else float(candidate.keyword),
            None if candidate.distance is None else 1 - candidate.distance,
            found.from_keyword,
            found.from_meaning,
        ),
    )


def _marked(marks: Mapping[str, Any], field: str, part: str) -> str:
    """Nothing where the field has no match."""
    mark = marks.get(field) or {}
    return marked(escape(mark.get(part) or mark.get("snippet") or "")) if mark.get("matched_tokens") else ""


def facets(names: Sequence[str], answers: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """In the order asked for, each with its most frequent values first. `answers` by entity."""
    counted: dict[str, Counter[str]] = {name: Counter() for name in names}
    for entity, answer in answers.items():
        if "entity" in counted and answer["found"]:
            counted["entity"][entity] += answer["found"]
        for facet in answer.get("facet_counts", []):
            for value in facet["counts"]:
                counted[facet["field_name"]][value["value"]] += value["count"]
    return {name: dict(counter.most_common(MOST_FACET_VALUES)) for name, counter in counted.items()}
