"""One search of `/multi_search` over the documents of a collection."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import OSA

from tests.typesense.filtering import Document, FilterError, compiled, tokens

_PART = re.compile(r'(-)?(?:"([^"]*)"|(\S+))')
_VECTOR = re.compile(r"^(\w+):\(\[([^\]]*)\](?:,\s*(.*))?\)$")


class SearchError(Exception):
    """An answer of another status than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Match:
    document: Document
    text: int = 0
    distance: float | None = None
    fused: float | None = None
    matched: tuple[str, ...] = ()


def search(
    documents: list[Document],
    fields: dict[str, dict[str, Any]],
    asked: dict[str, Any],
    synonyms: list[list[str]],
) -> dict[str, Any]:
    """The answer, as the server gives it. Raises SearchError."""
    per_page, page = int(asked.get("per_page", 10)), int(asked.get("page", 1))
    if per_page > 250:
        raise SearchError(422, "Only upto 250 hits can be fetched per page.")
    passing = _passing(documents, fields, asked.get("filter_by", ""))
    _require_fields(fields, asked)
    _require_vector(fields, asked)
    found = _matches(passing, asked, page * per_page, synonyms)
    found = _sorted(found, fields, asked)
    groups = _grouped(found, asked.get("group_by"))
    shown = groups[(page - 1) * per_page : page * per_page]
    answer: dict[str, Any] = {
        "facet_counts": _facets(groups, asked),
        "found": len(groups),
        "out_of": len(documents),
        "page": page,
        "search_cutoff": False,
        "search_time_ms": 0,
        "request_params": {"q": asked["q"], "per_page": per_page},
    }
    hits = [_hit(group[0], asked) for group in shown]
    if not asked.get("group_by"):
        return {**answer, "hits": hits}
    return {
        **answer,
        "found_docs": len(found),
        "grouped_hits": [
            {"found": len(group), "group_key": [group[0].document[asked["group_by"]]], "hits": [hit]}
            for group, hit in zip(shown, hits, strict=True)
        ],
    }


def _passing(documents: list[Document], fields: dict[str, Any], filter_by: str) -> list[Document]:
    try:
        passes = compiled(filter_by, {name: field["type"] for name, field in fields.items()})
    except FilterError as error:
        raise SearchError(400, str(error)) from error
    return [document for document in documents if passes(document)]


def _require_fields(fields: dict[str, dict[str, Any]], asked: dict[str, Any]) -> None:
    if "q" not in asked:
        raise SearchError(400, "Parameter `q` is required.")
    if asked["q"] != "*" and not asked.get("query_by"):
        raise SearchError(400, "Parameter `query_by` is required.")
    for name in filter(None, asked.get("query_by", "").split(",")):
        if name not in fields:
            raise SearchError(404, f"Could not find a field named `{name}` in the schema.")
    for parameter in ("facet_by", "group_by"):
        for name in filter(None, asked.get(parameter, "").split(",")):
            if not fields.get(name, {}).get("facet"):
                raise SearchError(404, f"Could not find a facet field named `{name}` in the schema.")


def _require_vector(fields: dict[str, dict[str, Any]], asked: dict[str, Any]) -> None:
    """A vector of zeros is taken; one of another length is not."""
    if "vector_query" not in asked:
        return
    found = _VECTOR.match(asked["vector_query"])
    known = fields.get(found[1], {}) if found else {}
    if not found or "num_dim" not in known:
        raise SearchError(400, "Malformed vector query string.")
    if len(found[2].split(",")) != known["num_dim"]:
        raise SearchError(400, f"Query field `{found[1]}` must have {known['num_dim']} dimensions.")


def _matches(
    passing: list[Document], asked: dict[str, Any], fetched: int, synonyms: list[list[str]]
) -> list[Match]:
    by_words = [] if asked["q"] == "*" else _by_words(passing, asked)
    for words in _reworded(asked["q"], synonyms):
        more = _by_words(passing, {**asked, "q": " ".join(words), "prefix": False})
        whole = [match for match in more if len(match.matched) == len(set(words))]
        by_words = _best(by_words + whole)
    if "vector_query" not in asked:
        return by_words if asked["q"] != "*" else [Match(document) for document in passing]
    fetched = fetched if asked["q"] == "*" else max(fetched, 100)
    near, alpha = _near(passing, asked["vector_query"], fetched, is_narrowed=bool(asked.get("filter_by")))
    if asked["q"] == "*":
        return near
    return _fused(by_words, near, alpha)


