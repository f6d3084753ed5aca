"""Excerpts of found texts as HTML: everything escaped, what matched between `<mark>`."""

from html import escape

OPEN, CLOSE = "\x02", "\x03"
"""What PostgreSQL puts around a match. No indexed text has these characters: projection removes them."""

_EXCERPT_WORDS = 40


def marked(text: str) -> str:
    """Escaped HTML of a text with OPEN and CLOSE around its matches."""
    return escape(text).replace(OPEN, "<mark>").replace(CLOSE, "</mark>")


def unmarked(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")


def excerpt(text: str) -> str:
    """The beginning of a text."""
    words = text.split(maxsplit=_EXCERPT_WORDS)
    return " ".join(words[:_EXCERPT_WORDS]) + (" …" if len(words) > _EXCERPT_WORDS else "")
