"""The one statement that ranks, counts facets and cuts out a page."""

from dataclasses import dataclass
from typing import Any

from search.domain import Fusion, Mode
from search.embedding import Vectors
from search.engines.filters import condition, order
from search.engines.matching import Matching, column
from search.engines.sql import Sql, fill, joined, value
from search.engines.terms import Terms
from search.query import SearchQuery

NEAREST = 200
"""How many passages are near in meaning, at most."""
LEAST_SIMILARITY = 0.2
"""Cosine below which two texts have nothing to do with each other, for the default embedder."""
FULL_SIMILARITY = 0.4
"""Cosine below which the best meaning does not weigh as much as the best word: it may be the only one by accident."""
TINY = 1e-9
ALPHA = 0.5
"""Weight of the meaning in a hybrid score."""
MOST_FACET_VALUES = 50

_STATEMENT = """
WITH near AS MATERIALIZED ({near}), matched AS MATERIALIZED ({matched}), best AS MATERIALIZED ({best}),
facet AS ({facet}),
page AS (
    SELECT best.*, row_number() OVER (ORDER BY {order}) AS place FROM {ordered}
    ORDER BY place LIMIT {limit} OFFSET {offset}
)
SELECT
    (SELECT count(*) FROM best),
    EXISTS (SELECT FROM matched GROUP BY entity = 'document' HAVING count(*) >= {cut_at}),
    (SELECT jsonb_agg(jsonb_build_array(key, value, hits) ORDER BY key, place) FROM facet WHERE place <= {most}),
    (SELECT jsonb_agg(page ORDER BY place) FROM page)
"""

_WITH_ROWS = "best JOIN search_searchdocument AS d ON d.id = best.id"
"""Costs a look at the row of each entity that is found: only where a facet or a sort needs its fields."""

_FACET = """
SELECT key, value, count(*) AS hits, row_number() OVER (PARTITION BY key ORDER BY count(*) DESC, value) AS place
FROM {rows} CROSS JOIN LATERAL jsonb_each_text(d.facets || jsonb_build_object('entity', d.entity))
WHERE key = ANY({names}) GROUP BY key, value
"""
_NO_FACET = "SELECT NULL::text AS key, NULL::text AS value, 0 AS hits, 0 AS place WHERE FALSE"

_LISTED = """
SELECT id, entity, entity_id, NULL::float AS keyword, NULL::float AS meaning,
    0::float AS from_keyword, 0::float AS from_meaning
FROM search_searchdocument WHERE {scope} AND passage = 0
"""

_FUSED = """
SELECT coalesce(k.id, m.id) AS id, entity, entity_id, k.keyword, m.meaning,
    coalesce((1 - {alpha}) * {keyword}, 0) AS from_keyword, coalesce({alpha} * {meaning}, 0) AS from_meaning
FROM (
    SELECT DISTINCT ON ({key}) * FROM matched ORDER BY {key}, keyword DESC, id
) AS k FULL JOIN (
    SELECT DISTINCT ON ({key}) * FROM near ORDER BY {key}, meaning DESC, id
) AS m USING (entity, entity_id)
"""

_SHARE = "{score} / greatest(max({score}) OVER (), {least})"
"""Of the best score, or of `least` where the best is less."""

_RANK = "CASE WHEN {score} IS NOT NULL THEN 61.0 / (60 + dense_rank() OVER (ORDER BY {score} DESC NULLS LAST)) END"
"""Reciprocal rank fusion with k = 60 (Cormack, Clarke, Büttcher, SIGIR 2009), times 61: the best has 1. Equal scores share a
rank."""

_KEY = 'entity COLLATE "C", entity_id COLLATE "C"'
"""Letter by letter: sorting texts as people do takes several times longer."""

_MEANING = """
SELECT entity, entity_id, id, meaning FROM (
    SELECT entity, entity_id, id, 1 - (embedding::{type} <=> {vector}::{type}) AS meaning
    FROM search_searchdocument WHERE embedder = {embedder} AND {scope}
    ORDER BY embedding::{type} <=> {vector}::{type} LIMIT {nearest}
) AS nearest WHERE meaning >= {least}
"""

