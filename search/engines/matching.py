"""Passages that have words of a query, with their ranks by words.

Where words are in few passages, all of them are ranked. Where they are in many, ranking them all takes longer than anybody
waits for a letter to be typed: then at most MOST_RANKED of a kind are, those that promise most first. PostgreSQL reads
the parts of a UNION ALL one after another and stops at its LIMIT, so what is not needed costs nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from search.engines.sql import Sql, fill, joined, value
from search.engines.terms import Term, Terms, tsquery

MOST_RANKED = 2000
"""Passages of documents, and likewise of everything else, that are ranked at most."""
ALL_TERMS = 2
"""How much more a passage is worth that has every term."""
PREFIX = 0.5
"""Worth of a word that the last word of the query begins, relative to the word itself."""
SYNONYM = 0.8
"""Worth of what means the same as a word, relative to the word itself."""
_MOST_TOGETHER = 8
"""So many words, and no passage is likely to have all of them."""

_MATCHED = """
SELECT entity, entity_id, id, ({rank})::float * CASE WHEN {all} THEN {bonus} ELSE 1 END AS keyword
FROM ({found}) AS found
"""

_FOUND = """
(SELECT entity, entity_id, id, text_vector, personal_vector FROM search_searchdocument
WHERE {scope} AND {match} LIMIT {most})
"""
_NEAR = """
SELECT d.entity, d.entity_id, d.id, d.text_vector, d.personal_vector
FROM near JOIN search_searchdocument AS d ON d.id = near.id WHERE {match}
"""
_FIRST = "(SELECT * FROM ({found}) AS kind LIMIT {most})"

# Documents have many passages, which must not keep all else from being found. Each kind has its indexes.
_DOCUMENTS, _RECORDS = Sql("entity = 'document'"), Sql("entity <> 'document'")

_EARLY, _LATE = Sql("passage < 50"), Sql("passage >= 50")

_TITLE = "ts_filter(text_vector, '{{a}}') @@ {query}::tsquery"

# Weights of D, C, B (body) and A (title), tuned on Cranfield; 1 divides by 1 + the logarithm of the length.
_RANK = "{weight} * ts_rank('{{0.1, 0.4, 0.6, 1.0}}', {column}, {query}::tsquery, 1)"


@dataclass(frozen=True)
class Matching:
    """The terms of a query among `entities` and within `scope`.

    At most `most_ranked` passages of a kind are ranked; None: all of them, whatever that costs.
    """

    terms: Terms
    entities: Sequence[str]
    scope: Sql
    is_personal_shown: bool
    most_ranked: int | None

    @property
    def limit(self) -> int | None:
        """Passages of a kind that are looked at; None where all are."""
        matches = sum(term.passages for term in self.terms.terms)
        return None if self.most_ranked is None or matches <= self.most_ranked else self.most_ranked

    def statement(self) -> Sql:
        """Gives entity, entity_id, id and keyword, a passage once or several times. Reads `near`, ids of passages."""
        is_complete = all(term.query for term in self.terms.terms)
        return fill(
            _MATCHED,
            rank=joined(" + ", (part for term in self.terms.terms for part in self._ranks(term))),
            all=fill("{column} @@ {query}::tsquery", column=self._column, query=value(self._together)),
            bonus=value(ALL_TERMS if is_complete else 1),
            found=self._found(),
        )

    def _found(self) -> Sql:
        whole = self._matches(self.terms.query)
        if (limit := self.limit) is None:
            return joined(" UNION ALL ", (self._part(kind, whole, None) for kind in self._kinds))
        kinds = (self._first(kind, limit) for kind in self._kinds)
        return joined(" UNION ALL ", [fill(_NEAR, match=whole), *kinds])

    @property
    def _kinds(self) -> list[Sql]:
        records = [_RECORDS] if set(self.entities) - {"document"} else []
        return [*records, _DOCUMENTS] if "document" in self.entities else records

    def _first(self, kind: Sql, limit: int) -> Sql:
        parts = (self._part(kind, match, most) for match, most in self._promising(limit))
        return fill(_FIRST, found=joined(" UNION ALL ", parts), most=value(limit))

    def _promising(self, limit: int) -> Iterator[tuple[Sql, int]]:
        """Conditions, the most promising first: all words in the title, all of them, the rarest ones, any."""
        known = sorted((term for term in self.terms.terms if term.query), key=lambda term: term.passages)
        conditions: list[Sql] = []
        if len(known) <= _MOST_TOGETHER:
            yield fill(_TITLE, query=value(self._together)), max(limit // 4, 1)
            conditions += self._early_first(self._together)
        if len(known) > 1:
            conditions += self._some(known, limit)
        yield from ((condition, limit) for condition in conditions)

    def _some(self, terms: Sequence[Term], limit: int) -> Iterator[Sql]:
        """Passages with some of several words."""
        rare = _rarest(terms, limit)
        if rare:
            yield self._matches(_any(rare))
        frequent = terms[len(rare) :]
        if len(frequent) > 1:
            yield self._matches(f"({frequent[0].query}) & ({_any(frequent[1:])})")
        yield from self._early_first(self.terms.query)

    def _early_first(self, query: str) -> Iterator[Sql]:
        """One long document must not keep others from being found."""
        return (joined(" AND ", [place, self._matches(query)]) for place in (_EARLY, _LATE))

    def _part(self, kind: Sql, match: Sql, most: int | None) -> Sql:
        scope = joined(" AND ", [kind, self.scope])
        return fill(_FOUND, scope=scope, match=match, most=value(most))

    def _ranks(self, term: Term) -> Iterable[Sql]:
        parts = (
            (tsquery(term.exact), term.exact_weight),
            (tsquery(term.near), PREFIX * term.near_weight),
            (" | ".join(term.same), SYNONYM * term.same_weight),
        )
        for query, weight in parts:
            if query:
                yield fill(_RANK, weight=value(weight), column=self._column, query=value(query))

    @property
    def _together(self) -> str:
        return " & ".join(f"({term.query})" for term in self.terms.terms if term.query)

    def _matches(self, query: str) -> Sql:
        """Each vector by itself, so that the index of each serves. Masks are no words for those who see what is behind."""
        template = "(text_vector @@ {query}::tsquery)"
        if self.is_personal_shown:
            template = (
                "(personal_vector IS NULL AND text_vector @@ {query}::tsquery"
                " OR personal_vector @@ {query}::tsquery)"
            )
        return fill(template, query=value(query))

    @property
    def _column(self) -> Sql:
        return column(is_personal_shown=self.is_personal_shown)


def column(*, is_personal_shown: bool) -> Sql:
    """Everything that this reader may find in a passage."""
    return Sql("coalesce(personal_vector, text_vector)" if is_personal_shown else "text_vector")


def _rarest(terms: Sequence[Term], limit: int) -> list[Term]:
    """As many of the rarest terms as are in no more passages together than can be ranked."""
    totals = accumulate(term.passages for term in terms)
    return [term for term, total in zip(terms, totals, strict=True) if total <= limit]


def _any(terms: Iterable[Term]) -> str:
    return " | ".join(term.query for term in terms)
