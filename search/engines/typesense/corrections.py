"""Which words of a query the server took for others: it does not say so, but marks what matched instead."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rapidfuzz.distance import OSA

from search.engines.terms import Asked, parse

_SHORTEST_TYPO = 4
_MOST_CHANGES = 2
"""Both as the server has them by default: shorter words are never taken for others, and none for one further away."""


def corrections(asked: Asked, marks: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Words as asked to words that were found instead, by the `highlight`s of the hits.

    A word is told only if no hit has it and some have one that is near enough and was not asked for. A synonym that is no
    further away than that looks the same.
    """
    found = _matched(marks)
    unmet = [word for word in asked.words if not any(_is_met(asked, word, token) for token in found)]
    others = [token for token in found if not any(_is_met(asked, word, token) for word in asked.words)]
    nearest = {word: _nearest(asked, word, others) for word in unmet if len(word) >= _SHORTEST_TYPO}
    return {word: token for word, token in nearest.items() if token is not None}


def _matched(marks: Iterable[Mapping[str, Any]]) -> list[str]:
    """What matched in titles and texts, each word once, the best hit first."""
    tokens = (
        token
        for mark in marks
        for field in ("title", "body")
        for matched in (mark.get(field) or {}).get("matched_tokens", ())
        for token in parse(matched).words
    )
    return list(dict.fromkeys(tokens))


def _is_met(asked: Asked, word: str, token: str) -> bool:
    plain, held = _plain(word), _plain(token)
    return plain == held or (word == asked.prefix and held.startswith(plain))


def _nearest(asked: Asked, word: str, tokens: Sequence[str]) -> str | None:
    """The one that takes the fewest changes; an unfinished word is compared with the beginning as well."""

    def changes(token: str) -> int:
        whole = OSA.distance(word, token)
        return min(whole, OSA.distance(word, token[: len(word)])) if word == asked.prefix else whole

    best = min(tokens, key=changes, default=None)
    return best if best is not None and changes(best) <= _MOST_CHANGES else None


def _plain(word: str) -> str:
    """Without the accents, which make no difference to the server."""
    return "".join(each for each in unicodedata.normalize("NFKD", word) if not unicodedata.combining(each))
