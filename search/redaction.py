"""What must not reach the index: contact and account details for nobody, names for those who may not see them."""

import re
from collections.abc import Iterable

from lakehouse_project.kernel.masking import MASK

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SENSITIVE = re.compile(
    r"""
    [\w.+-]+@[\w-]+(?:\.[\w-]+)+                                # e-mail address
    | \b[A-Z]{2}\d{2}(?:\ ?[A-Z0-9]{4}){2,7}(?:\ ?[A-Z0-9]{1,3})?\b  # IBAN
    | (?<![\w+])\+\d[\d\ ().-]{6,}\d\b                          # international telephone number
    | \(?\b\d{3}\)?[\ .-]\d{3}[\ .-]\d{4}\b                     # North American telephone number
    | \b\d{9,}\b                                                # account number
    """,
    re.VERBOSE,
)
_SUSPECT = re.compile(r"@|\d{3}|\+\d|[A-Z]{2}\d")
"""Each detail has one of these. Most texts have none, and looking for them takes a sixth of the time."""
_SHORTEST_NAME = 3
_TELEPHONE = re.compile(r"[+\d(][\d\s().\-/x]{6,}")
_OWN_DIGITS = 8
"""A number of a telephone is known by its last digits, with or without the codes of country and area in front."""
_SEPARATORS = r"[\s().\-/]{0,2}"


def without_contacts(text: str, known: Iterable[str] = ()) -> str:
    """`text` without anything shaped like a contact or account detail, and without the `known` ones.

    A known telephone number is hidden however its digits are grouped.
    """
    values = tuple(filter(None, known))
    readable = _CONTROL.sub(" ", text)
    shapeless = _SENSITIVE.sub(MASK, readable) if _SUSPECT.search(readable) else readable
    return _hide_telephones(_hide(shapeless, values), values)


def without_names(text: str, names: Iterable[str]) -> str:
    """`text` without the full names and without their single words of three letters or more."""
    parts = (part for name in names for part in (name, *name.split()) if len(part) >= _SHORTEST_NAME)
    return _hide(text, parts)


def _hide_telephones(text: str, known: Iterable[str]) -> str:
    numbers = {re.sub(r"\D", "", value)[-_OWN_DIGITS:] for value in known if _TELEPHONE.fullmatch(value)}
    patterns = [_SEPARATORS.join(number) for number in sorted(numbers) if len(number) == _OWN_DIGITS]
    if not patterns:
        return text
    return re.sub(rf"(?<![\w+])[+(]?(?:\d{_SEPARATORS}){{0,7}}(?:{'|'.join(patterns)})(?!\w)", MASK, text)


def _hide(text: str, values: Iterable[str]) -> str:
    """Longest first; blanks of any kind and number between the words."""
    wanted = sorted({value.strip() for value in values} - {""}, key=len, reverse=True)
    if not wanted:
        return text
    patterns = (r"\s+".join(map(re.escape, value.split())) for value in wanted)
    return re.sub(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", MASK, text, flags=re.IGNORECASE)
