"""Documents: contracts, policies, manuals, reports and CVs as PDF of one to four pages, some as plain text or Markdown."""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import numpy as np
from fpdf import FPDF

from bronze.seeding import timeline
from bronze.seeding.files import SeedFile
from bronze.seeding.people import FIRST_USER, Population
from bronze.seeding.places import PLACES
from bronze.seeding.prose import GENERAL, TOPICS, Topic
from bronze.seeding.recipe import Recipe
from bronze.seeding.titles import DEPARTMENTS, EMPLOYERS, JOBS
from bronze.seeding.wares import CATEGORIES

T = TypeVar("T")

FOLDER = "documents"
LINES_PER_PAGE = 42
LINE_CHARACTERS = 86
LINE_MILLIMETRES = 5.6
MARGIN_MILLIMETRES = 22
MOST_ROUNDS = 6
PLAIN_EVERY = 10

THINGS = tuple(thing for category in CATEGORIES for thing, _ in category.things)


@dataclass(frozen=True)
class Document:
    """`lines` of text, wrapped; an empty line ends a paragraph. `stem` is the file name without its suffix."""

    stem: str
    title: str
    author: str
    created: datetime
    lines: tuple[str, ...]


def write_documents(
    folder: Path, recipe: Recipe, people: Population, at_scale_one: int
) -> Iterator[SeedFile]:
    """One file per document, in a folder of their own; each has random numbers of its own."""
    target = folder / FOLDER
    target.mkdir(exist_ok=True)
    for number in range(recipe.documents(at_scale_one)):
        rng = recipe.stream("documents", number)
        document = compose(number, people, rng)
        suffix = _suffix(number)
        path = target / f"{document.stem}.{suffix}"
        path.write_bytes(RENDERERS[suffix](document))
        yield SeedFile(path, "documents", 1, 0)


def _suffix(number: int) -> str:
    """Every tenth document is plain text or Markdown in turn."""
    turn, rest = divmod(number + 1, PLAIN_EVERY)
    return "pdf" if rest else ("txt", "md")[turn % 2]


def compose(number: int, people: Population, rng: np.random.Generator) -> Document:
    """The text of document `number`. Personal ones name their user in a line `User: <user_id>`."""
    topic = TOPICS[number % len(TOPICS)]
    user = int(rng.integers(0, people.size))
    name = " ".join(people.name(user))
    slots = Slots(rng, name)
    subject = slots.subject(topic)
    title = f"{topic.title}: {subject}"
    created = datetime(2020, 1, 6, 9, tzinfo=UTC) + timedelta(days=int(rng.integers(0, timeline.DAYS - 10)))
    about = [f"User: {user + FIRST_USER}"] if topic.is_personal else []
    head = [f"Date: {created:%Y-%m-%d}", *about, ""]
    stem = f"{number + 1:04}-{topic.title.lower().replace(' ', '-')}"
    return Document(stem, title, slots.author, created, (*head, *_body(topic, slots, rng)))


class Slots:
    """What stands in the slots of the sentences; {name}, {job} and {company} stay the same all through a document."""

    def __init__(self, rng: np.random.Generator, name: str) -> None:
        self._rng = rng
        self.name = name
        self.company = self._one_of(EMPLOYERS)
        self.job = self._one_of(JOBS).title
        self.author = f"{self._one_of(DEPARTMENTS)} team"
        self._choices: dict[str, Callable[[], str]] = {
            "name": lambda: self.name,
            "company": lambda: self.company,
            "other": lambda: self._one_of(EMPLOYERS),
            "city": lambda: self._one_of(PLACES)[1].name,
            "job": lambda: self.job,
            "former": lambda: self._one_of(JOBS).title,
            "department": lambda: self._one_of(DEPARTMENTS),
            "thing": lambda: self._one_of(THINGS),
            "year": lambda: str(2020 + self._below(5)),
            "amount": lambda: f"{20 + self._below(900)},{self._below(10)}00 dollars",
            "percent": lambda: str(2 + self._below(28)),
            "days": lambda: str(5 + self._below(85)),
            "number": lambda: str(2 + self._below(9)),
        }

    def subject(self, topic: Topic) -> str:
        if topic.is_personal:
            return self.name
        return self._one_of((self._one_of(THINGS), self._one_of(PLACES)[1].name, self.company))

    def fill(self, sentence: str) -> str:
        """Each slot drawn anew, also where a sentence has the same one twice."""
        text, *rest = sentence.split("{")
        for piece in rest:
            slot, after = piece.split("}", 1)
            text += self._choices[slot]() + after
        return text[0].upper() + text[1:]

    def _below(self, limit: int) -> int:
        return int(self._rng.integers(0, limit))

    def _one_of(self, values: tuple[T, ...]) -> T:
        return values[self._below(len(values))]


def _body(topic: Topic, slots: Slots, rng: np.random.Generator) -> Iterator[str]:
    """Each section in one to six rounds, so that documents differ in length."""
    rounds = int(rng.integers(1, MOST_ROUNDS + 1))
    for number, (heading, sentences) in enumerate(topic.sections.items(), start=1):
        yield from (f"{number}. {heading}", "")
        for _ in range(rounds):
            yield from textwrap.wrap(_paragraph(sentences, slots, rng), LINE_CHARACTERS)
            yield ""


def _paragraph(sentences: tuple[str, ...], slots: Slots, rng: np.random.Generator) -> str:
    chosen = rng.permutation(len(sentences))[: max(2, len(sentences) - 1)].tolist()
    general = rng.integers(0, len(GENERAL), 2).tolist()
    texts = [*(sentences[number] for number in chosen), *(GENERAL[number] for number in general)]
    return " ".join(slots.fill(text) for text in texts)


def render_pdf(document: Document) -> bytes:
    """PDF without compression, since zlib's bytes differ between machines."""
    pdf = FPDF(format="A4")
    pdf.set_compression(False)
    pdf.set_auto_page_break(False)
    pdf.set_title(document.title)
    pdf.set_author(document.author)
    pdf.set_creation_date(document.created)
    for start in range(0, len(document.lines), LINES_PER_PAGE):
        pdf.add_page()
        _draw_page(pdf, document, document.lines[start : start + LINES_PER_PAGE])
    return bytes(pdf.output())


def _draw_page(pdf: FPDF, document: Document, lines: tuple[str, ...]) -> None:
    if pdf.page == 1:
        pdf.set_font("Helvetica", "B", 15)
        pdf.text(MARGIN_MILLIMETRES, MARGIN_MILLIMETRES, document.title)
    pdf.set_font("Helvetica", size=10.5)
    for number, line in enumerate(lines):
        if line:
            pdf.text(MARGIN_MILLIMETRES, MARGIN_MILLIMETRES + 10 + number * LINE_MILLIMETRES, line)
    pdf.text(MARGIN_MILLIMETRES, 288, f"Page {pdf.page}")


def render_text(document: Document) -> bytes:
    return "\n".join([document.title, "", f"Author: {document.author}", *document.lines]).encode()


def render_markdown(document: Document) -> bytes:
    """Markdown: headings of sections are the lines that start with their number."""
    lines = (f"## {line}" if line[:1].isdigit() and line[1:3] == ". " else line for line in document.lines)
    return "\n".join([f"# {document.title}", "", f"Author: {document.author}", *lines]).encode()


RENDERERS: dict[str, Callable[[Document], bytes]] = {
    "pdf": render_pdf,
    "txt": render_text,
    "md": render_markdown,
}
