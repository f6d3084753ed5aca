"""Text of documents: every file gets a status, and a file that kills the reader kills only its own reading."""

import os
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from bronze.documents_text import (
    DocumentJob,
    ExtractedDocument,
    ExtractLimits,
    extract_document,
    extract_documents,
)


def make_pdf(path: Path, pages: int = 3, text: str = "Hello page", password: str | None = None) -> Path:
    pdf = FPDF()
    pdf.set_title("A title")
    pdf.set_author("Ann Author")
    if password is not None:
        pdf.set_encryption(owner_password="owner", user_password=password)
    pdf.set_font("Helvetica", size=12)
    for number in range(1, pages + 1):
        pdf.add_page()
        if text:
            pdf.multi_cell(0, 10, f"{text} {number}")
    pdf.output(str(path))
    return path


def pdf(path: Path, **limits: float) -> ExtractedDocument:
    return extract_document(DocumentJob(path, "pdf"), ExtractLimits(**limits))


def test_a_pdf(tmp_path):
    found = pdf(make_pdf(tmp_path / "a.pdf"))
    assert (found.status, found.title, found.author, found.message) == ("ok", "A title", "Ann Author", "")
    assert [(page.number, page.text) for page in found.pages] == [
        (1, "Hello page 1"),
        (2, "Hello page 2"),
        (3, "Hello page 3"),
    ]


def test_passwords(tmp_path):
    assert pdf(make_pdf(tmp_path / "a.pdf", password="secret")).status == "encrypted"
    assert pdf(make_pdf(tmp_path / "b.pdf", password="")).status == "ok"


def test_damaged_and_blank(tmp_path):
    whole = make_pdf(tmp_path / "a.pdf").read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[: len(whole) // 3])
    (tmp_path / "junk.pdf").write_bytes(b"%PDF-1.4\njunk")
    assert pdf(tmp_path / "cut.pdf").status == "corrupt"
    assert "damaged" in pdf(tmp_path / "junk.pdf").message
    assert pdf(tmp_path / "missing.pdf").status == "corrupt"
    assert pdf(make_pdf(tmp_path / "blank.pdf", text="")).status == "no_text"


def test_limits_keep_the_pages_before(tmp_path):
    path = make_pdf(tmp_path / "a.pdf", pages=5)
    assert (pdf(path, pages=2).status, len(pdf(path, pages=2).pages)) == ("limit", 2)
    assert "first 1 of 5" in pdf(path, text_chars=5).message


def test_a_reader_that_takes_too_long_or_too_much_is_stopped(tmp_path):
    path = tmp_path / "slow.pdf"
    writer = PdfWriter()
    page = writer.add_blank_page(100, 100)
    stream = DecodedStreamObject()
    stream.set_data(b"BT /F1 12 Tf " + b"(x) Tj 1 0 0 1 5 5 Tm " * 400_000 + b"ET")
    page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(path)
    assert pdf(path, seconds=0.05).status == "timeout"


def test_a_file_that_loses_the_child_does_not_take_others_along(tmp_path):
    good = make_pdf(tmp_path / "good.pdf")
    fifo = tmp_path / "fifo.pdf"
    os.mkfifo(fifo)  # reading it never ends
    jobs = [DocumentJob(path, "pdf") for path in (good, fifo, good)]
    found = [
        (job.path.name, document.status)
        for job, document in extract_documents(jobs, ExtractLimits(seconds=3))
    ]
    assert found == [("good.pdf", "ok"), ("fifo.pdf", "timeout"), ("good.pdf", "ok")]


@pytest.mark.parametrize(
    ("data", "title", "pages"),
    [
        ("intro\n\n# The title #\ntext\n", "The title", ["intro\n\n# The title #\ntext\n"]),
        ("\n First line\nsecond", "First line", ["\n First line\nsecond"]),
        ("one\fx\x00y\f \ffour", "one", ["one", "xy", "four"]),
    ],
)
def test_text(tmp_path, data, title, pages):
    (tmp_path / "a").write_text(data)
    found = extract_document(DocumentJob(tmp_path / "a", "text"))
    assert (found.status, found.title, [page.text for page in found.pages]) == ("ok", title, pages)


def test_text_limits_and_encodings(tmp_path):
    (tmp_path / "a").write_bytes("Köln".encode("utf-16"))
    assert extract_document(DocumentJob(tmp_path / "a", "text", "utf-16")).pages[0].text == "Köln"
    found = extract_document(DocumentJob(tmp_path / "a", "text", "utf-16"), ExtractLimits(text_chars=2))
    assert (found.status, found.pages[0].text) == ("limit", "Kö")
    (tmp_path / "a").write_text(" \f ")
    assert extract_document(DocumentJob(tmp_path / "a", "text")).status == "no_text"
