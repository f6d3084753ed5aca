"""The one statement that ranks, counts facets and cuts out a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from typing import Any

from search.domain import Mode
from search.embedding import Vectors
from search.engines.filters import condition, order
from search.engines.terms import Term, Terms, tsquery
from search.query import SearchQuery

NEAREST = 200
"""How many passages are near in meaning, at most."""
LEAST_SIMILARITY = 0.2
"""Cosine below which two texts have nothing to do with each other, for the default embedder."""
ALPHA = 0.5
"""Weight of the meaning in a hybrid score."""
ALL_TERMS = 2
"""How much more a passage is worth that has every term."""
PREFIX = 0.5
"""Worth of a word that the last word of the query begins, relative to the word itself."""
SYNONYM = 0.8
"""Worth of what means the same as a word, relative to the word itself."""
MOST_FACET_VALUES = 50

_STATEMENT = """
WITH best AS MATERIALIZED ({best}),
facet AS ({facet}),
page AS (
    SELECT best.*, row_number() OVER (ORDER BY {order}) AS place FROM {ordered}
    ORDER BY place LIMIT {limit} OFFSET {offset}
)
SELECT
    (SELECT count(*) FROM best),
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
    coalesce((1 - {alpha}) * k.keyword / max(k.keyword) OVER (), 0) AS from_keyword,
    coalesce({alpha} * m.meaning / max(m.meaning) OVER (), 0) AS from_meaning
FROM ({keyword}) AS k FULL JOIN ({meaning}) AS m USING (entity, entity_id)
"""

_KEYWORD = """
SELECT DISTINCT ON (entity, entity_id) entity, entity_id, id, keyword FROM (
    SELECT entity, entity_id, id, ({rank})::float * CASE WHEN {all} THEN {bonus} ELSE 1 END AS keyword
    FROM search_searchdocument WHERE {scope} AND {any}
) AS matched ORDER BY entity, entity_id, keyword DESC, id
"""

_MEANING = """
SELECT DISTINCT ON (entity, entity_id) entity, entity_id, id, meaning FROM (
    SELECT entity, entity_id, id, 1 - (embedding::{type} <=> {vector}::{type}) AS meaning
    FROM search_searchdocument WHERE embedder = {embedder} AND {scope}
    ORDER BY embedding::{type} <=> {vector}::{type} LIMIT {nearest}
) AS near WHERE meaning >= {least} ORDER BY entity, entity_id, meaning DESC, id
"""

_NO_KEYWORD = "SELECT NULL::text AS entity, NULL::text AS entity_id, NULL::bigint AS id, NULL::float AS keyword WHERE FALSE"
_NO_MEANING = _NO_KEYWORD.replace("keyword", "meaning")

# Weights of D, C, B (body) and A (title), tuned on Cranfield; 1 divides by 1 + the logarithm of the length.
_RANK = "{weight} * ts_rank('{{0.1, 0.4, 0.6, 1.0}}', {column}, {query}::tsquery, 1)"


@dataclass(frozen=True)
class Sql:
    """A piece of a statement and the values of its placeholders, in their order."""

    text: str
    params: tuple[Any, ...] = ()


def value(of: Any) -> Sql:
    return Sql("%s", (of,))


def fill(template: str, **pieces: Sql) -> Sql:
    """`template` with its `{name}`s replaced."""
    names = [name for _, name, _, _ in Formatter().parse(template) if name]
    text = template.format(**{name: piece.text for name, piece in pieces.items()})
    return Sql(text, tuple(param for name in names for param in pieces[name].params))


def joined(separator: str, pieces: Iterable[Sql]) -> Sql:
    listed = list(pieces)
    return Sql(
        separator.join(piece.text for piece in listed),
        tuple(param for piece in listed for param in piece.params),
    )


@dataclass(frozen=True)
class Ranking:
    """A query with its terms and its meaning, as SQL. `embedder` is the id of what made the meaning."""

    query: SearchQuery
    terms: Terms
    meaning: Vectors | None
    embedder: str

    def statement(self) -> Sql:
        """Gives one row: the count, facets as [field, value, hits], and the rows of the page."""
        return fill(
            _STATEMENT,
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
        if self.terms.is_exclusion or not (self.query.text or self.query.like):
            return fill(_LISTED, scope=self._scope())
        has_keyword = self.query.mode is not Mode.SEMANTIC and bool(self.terms.query)
        has_meaning = self.meaning is not None
        alpha = ALPHA if has_keyword and has_meaning else float(has_meaning)
        return fill(
            _FUSED,
            alpha=value(alpha),
            keyword=self._keyword() if has_keyword else Sql(_NO_KEYWORD),
            meaning=self._near(self.meaning) if self.meaning is not None else Sql(_NO_MEANING),
        )

    def _keyword(self) -> Sql:
        everything = " & ".join(f"({term.query})" for term in self.terms.terms if term.query)
        is_complete = all(term.query for term in self.terms.terms)
        return fill(
            _KEYWORD,
            rank=joined(" + ", (part for term in self.terms.terms for part in self._ranks(term))),
            all=fill("{column} @@ {query}::tsquery", column=self._column, query=value(everything)),
            bonus=value(ALL_TERMS if is_complete else 1),
            scope=self._scope(),
            any=self._matches(self.terms.query),
        )

    def _ranks(self, term: Term) -> Iterable[Sql]:
        parts = (
            (tsquery(term.exact), term.exact_weight),
            (tsquery(term.near), PREFIX * term.near_weight),
            (" | ".join(term.same), SYNONYM * term.same_weight),
        )
        for query, weight in parts:
            if query:
                yield fill(_RANK, weight=value(weight), column=self._column, query=value(query))

    def _near(self, meaning: Vectors) -> Sql:
        vector = value(str(meaning.tolist()))
        return fill(
            _MEANING,
            type=Sql(f"vector({len(meaning)})"),
            vector=vector,
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
        return fill(template, column=self._column, phrase=value(phrase))

    def _matches(self, query: str) -> Sql:
        """Each vector by itself, so that the index of each serves."""
        template = "(text_vector @@ {query}::tsquery)"
        if self.query.is_personal_shown:
            template = "(text_vector @@ {query}::tsquery OR personal_vector @@ {query}::tsquery)"
        return fill(template, query=value(query))

    @property
    def _column(self) -> Sql:
        """Everything that this reader may find in a passage."""
        return Sql(
            "coalesce(personal_vector, text_vector)" if self.query.is_personal_shown else "text_vector"
        )

    def _order(self) -> Sql:
        sorts = [order(sort) for sort in self.query.sort]
        return Sql(", ".join([*sorts, "from_keyword + from_meaning DESC", "best.entity", "best.entity_id"]))
