"""Conforming of texts, as polars expressions over String columns. The original stays in the raw record."""

from collections.abc import Callable

import polars as pl

from lakehouse_project.kernel.parsing import present

_SMALL_WORDS = frozenset(
    {
        "a",
        "aan",
        "al",
        "am",
        "an",
        "and",
        "bei",
        "da",
        "de",
        "del",
        "den",
        "der",
        "des",
        "di",
        "do",
        "dos",
        "du",
        "e",
        "el",
    }
    | {
        "en",
        "et",
        "im",
        "in",
        "la",
        "las",
        "le",
        "les",
        "los",
        "of",
        "on",
        "op",
        "sur",
        "ten",
        "ter",
        "the",
        "und",
        "upon",
    }
    | {"van", "von", "y", "zu", "zum", "zur"}
)
"""Words that are small within a name, unless they begin it."""


def tidy(text: pl.Expr) -> pl.Expr:
    """Unicode NFC, one blank between words, none around; null if nothing is left."""
    return present(text.str.normalize("NFC").str.replace_all(r"\s+", " "))


def conform(text: pl.Expr) -> pl.Expr:
    """`tidy` in Unicode NFKC: what looks alike is alike, such as full-width letters and ligatures."""
    return present(text.str.normalize("NFKC").str.replace_all(r"\s+", " "))


def conform_person(text: pl.Expr) -> pl.Expr:
    """`conform`, and capitals where they belong in a name that is written all lower or all upper case."""
    return _each_once(conform(text), _capitalised)


def conform_city(text: pl.Expr) -> pl.Expr:
    """`conform_person`, and in a name of both cases small words small and the others with a capital."""
    return _each_once(conform(text), _city)


def conform_code(text: pl.Expr) -> pl.Expr:
    """`conform` in upper case: countries and currencies."""
    return conform(text).str.to_uppercase()


def conform_email(text: pl.Expr) -> pl.Expr:
    """`conform` in lower case. Mailboxes that differ by case alone do not exist in practice."""
    return conform(text).str.to_lowercase()


def fold(text: pl.Expr) -> pl.Expr:
    """`conform` regardless of case: what two spellings of one name have in common."""
    return conform(text).str.to_lowercase()


def best_spellings(spellings: pl.DataFrame) -> pl.DataFrame:
    """The spelling that a name is shown by: the most frequent one, of those one in both cases, of those the first.

    In: `key`, `spelling`, `count`, one row per spelling. Out: `key`, `spelling`. It does not depend on what came first.
    """
    spelling = pl.col("spelling")
    is_plain = (spelling == spelling.str.to_lowercase()) | (spelling == spelling.str.to_uppercase())
    order = [pl.col("key"), -pl.col("count"), is_plain, spelling]
    return spellings.sort(order).unique("key", keep="first", maintain_order=True).select("key", "spelling")


def _each_once(text: pl.Expr, function: Callable[[str], str]) -> pl.Expr:
    """`function` of each distinct text: names repeat."""

    def apply(texts: pl.Series) -> pl.Series:
        distinct = texts.unique().drop_nulls()
        return texts.replace_strict(distinct, [function(one) for one in distinct], return_dtype=pl.String)

    return text.map_batches(apply, return_dtype=pl.String)


def _capitalised(name: str) -> str:
    if name not in (name.lower(), name.upper()):
        return name
    return _joined([_capital(word) for word in name.lower().split(" ")])


def _city(name: str) -> str:
    if name in (name.lower(), name.upper()):
        return _capitalised(name)
    return _joined([_capital(word) if word.islower() else word for word in name.split(" ")])


def _joined(words: list[str]) -> str:
    return " ".join([words[0], *(w.lower() if w.lower() in _SMALL_WORDS else w for w in words[1:])])


def _capital(word: str) -> str:
    """`saint-étienne` -> `Saint-Étienne`, `o'brien` -> `O'Brien`, `'s-hertogenbosch` stays small in front."""
    parts = word.split("-")
    return "-".join("".join(_first_upper(part)) for part in parts)


def _first_upper(part: str) -> str:
    head, apostrophe, tail = part.replace("’", "'").partition("'")
    if apostrophe and len(head) == 1 and len(tail) > 1:
        return f"{head.upper()}'{tail[:1].upper()}{tail[1:]}"
    return part[:1].upper() + part[1:]
