"""A query as the parameters of Typesense's `/multi_search`."""

from dataclasses import dataclass
from typing import Any

from search.domain import FIELDS, PERSONAL, Index, Mode
from search.embedding import Vectors
from search.engines.highlight import CLOSE, OPEN
from search.engines.ranking import LEAST_SIMILARITY, MOST_FACET_VALUES, NEAREST
from search.engines.terms import Asked, parse
from search.engines.typesense.filters import condition, not_of
from search.engines.typesense.layout import GROUPED, LEFT_OUT
from search.query import SearchQuery, Sort

ALPHA = 0.5
"""Weight of the meaning; the server's own 0.3 is for other embedders."""
_FEW_ENOUGH = 100
"""While fewer documents have all words, those that have some of them follow."""


@dataclass(frozen=True)
class Question:
    """What to ask the index of one entity. `filter_by` is empty where everything passes."""

    query: SearchQuery
    meaning: Vectors | None
    index: Index
    filter_by: str = ""

    def parameters(self, alias: str, page: int, per_page: int) -> dict[str, Any]:
        """One of the `searches`."""
        return {
            "collection": alias,
            "page": page,
            "per_page": per_page,
            "exclude_fields": LEFT_OUT,
            **self._words(),
            **self._meaning(),
            **self._narrowed(),
            **self._facets(),
            **self._order(),
            **self._marks(),
        }

    def _words(self) -> dict[str, Any]:
        asked = parse(self.query.text)
        text = words_of(asked)
        if not text or (self.query.mode is Mode.SEMANTIC and asked.words):
            return {"q": "*"}
        return {
            "q": text,
            "query_by": "title,body",
            "query_by_weights": "2,1",
            "prefix": asked.prefix is not None,
            "drop_tokens_threshold": _FEW_ENOUGH,
        }

    def _meaning(self) -> dict[str, Any]:
        """Without `k` the server looks at no more than a page."""
        if self.meaning is None:
            return {}
        numbers = ",".join(f"{number:.6g}" for number in self.meaning.tolist())
        options = f"k:{NEAREST},distance_threshold:{1 - LEAST_SIMILARITY:g},alpha:{ALPHA}"
        return {"vector_query": f"embedding:([{numbers}],{options})"}

    def _narrowed(self) -> dict[str, Any]:
        grouped = {"group_by": "entity_id", "group_limit": 1} if self.index.entity == GROUPED else {}
        filters = list(filter(None, [self.filter_by, self._others()]))
        if len(filters) > 1:
            return {**grouped, "filter_by": " && ".join(f"({each})" for each in filters)}
        return {**grouped, "filter_by": filters[0]} if filters else grouped

    def _others(self) -> str:
        """Without the record that the others shall be like, where its passages would take all the places. Its key is a hash:
        one word, so that no other key is taken for it."""
        return not_of(self.query.like) if self.index.entity == GROUPED else ""

    def _facets(self) -> dict[str, Any]:
        """The server refuses a facet that the collection lacks."""
        names = [name for name in self.query.facets if name in FIELDS[self.index.entity]]
        return {"facet_by": ",".join(names), "max_facet_values": MOST_FACET_VALUES} if names else {}

    def _order(self) -> dict[str, Any]:
        """By rank unless something else is asked for; where nothing ranks, by key."""
        sorts = [_sorted(sort) for sort in self.query.sort if _has(self.index.entity, sort)]
        if sorts or not is_ranked(self.query, self.meaning):
            return {"sort_by": ",".join(sorts or ["entity_id:asc"])}
        return {}

    def _marks(self) -> dict[str, Any]:
        """Asked for even if nobody wants to see them: they tell which words were taken for others."""
        return {
            "highlight_fields": "title,body",
            "highlight_full_fields": "title",
            "highlight_affix_num_tokens": 12,
            "highlight_start_tag": OPEN,
            "highlight_end_tag": CLOSE,
        }


def question(query: SearchQuery, meaning: Vectors | None, entity: str) -> Question | None:
    """What to ask of `entity`, or None where nothing of it can be found."""
    if query.text and meaning is None and not words_of(parse(query.text)):
        return None
    narrowed = condition(entity, query.filter) if query.filter is not None else True
    if narrowed is False:
        return None
    index = Index(entity, is_personal=query.is_personal_shown and entity in PERSONAL)
    return Question(query, meaning, index, narrowed if isinstance(narrowed, str) else "")


def words_of(asked: Asked) -> str:
    """The parts of a query in the server's own language, which nothing but letters and digits of the user enters."""
    literal = asked.literal.difference(*(phrase.split() for phrase in asked.phrases))
    words = [f'"{word}"' if word in literal else word for word in asked.words]
    words += [f'"{phrase}"' for phrase in asked.phrases]
    return " ".join([*words, *(f'-"{each}"' if " " in each else f"-{each}" for each in asked.excluded)])


def is_ranked(query: SearchQuery, meaning: Vectors | None) -> bool:
    """Whether some documents match better than others."""
    return bool(parse(query.text).words) or meaning is not None


def _has(entity: str, sort: Sort) -> bool:
    return sort.field == "title" or sort.field in FIELDS[entity]


def _sorted(sort: Sort) -> str:
    direction = "desc" if sort.is_descending else "asc"
    return (
        f"{sort.field}:{direction}"
        if sort.field == "title"
        else f"{sort.field}(missing_values: last):{direction}"
    )
