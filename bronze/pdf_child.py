"""The child process that reads PDFs: `python -m bronze.pdf_child LIMITS`, driven by `bronze.documents_text`.

A request is a line of JSON with path and engine; the answer is a line per page and a last one with the status. The PDF
libraries are imported only here.
"""

import json
import os
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdfium2 import PdfDocument, PdfiumError

from bronze.documents_text import ENCRYPTED, MB, TITLE_LENGTH, Engine, ExtractLimits, Page, Status, storable


@dataclass
class _Reply:
    """What is known of one PDF so far. Pages are sent as they are read; a second reader may send one again."""

    limits: ExtractLimits
    send: Callable[[Mapping[str, Any]], None]
    status: Status = "ok"
    title: str = ""
    author: str = ""
    message: str = ""
    page_count: int = 0
    read: set[int] = field(default_factory=set)
    blank: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    size: int = 0

    def add(self, page: Page) -> None:
        self.read.add(page.number)
        self.size += len(page.text)
        for pages, is_in in ((self.blank, not page.text.strip()), (self.failed, page.error is not None)):
            if is_in:
                pages.add(page.number)
            else:
                pages.discard(page.number)
        self.send(asdict(page))

    @property
    def is_full(self) -> bool:
        return len(self.read) >= self.limits.pages or self.size >= self.limits.text_chars

    def finish(self, status: Status, message: str) -> None:
        self.status, self.message = status, message


def main(arguments: list[str]) -> None:
    limits = ExtractLimits(**json.loads(arguments[0]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        _limit_cpu(limits.seconds)
        _answer(Path(request["path"]), request["engine"], limits, answers)


def _limit_cpu(seconds: float) -> None:
    """A backstop for when the parent is gone: the limit counts the CPU time of the whole process."""
    used = time.process_time()
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 2, hard))


def _answer(path: Path, engine: Engine, limits: ExtractLimits, answers: TextIO) -> None:
    def send(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    reply = _Reply(limits, send)
    try:
        read_pdf(path, engine, reply)
    except MemoryError:
        reply.finish("limit", f"Reading needs more than {limits.memory_bytes // MB:,} MB of memory.")
    send({"status": reply.status, "title": reply.title, "author": reply.author, "message": reply.message})


def read_pdf(path: Path, engine: Engine, reply: _Reply) -> None:
    """pypdf first; pdfium for a file that pypdf cannot open and for pages where it finds nothing."""
    if engine == "pypdf":
        _read_with_pypdf(path, reply)
    if engine == "pdfium" or reply.status == "corrupt" or _has_gaps(reply):
        _read_with_pdfium(path, reply)
    if reply.status == "ok":
        _judge(reply)


def _has_gaps(reply: _Reply) -> bool:
    return reply.status == "ok" and (reply.blank == reply.read or bool(reply.failed))


def _judge(reply: _Reply) -> None:
    if len(reply.read) < reply.page_count:
        reply.finish("limit", f"Only the first {len(reply.read):,} of {reply.page_count:,} pages were kept.")
    elif reply.failed:
        numbers = sorted(reply.failed)
        shown = ", ".join(map(str, numbers[:10])) + (" and more" if len(numbers) > 10 else "")
        reply.finish("partial", f"Pages that could not be read: {shown}.")
    elif reply.blank == reply.read:
        reply.finish("no_text", "The PDF has no text, perhaps only scanned images.")


BAD_PDF = (
    ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError,
    ValueError, struct.error, zlib.error,
)  # fmt: skip
"""What pypdf raises on damaged files besides its own errors (seen on public PDFs)."""


def _read_with_pypdf(path: Path, reply: _Reply) -> None:
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            reply.finish("encrypted", ENCRYPTED)
            return
        reply.page_count = len(reader.pages)
        reply.title, reply.author = _fact(reader.metadata, "title"), _fact(reader.metadata, "author")
    except (PyPdfError, *BAD_PDF) as error:
        reply.finish("corrupt", f"The PDF is damaged: {error}")
        return
    for number in range(1, reply.page_count + 1):
        if reply.is_full:
            break
        reply.add(_pypdf_page(reader, number))


def _fact(metadata: Any, name: str) -> str:
    value = getattr(metadata, name, None)
    return storable(value).strip()[:TITLE_LENGTH] if isinstance(value, str) else ""


def _pypdf_page(reader: PdfReader, number: int) -> Page:
    try:
        return Page(number, storable(reader.pages[number - 1].extract_text()))
    except (PyPdfError, *BAD_PDF) as error:
        return Page(number, "", f"{type(error).__name__}: {error}"[:TITLE_LENGTH])


def _read_with_pdfium(path: Path, reply: _Reply) -> None:
    """Reads pages that are missing, blank or failed so far."""
    try:
        document = PdfDocument(path)
    except (PdfiumError, OSError) as error:
        if "password" in str(error).lower():
            reply.finish("encrypted", ENCRYPTED)
        elif not reply.read:
            reply.finish("corrupt", f"The PDF is damaged: {error}")
        return
    reply.finish("ok", "")
    reply.page_count = len(document)
    facts = document.get_metadata_dict()
    reply.title = reply.title or storable(facts.get("Title", "")).strip()[:TITLE_LENGTH]
    reply.author = reply.author or storable(facts.get("Author", "")).strip()[:TITLE_LENGTH]
    for number in range(1, reply.page_count + 1):
        is_wanted = number not in reply.read or number in reply.blank | reply.failed
        if is_wanted and not (reply.is_full and number not in reply.read):
            reply.add(_pdfium_page(document, number))


def _pdfium_page(document: PdfDocument, number: int) -> Page:
    try:
        return Page(number, storable(document[number - 1].get_textpage().get_text_range()))
    except PdfiumError as error:
        return Page(number, "", str(error)[:TITLE_LENGTH])


if __name__ == "__main__":
    main(sys.argv[1:])
