"""Cut long text into passages that a reader can take in and an embedder can tell apart."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

PASSAGE_WORDS = 120
OVERLAP_WORDS = PASSAGE_WORDS // 5

_PARAGRAPH = re.compile(r"\n\s*\n")
_WORD = re.compile(r"\S{1,200}")
"""What has no blank for longer than that, such as encoded data, is cut: PostgreSQL indexes 1 MB of a passage at most."""


@dataclass(frozen=True, slots=True)
class Passage:
    """`number` counts from 0 over the whole document; `page` is the page that the text is on, if any."""

    number: int
    page: int | None
    text: str


def cut(pages: Iterable[tuple[int | None, str]]) -> Iterator[Passage]:
    """Passages of about 120 words of (page number, text) pairs. A passage never crosses a page."""
    numbers = count()
    for page, text in pages:
        for words in _windows(_paragraphs(text)):
            yield Passage(next(numbers), page, " ".join(words))


def _paragraphs(text: str) -> Iterator[list[str]]:
    for paragraph in _PARAGRAPH.split(text):
        if words := _WORD.findall(paragraph):
            yield words


def _windows(paragraphs: Iterable[list[str]]) -> Iterator[list[str]]:
    """Fill up to PASSAGE_WORDS, ending at a paragraph where one ends near; repeat the last fifth in the next."""
    held: list[str] = []
    fresh = 0  # words of `held` that no passage has shown yet
    for words in paragraphs:
        if fresh and len(held) + len(words) > PASSAGE_WORDS and len(held) >= PASSAGE_WORDS // 2:
            yield held
            held, fresh = held[-OVERLAP_WORDS:], 0
        held, fresh = held + words, fresh + len(words)
        while len(held) > PASSAGE_WORDS + OVERLAP_WORDS:
            yield held[:PASSAGE_WORDS]
            held = held[PASSAGE_WORDS - OVERLAP_WORDS :]
            fresh = len(held) - OVERLAP_WORDS
    if fresh:
        yield held