def _best(found: list[Match]) -> list[Match]:
    """Each document once, as it matches best."""
    ordered = sorted(found, key=lambda match: -match.text)
    return list({match.document["id"]: match for match in reversed(ordered)}.values())[::-1]


def _reworded(q: str, synonyms: list[list[str]]) -> Iterator[list[str]]:
    """The query with what stands in a group of synonyms put in place of another of it; none of its words is dropped then."""
    words = tokens(q)
    for group in synonyms:
        spelled = [tokens(each) for each in group]
        for one in spelled:
            for at in range(len(words) - len(one) + 1):
                if words[at : at + len(one)] == one:
                    yield from (
                        [*words[:at], *other, *words[at + len(one) :]] for other in spelled if other != one
                    )


def _by_words(passing: list[Document], asked: dict[str, Any]) -> list[Match]:
    """Documents with all words, and while there are fewer than `drop_tokens_threshold`, those with some of them."""
    words, phrases, excluded = _parsed(asked["q"])
    found = [
        match
        for document in passing
        if (match := _match(document, words, phrases, excluded, asked)) is not None
    ]
    if not words:
        return found
    whole = [match for match in found if len(match.matched) >= len(words)]
    if len(whole) > int(asked.get("drop_tokens_threshold", 1)):
        found = whole
    return sorted(found, key=lambda match: -match.text)


def _parsed(q: str) -> tuple[list[str], list[list[str]], list[list[str]]]:
    words: list[str] = []
    phrases, excluded = [], []
    for minus, phrase, word in _PART.findall(q):
        found = tokens(phrase or word)
        if minus:
            excluded.append(found)
        else:
            words += found
            phrases += [found] if phrase else []
    return list(dict.fromkeys(words)), phrases, excluded


def _match(
    document: Document,
    words: list[str],
    phrases: list[list[str]],
    excluded: list[list[str]],
    asked: dict[str, Any],
) -> Match | None:
    texts = {name: tokens(document.get(name, "")) for name in asked["query_by"].split(",")}
    if any(_has_phrase(texts, phrase) for phrase in excluded):
        return None
    if not all(_has_phrase(texts, phrase) for phrase in phrases):
        return None
    weights = dict(zip(texts, map(int, asked.get("query_by_weights", "1,1").split(",")), strict=False))
    score, matched = 0, []
    for place, word in enumerate(words):
        is_prefix = asked.get("prefix", True) and place == len(words) - 1
        best = max(
            (
                (1000 - 100 * cost + 10 * weights[name], held)
                for name, text in texts.items()
                for held in text
                if (cost := _cost(word, held, is_prefix=is_prefix)) is not None
            ),
            default=None,
        )
        if best:
            score += 10_000 + best[0]
            matched.append(best[1])
    if words and not matched:
        return None
    return Match(document, text=score, matched=tuple(matched))


def _has_phrase(texts: dict[str, list[str]], phrase: list[str]) -> bool:
    size = len(phrase)
    return any(text[at : at + size] == phrase for text in texts.values() for at in range(len(text)))


def _cost(word: str, held: str, *, is_prefix: bool) -> int | None:
    """Typos between the two: two at most, one in words of four to six letters, none in shorter ones."""
    if word == held or (is_prefix and held.startswith(word)):
        return 0
    allowed = 0 if len(word) < 4 else 1 if len(word) < 7 else 2
    distance = OSA.distance(word, held)
    return distance if distance <= allowed else None


def _near(
    passing: list[Document], query: str, fetched: int, *, is_narrowed: bool
) -> tuple[list[Match], float]:
    """At most `k`; where a filter leaves few, all of them."""
    found = _VECTOR.match(query)
    if not found:
        raise SearchError(400, "Malformed vector query string.")
    vector = json.loads(f"[{found[2]}]")
    options = dict(part.strip().split(":") for part in (found[3] or "").split(",") if part)
    is_flat = is_narrowed and len(passing) < int(options.get("flat_search_cutoff", 0))
    k = len(passing) if is_flat else int(options.get("k", fetched))
    least = float(options.get("distance_threshold", 2.0))
    near = [
        Match(document, distance=_distance(vector, document[found[1]]))
        for document in passing
        if found[1] in document
    ]
    near.sort(key=lambda match: match.distance or 0.0)
    return [match for match in near[:k] if (match.distance or 0.0) <= least], float(options.get("alpha", 0.3))


