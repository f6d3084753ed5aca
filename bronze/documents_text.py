"""Text of PDF and text files, page by page.

PDF readers loop, crash and eat memory on hostile files, so they run in a child process (this module as a program)
with limits on time and memory. One child serves many files, as starting it costs about as much as reading twenty
pages; when it dies only the file it was at has failed. The child gets one JSON line per file and answers with one
JSON line per page, so the pages before a failure are kept.
"""

import gzip
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Literal, cast

from bronze.readers.formats import Compression

Status = Literal["ok", "partial", "encrypted", "corrupt", "limit", "timeout", "no_text"]
Engine = Literal["pypdf", "pdfium"]

MB = 1024 * 1024
START_SECONDS = 120.0
TITLE_LENGTH = 200
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
ENCRYPTED = "The PDF needs a password."
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


@dataclass(frozen=True)
class ExtractLimits:
    """Per file; memory is the address space of the child."""

    seconds: float = 60.0
    memory_bytes: int = 2048 * MB
    pages: int = 5000
    text_chars: int = 50_000_000


@dataclass(frozen=True)
class DocumentJob:
    path: Path
    kind: Literal["pdf", "text"]
    encoding: str = "utf-8"
    compression: Compression = "none"
    """Of text; a PDF is stored unpacked."""


@dataclass(frozen=True)
class Page:
    """`error`: why the page has no text, or not all of it."""

    number: int
    text: str
    error: str | None = None


@dataclass(frozen=True)
class ExtractedDocument:
    """`partial`: some pages failed; `limit`, `timeout`: the pages up to then are kept. `message` is for people."""

    status: Status
    title: str = ""
    author: str = ""
    pages: tuple[Page, ...] = ()
    message: str = ""


def extract_document(job: DocumentJob, limits: ExtractLimits | None = None) -> ExtractedDocument:
    """Text of one file. Never raises for a bad file: its `status` tells."""
    return next(extracted for _, extracted in extract_documents([job], limits))


def extract_documents(
    jobs: Iterable[DocumentJob], limits: ExtractLimits | None = None
) -> Iterator[tuple[DocumentJob, ExtractedDocument]]:
    """Each file with its text, in order, as soon as it is there."""
    limits = limits or ExtractLimits()
    with _PdfWorkers(limits) as workers:
        for job in jobs:
            yield job, extract_text(job, limits) if job.kind == "text" else workers.extract(job.path)


def extract_text(job: DocumentJob, limits: ExtractLimits) -> ExtractedDocument:
    """Plain text or Markdown; form feeds part the pages."""
    with open_text(job) as stored:
        text = stored.read(limits.text_chars + 1)
    is_cut = len(text) > limits.text_chars
    pages = _text_pages(storable(text[: limits.text_chars].removeprefix("\ufeff")))
    if not pages:
        return ExtractedDocument("no_text", message="The file has no text.")
    message = f"Only the first {limits.text_chars:,} characters were kept." if is_cut else ""
    return ExtractedDocument("limit" if is_cut else "ok", _title(pages[0].text), "", pages, message)


def open_text(job: DocumentJob) -> IO[str]:
    """What is no text in the stated encoding is replaced."""
    unpack = gzip.open if job.compression == "gzip" else open
    return cast("IO[str]", unpack(job.path, "rt", encoding=job.encoding, errors="replace"))


def _text_pages(text: str) -> tuple[Page, ...]:
    parts = text.split("\f")
    return tuple(Page(number, part) for number, part in enumerate(parts, 1) if part.strip())


def _title(text: str) -> str:
    heading = HEADING.search(text)
    first_line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return (heading[1] if heading else first_line)[:TITLE_LENGTH]


def storable(text: str) -> str:
    """Without NULs and lone surrogates, which PostgreSQL cannot keep."""
    return UNSTORABLE.sub("", text)


def in_order(pages: Mapping[int, Page]) -> tuple[Page, ...]:
    return tuple(pages[number] for number in sorted(pages))


class _ChildLostError(Exception):
    """The child did not finish the file: it died or had to be killed."""

    def __init__(self, status: Status, message: str, pages: Mapping[int, Page]) -> None:
        super().__init__(message)
        self.document = ExtractedDocument(status, pages=in_order(pages), message=message)


class _PdfWorkers:
    """The current child, replaced when it is lost. A file that pypdf did not survive is tried once more by pdfium."""

    def __init__(self, limits: ExtractLimits) -> None:
        self._limits = limits
        self._child: _Child | None = None

    def __enter__(self) -> "_PdfWorkers":
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def extract(self, path: Path) -> ExtractedDocument:
        try:
            return self._ask(path, "pypdf")
        except _ChildLostError as first:
            try:
                second = self._ask(path, "pdfium")
            except _ChildLostError:
                return first.document
            return first.document if second.status == "corrupt" else second

    def _ask(self, path: Path, engine: Engine) -> ExtractedDocument:
        self._child = self._child or _Child(self._limits)
        try:
            return self._child.ask(path, engine)
        except _ChildLostError:
            self._drop()
            raise

    def _drop(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


class _Child:
    def __init__(self, limits: ExtractLimits) -> None:
        self._limits = limits
        self._rest = b""
        self._is_ready = False
        root = str(Path(__file__).resolve().parents[1])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # closed by close()
            [sys.executable, "-m", "bronze.pdf_child", json.dumps(asdict(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": paths},
        )

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, path: Path, engine: Engine) -> ExtractedDocument:
        pages: dict[int, Page] = {}
        if not self._is_ready:  # a busy machine may start slowly: that is not the time of the file
            self._line(time.monotonic() + START_SECONDS, pages)
            self._is_ready = True
        deadline = time.monotonic() + self._limits.seconds
        self._send({"path": str(path), "engine": engine}, pages)
        while True:
            answer = json.loads(self._line(deadline, pages))
            if "status" in answer:
                return ExtractedDocument(**answer, pages=in_order(pages))
            pages[answer["number"]] = Page(**answer)

    def _send(self, request: dict[str, str], pages: Mapping[int, Page]) -> None:
        if self._process.stdin is None:
            raise _ChildLostError("corrupt", "The PDF reader could not be started.", pages)
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise _ChildLostError("corrupt", "The PDF reader ended early.", pages) from None

    def _line(self, deadline: float, pages: Mapping[int, Page]) -> bytes:
        if self._process.stdout is None:
            raise _ChildLostError("corrupt", "The PDF reader could not be started.", pages)
        descriptor = self._process.stdout.fileno()
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            ready, _, _ = select.select([descriptor], [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                message = f"Reading took longer than {self._limits.seconds:g} seconds."
                raise _ChildLostError("timeout", message, pages)
            piece = os.read(descriptor, MB)
            if not piece:
                raise _ChildLostError("corrupt", "The PDF reader crashed on this file.", pages)
            parts.append(piece)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line