_NO_KEYWORD = "SELECT NULL::text AS entity, NULL::text AS entity_id, NULL::bigint AS id, NULL::float AS keyword WHERE FALSE"
_NO_MEANING = _NO_KEYWORD.replace("keyword", "meaning")


@dataclass(frozen=True)
class Ranking:
    """A query with its terms and its meaning, as SQL. `embedder` is the id of what made the meaning."""

    query: SearchQuery
    terms: Terms
    meaning: Vectors | None
    embedder: str
    most_ranked: int

    def statement(self) -> Sql:
        """Gives one row: the count, whether there may be more, facets as [field, value, hits], the rows of the page."""
        return fill(
            _STATEMENT,
            near=self._near(),
            matched=self._matching.statement() if self._has_keyword else Sql(_NO_KEYWORD),
            cut_at=value(self._matching.limit),
            best=self._best(),
            facet=self._facet(),
            order=self._order(),
            ordered=Sql(_WITH_ROWS if self.query.sort else "best"),
            limit=value(self.query.page_size),
            offset=value(self.query.offset),
            most=value(MOST_FACET_VALUES),
        )

    def _facet(self) -> Sql:
        if not self.query.facets:
            return Sql(_NO_FACET)
        names = Sql("%s::text[]", (list(self.query.facets),))
        return fill(_FACET, rows=Sql(_WITH_ROWS), names=names)

    def _best(self) -> Sql:
        """One row per entity: the passage to show, and the parts of its score."""
        if self._is_listed:
            return fill(_LISTED, scope=self._scope())
        has_meaning = self.meaning is not None
        is_hybrid = self._has_keyword and has_meaning
        part = _RANK if is_hybrid and self.query.fusion is Fusion.RANK else _SHARE
        return fill(
            _FUSED,
            alpha=value(ALPHA if is_hybrid else float(has_meaning)),
            keyword=fill(part, score=Sql("k.keyword"), least=value(TINY)),
            meaning=fill(part, score=Sql("m.meaning"), least=value(FULL_SIMILARITY if is_hybrid else TINY)),
            key=Sql(_KEY),
        )

    @property
    def _is_listed(self) -> bool:
        """Whether nothing ranks."""
        return self.terms.is_exclusion or not (self.query.text or self.query.like)

    @property
    def _has_keyword(self) -> bool:
        return not self._is_listed and self.query.mode is not Mode.SEMANTIC and bool(self.terms.query)

    @property
    def _matching(self) -> Matching:
        """What is sorted by a field is cheapest, newest or first of all matches: none may be left out."""
        return Matching(
            self.terms,
            self.query.entities,
            self._scope(),
            self.query.is_personal_shown,
            None if self.query.sort else self.most_ranked,
        )

    def _near(self) -> Sql:
        if self.meaning is None or self._is_listed:
            return Sql(_NO_MEANING)
        return fill(
            _MEANING,
            type=Sql(f"vector({len(self.meaning)})"),
            vector=value(str(self.meaning.tolist())),
            embedder=value(self.embedder),
            scope=self._scope(),
            nearest=value(NEAREST),
            least=value(LEAST_SIMILARITY),
        )

    def _scope(self) -> Sql:
        """Where to search at all: entities, filter, phrases that must and words that must not occur."""
        pieces = [Sql("entity = ANY(%s)", (list(self.query.entities),))]
        if self.query.filter is not None:
            params: list[Any] = []
            pieces.append(Sql(f"({condition(self.query.filter, params)})", tuple(params)))
        if self.query.like:
            pieces.append(Sql("entity_id <> %s", (self.query.like,)))
        pieces += [self._has_phrase(phrase) for phrase in self.terms.phrases]
        pieces += [fill("NOT {phrase}", phrase=self._has_phrase(phrase)) for phrase in self.terms.excluded]
        return joined(" AND ", pieces)

    def _has_phrase(self, phrase: str) -> Sql:
        template = (
            "({column} @@ (phraseto_tsquery('english', {phrase}) || phraseto_tsquery('simple', {phrase})))"
        )
        return fill(
            template, column=column(is_personal_shown=self.query.is_personal_shown), phrase=value(phrase)
        )

    def _order(self) -> Sql:
        sorts = [order(sort) for sort in self.query.sort]
        return Sql(
            ", ".join([*sorts, "from_keyword + from_meaning DESC", _KEY.replace("entity", "best.entity")])
        )