def _distance(one: list[float], other: list[float]) -> float:
    lengths = math.sqrt(sum(x * x for x in one)) * math.sqrt(sum(x * x for x in other))
    return 1 - sum(x * y for x, y in zip(one, other, strict=True)) / (lengths or 1)


def _fused(by_words: list[Match], near: list[Match], alpha: float) -> list[Match]:
    """Ranks by words are dense: equal scores share one."""
    places = {score: place for place, score in enumerate(sorted({m.text for m in by_words}, reverse=True), 1)}
    fused = {match.document["id"]: match for match in by_words}
    for match in by_words:
        match.fused = (1 - alpha) / places[match.text]
    for place, match in enumerate(near, 1):
        known = fused.setdefault(match.document["id"], match)
        known.distance = match.distance
        known.fused = (known.fused or 0.0) + alpha / place
    return sorted(fused.values(), key=lambda match: -(match.fused or 0.0))


def _sorted(found: list[Match], fields: dict[str, Any], asked: dict[str, Any]) -> list[Match]:
    sorts = [part for part in asked.get("sort_by", "").split(",") if part]
    if len(sorts) > 3:
        raise SearchError(422, "Only upto 3 sort_by fields can be specified.")
    for part in reversed(sorts):
        name, direction = re.sub(r"\(.*?\)", "", part).rsplit(":", 1)
        if not fields.get(name, {}).get("sort"):
            raise SearchError(404, f"Could not find a field named `{name}` in the schema for sorting.")
        there = [match for match in found if name in match.document]
        there.sort(key=lambda match: match.document[name], reverse=direction == "desc")
        found = there + [match for match in found if name not in match.document]
    return found


def _grouped(found: list[Match], by: str | None) -> list[list[Match]]:
    if not by:
        return [[match] for match in found]
    groups: dict[str, list[Match]] = {}
    for match in found:
        groups.setdefault(match.document[by], []).append(match)
    return list(groups.values())


def _facets(groups: list[list[Match]], asked: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "field_name": name,
            "sampled": False,
            "stats": {"total_values": 0},
            "counts": [
                {"value": value, "highlighted": value, "count": count}
                for value, count in Counter(
                    str(group[0].document[name]) for group in groups if name in group[0].document
                ).most_common(int(asked.get("max_facet_values", 10)))
            ],
        }
        for name in filter(None, asked.get("facet_by", "").split(","))
    ]


def _hit(match: Match, asked: dict[str, Any]) -> dict[str, Any]:
    left_out = asked.get("exclude_fields", "").split(",")
    hit: dict[str, Any] = {
        "document": {name: value for name, value in match.document.items() if name not in left_out},
        "highlight": _highlight(match, asked),
        "highlights": [],
    }
    if asked["q"] != "*":
        hit |= {"text_match": match.text, "text_match_info": {}}
    if match.distance is not None:
        hit["vector_distance"] = match.distance
    if match.fused is not None:
        hit["hybrid_search_info"] = {"rank_fusion_score": match.fused}
    return hit


def _highlight(match: Match, asked: dict[str, Any]) -> dict[str, Any]:
    """What matched, between the tags; nothing is escaped."""
    marks = {}
    for name in asked.get("highlight_fields", asked.get("query_by", "")).split(","):
        text = match.document.get(name)
        if not isinstance(text, str):
            continue
        hit = [word for word in re.findall(r"[^\W_]+", text) if word.lower() in match.matched]
        if hit:
            marked = re.sub(
                r"[^\W_]+",
                lambda word: (
                    f"{asked.get('highlight_start_tag', '<mark>')}{word[0]}{asked.get('highlight_end_tag', '</mark>')}"
                    if word[0].lower() in match.matched
                    else word[0]
                ),
                text,
            )
            marks[name] = {"matched_tokens": hit, "snippet": marked}
            if name in asked.get("highlight_full_fields", "").split(","):
                marks[name]["value"] = marked
    return marks
