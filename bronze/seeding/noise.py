"""Untidiness that breaks no contract: blanks, case, typing errors, abbreviations."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from bronze.seeding.randomness import chance

Rewrite = Callable[[str, int], str]

SHORTEST_MISTYPED = 4

ABBREVIATIONS: Mapping[str, str] = {
    "Senior ": "Sr. ",
    "Junior ": "Jr ",
    "Manager": "Mgr",
    "Engineer": "Eng.",
    "Assistant": "Asst.",
    "Director": "Dir.",
    "Administrator": "Admin",
}


def shouted(text: str, _dice: int) -> str:
    return text.upper()


def lowered(text: str, _dice: int) -> str:
    return text.lower()


def padded(text: str, dice: int) -> str:
    return f"{text}  " if dice % 2 else f" {text}"


def mistyped(text: str, dice: int) -> str:
    """Two neighbouring letters swapped, never the first."""
    if len(text) < SHORTEST_MISTYPED:
        return text
    place = 1 + dice % (len(text) - 2)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def abbreviated(text: str, _dice: int) -> str:
    for word, short in ABBREVIATIONS.items():
        text = text.replace(word, short)
    return text


CARELESS: tuple[Rewrite, ...] = (shouted, lowered, padded)
FREE_TEXT: tuple[Rewrite, ...] = (*CARELESS, mistyped)
TITLES: tuple[Rewrite, ...] = (*FREE_TEXT, abbreviated, abbreviated)


def roughen(
    texts: pl.Series, rng: np.random.Generator, per_mille: int, rewrites: Sequence[Rewrite]
) -> pl.Series:
    """`texts` with about `per_mille` of them rewritten."""
    chosen = np.flatnonzero(chance(rng, per_mille, len(texts)))
    dice = rng.integers(0, 1 << 30, len(chosen)).tolist()
    kinds = rng.integers(0, len(rewrites), len(chosen)).tolist()
    good = texts.gather(chosen).to_list()
    rough = [rewrites[kind](text, number) for kind, text, number in zip(kinds, good, dice, strict=True)]
    return texts.scatter(chosen, pl.Series(rough, dtype=pl.String))
