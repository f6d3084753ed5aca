"""What means the same as the words of a query, by the groups that staff have entered."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from search.engines.reading import rows

_Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Synonym:
    """The text of a tsquery that finds it, and how many passages have all of its words, at most."""

    query: str
    passages: int


def synonyms(words: Sequence[str], *, is_personal_shown: bool) -> Mapping[str, Sequence[Synonym]]:
    """By word of a query: what stands for it, or for the words next to each other that it is one of.

    Only what the index has. One look at the groups, and a second one where a query has words of them.
    """
    others = _others(words, _groups(words)) if words else {}
    known = _known(sorted({other for each in others.values() for other in each}), is_personal_shown)
    found = {word: [known[other] for other in each if other in known] for word, each in others.items()}
    return {word: each for word, each in found.items() if each}


def _groups(words: Sequence[str]) -> list[Sequence[str]]:
    """The groups of which `words` have one, each spelled as the words of a query are."""
    return [spelled for (spelled,) in rows(_GROUPS, {"text": f" {' '.join(words)} "})]


def _others(words: Sequence[str], groups: Sequence[Sequence[str]]) -> Mapping[str, dict[str, None]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for group in groups:
        spelled = [tuple(each.split()) for each in group]
        for one in spelled:
            for word in _covered(words, one):
                found[word].update({" ".join(each): None for each in spelled if each and each != one})
    return found


def _covered(words: Sequence[str], one: _Words) -> Iterator[str]:
    """The words of a query, wherever `one` occurs in it."""
    for at in range(len(words) - len(one) + 1):
        if one == tuple(words[at : at + len(one)]):
            yield from one


def _known(others: Sequence[str], is_personal_shown: bool) -> Mapping[str, Synonym]:
    params = {"others": list(others), "personal": is_personal_shown}
    found = rows(_KNOWN, params) if others else []
    return {other: Synonym(query, passages) for other, query, passages in found}


_GROUPS = r"""
SELECT spelled FROM search_synonyms CROSS JOIN LATERAL (
    SELECT array_agg(btrim(regexp_replace(lower(word), '[\W_]+', ' ', 'g'))) FROM unnest(words) AS word
) AS group_of (spelled)
WHERE EXISTS (SELECT FROM unnest(spelled) AS word WHERE word <> '' AND strpos(%(text)s, ' ' || word || ' ') > 0)
ORDER BY name
"""

_KNOWN = """
SELECT other, phraseto_tsquery('english', other)::text, least_of.passages FROM unnest(%(others)s::text[]) AS other
CROSS JOIN LATERAL (
    SELECT min(coalesce(counted.passages, 0))::bigint
    FROM unnest(tsvector_to_array(to_tsvector('english', other))) AS own
    CROSS JOIN LATERAL (
        SELECT sum(term.passages) FROM search_searchterm AS term
        WHERE term.lexeme = own AND (%(personal)s OR NOT term.is_personal)
    ) AS counted (passages)
) AS least_of (passages)
WHERE least_of.passages > 0
"""
