"""From the text of a query to lexemes of the index: words, phrases, exclusions, the unfinished last word, typos."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import OSA

from search.engines.reading import rows
from search.engines.synonyms import Synonym, synonyms

MAX_WORDS = 48
_MAX_CHARACTERS = 2000
_PART = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\W_]+))')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Asked:
    """A query in parts. `prefix` is the last word, if nothing follows it: it may be unfinished.

    `literal` are the words between quotation marks: they are meant as they are written.
    """

    words: tuple[str, ...] = ()
    prefix: str | None = None
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    literal: frozenset[str] = frozenset()


def parse(text: str) -> Asked:
    """`"two words"` is a phrase that must occur, `-word` must not; everything else is words, in small letters."""
    text = text[:_MAX_CHARACTERS].lower()
    words: list[str] = []
    phrases, excluded, literal = [], [], set[str]()
    for part in _PART.finditer(text):
        found = _WORD.findall(part["phrase"] or part["word"] or "")
        if part["minus"]:
            excluded.append(" ".join(found))
        else:
            words.extend(found)
            literal.update(found if part["phrase"] else ())
            phrases.extend([" ".join(found)] if len(found) > 1 else [])
    unfinished = words[-1] if words and text.endswith(words[-1]) else None
    return Asked(
        tuple(dict.fromkeys(words))[:MAX_WORDS],
        unfinished,
        tuple(phrases),
        tuple(filter(None, excluded)),
        frozenset(literal),
    )


@dataclass(frozen=True)
class Term:
    """A word as the index knows it. `exact` are its own lexemes, `near` those of words that it begins, `same` texts of
    tsqueries for what means the same.

    The weights say how telling they are: inverse document frequencies. At most `passages` have any of them.
    """

    word: str
    exact: tuple[str, ...]
    near: tuple[str, ...] = ()
    exact_weight: float = 0.0
    near_weight: float = 0.0
    same: tuple[str, ...] = ()
    same_weight: float = 0.0
    passages: int = 0

    @property
    def query(self) -> str:
        """Text of a tsquery that finds any of them; empty where the index has none."""
        return " | ".join(filter(None, [tsquery((*self.exact, *self.near)), *self.same]))


@dataclass(frozen=True)
class Terms:
    """The terms to search, and what was corrected to get them. An exclusion says what must not occur, and no more."""

    terms: tuple[Term, ...]
    corrections: Mapping[str, str]
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]
    is_exclusion: bool

    @property
    def query(self) -> str:
        """Text of a tsquery that finds any term; empty where the index has none."""
        return " | ".join(term.query for term in self.terms if term.query)


def tsquery(lexemes: Iterable[str], operator: str = "|") -> str:
    """Text of a tsquery; lexemes are quoted, so nothing in them is syntax."""
    return f" {operator} ".join(
        "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'" for lexeme in lexemes
    )


@dataclass(frozen=True)
class _Known:
    """A word, its lexemes, and how many passages have them; None if none has."""

    word: str
    lexemes: tuple[str, ...]
    passages: int | None
    is_stop: bool


@dataclass(frozen=True)
class Vocabulary:
    """What words mean in this index. `is_personal_shown` adds the words that only personal texts have."""

    is_personal_shown: bool

    def terms(self, asked: Asked) -> Terms:
        """The words as the index has them. Stop words are left out, words that nothing has are corrected or kept."""
        total = self._total()
        found: list[Term] = []
        corrections: dict[str, str] = {}
        same = synonyms(asked.words, is_personal_shown=self.is_personal_shown)
        for known in self._known(asked.words):
            others = same.get(known.word, ())
            term = self._term(known, total, is_prefix=known.word == asked.prefix, same=others)
            is_correctable = not term.query and known.word not in asked.literal
            if is_correctable and (better := self._correction(known)):
                corrections[known.word] = better
                term = self._term(self._known([better])[0], total, is_prefix=False)
            if term.query or not known.is_stop:
                found.append(term)
        return Terms(
            tuple(found), corrections, asked.phrases, asked.excluded, bool(asked.excluded and not asked.words)
        )

    def shared(self, entity: str, key: str) -> Terms:
        """The most telling words of a record that are in others, too. Nobody learns of a name by it: only public words
        count, and none of a title that is masked."""
        total = self._total()
        words = rows(_SHARED, {"entity": entity, "key": key, "most": _MOST_SHARED})
        terms = tuple(
            Term(lexeme, (lexeme,), exact_weight=_weight(passages, total), passages=passages)
            for lexeme, passages in words
        )
        return Terms(terms, {}, (), (), is_exclusion=False)

    def _term(self, known: _Known, total: int, *, is_prefix: bool, same: Sequence[Synonym] = ()) -> Term:
        exact = known.lexemes if known.passages else ()
        near = self._begun_by(known) if is_prefix and len(known.word) >= _SHORTEST_PREFIX else {}
        return Term(
            known.word,
            exact,
            tuple(near),
            _weight(known.passages or 0, total),
            _weight(sum(near.values()), total),
            tuple(each.query for each in same),
            _weight(sum((each.passages for each in same), known.passages or 0), total),
            (known.passages or 0) + sum(near.values()) + sum(each.passages for each in same),
        )

    def _total(self) -> int:
        return int(rows(_TOTAL, {})[0][0])

    def _known(self, words: Sequence[str]) -> list[_Known]:
        known = rows(_KNOWN, self._params(words=list(words)))
        return [_Known(word, tuple(lexemes), passages, is_stop) for word, lexemes, passages, is_stop in known]

    def _begun_by(self, known: _Known) -> Mapping[str, int]:
        """Lexemes of the commonest words that begin with this one, and their passages."""
        return dict(rows(_BEGUN_BY, self._params(prefix=known.word + "%", exact=list(known.lexemes))))

    def _correction(self, known: _Known) -> str | None:
        """The word of the index that takes the fewest changes of a letter; the commoner one of two."""
        allowed = 0 if known.is_stop or len(known.word) < _SHORTEST_TYPO else 1 + (len(known.word) >= _LONG)
        near = rows(_SIMILAR, self._params(word=known.word)) if allowed else []
        ranked = [(OSA.distance(known.word, word), -passages, word) for word, passages in near]
        distance, _, best = min(ranked, default=(allowed + 1, 0, None))
        return best if distance <= allowed else None

    def _params(self, **params: Any) -> dict[str, Any]:
        return {**params, "personal": self.is_personal_shown}


_SHORTEST_PREFIX = 2
_SHORTEST_TYPO = 4
_LONG = 6

_MOST_SHARED = 12

_TOTAL = """
SELECT CASE WHEN reltuples >= 10000 THEN reltuples::bigint ELSE (SELECT count(*) FROM search_searchdocument) END
FROM pg_class WHERE oid = 'search_searchdocument'::regclass
"""
"""Counting many takes longer than their number matters; PostgreSQL has an estimate of it from time to time."""

_KNOWN = """
SELECT asked.word, own.lexemes, counted.passages::bigint, stems.lexemes = '{}'
FROM unnest(%(words)s::text[]) WITH ORDINALITY AS asked (word, n)
CROSS JOIN LATERAL (SELECT tsvector_to_array(to_tsvector('english', asked.word))) AS stems (lexemes)
CROSS JOIN LATERAL (
    SELECT CASE WHEN %(personal)s AND asked.word <> ALL(stems.lexemes) THEN stems.lexemes || asked.word
    ELSE stems.lexemes END
) AS own (lexemes)
CROSS JOIN LATERAL (
    SELECT sum(passages) FROM search_searchterm AS term
    WHERE term.lexeme = ANY(own.lexemes) AND (%(personal)s OR NOT term.is_personal)
) AS counted (passages)
ORDER BY asked.n
"""

_SHARED = """
SELECT own.lexeme, sum(term.passages)::bigint FROM (
    SELECT DISTINCT unnest(tsvector_to_array(
        CASE WHEN personal_title IS NULL THEN text_vector ELSE ts_filter(text_vector, '{b}') END
    )) AS lexeme
    FROM search_searchdocument WHERE entity = %(entity)s AND entity_id = %(key)s
) AS own JOIN search_searchterm AS term ON term.lexeme = own.lexeme AND NOT term.is_personal
GROUP BY own.lexeme HAVING sum(term.passages) > 1 ORDER BY 2, 1 LIMIT %(most)s
"""

_BEGUN_BY = """
SELECT lexeme, sum(passages)::bigint FROM search_searchterm
WHERE word LIKE %(prefix)s AND lexeme <> ALL(%(exact)s::text[]) AND (%(personal)s OR NOT is_personal)
GROUP BY lexeme ORDER BY 2 DESC, 1 LIMIT 20
"""

_SIMILAR = """
SELECT word, sum(passages)::bigint FROM search_searchterm
WHERE word %% %(word)s AND (%(personal)s OR NOT is_personal)
GROUP BY word ORDER BY similarity(word, %(word)s) DESC, word LIMIT 20
"""


def _weight(passages: int, total: int) -> float:
    """Inverse document frequency as in BM25: ln(1 + (N - n + 0.5) / (n + 0.5))."""
    return math.log(1 + max(total - passages + 0.5, 0.5) / (passages + 0.5))
