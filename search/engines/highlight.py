"""Excerpts of found texts as HTML, with what matched between `<mark>`."""

from html import unescape

OPEN, CLOSE = "\x02", "\x03"
"""What PostgreSQL puts around a match; characters that no shown text has."""

_EXCERPT_WORDS = 40


def marked(escaped: str) -> str:
    """HTML of an escaped text with OPEN and CLOSE around its matches."""
    return escaped.replace(OPEN, "<mark>").replace(CLOSE, "</mark>")


def unmarked(html: str) -> str:
    """The plain text of what `marked` made."""
    return unescape(html.replace("<mark>", "").replace("</mark>", ""))


def excerpt(text: str) -> str:
    """The beginning of a text."""
    words = text.split(maxsplit=_EXCERPT_WORDS)
    return " ".join(words[:_EXCERPT_WORDS]) + (" …" if len(words) > _EXCERPT_WORDS else "")
