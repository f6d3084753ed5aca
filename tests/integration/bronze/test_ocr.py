"""Scanned documents, read by the real program where it is installed."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdfium2 import PdfDocument

from bronze import ocr
from bronze.documents_text import Page
from bronze.models import Document, DocumentPage
from bronze.services import ReadScans
from bronze.tasks import load_received, read_scans
from governance.models import Run
from lakehouse_project.kernel.services import resolve
from search.sources import Documents as SearchedDocuments
from tests.integration.bronze.intake import Intake
from tests.integration.bronze.test_documents import pdf

pytestmark = pytest.mark.django_db
installed = pytest.mark.skipif(shutil.which(ocr.PROGRAM) is None, reason="tesseract is not installed")


def scan(*pages: str) -> bytes:
    """A PDF whose pages are nothing but pictures of text; an empty one is a blank page."""
    document = FPDF()
    for text in pages:
        document.add_page()
        if text:
            picture = PdfDocument(pdf(text))[0].render(scale=2, grayscale=True).to_pil()
            document.image(picture, x=0, y=0, w=document.w)
    return bytes(document.output())


@pytest.fixture
def letter(intake: Intake) -> Document:
    intake.receive("letter.pdf", scan("The invoice was paid in March", "", "Kind regards from Lisbon"))
    load_received()
    return Document.objects.get()


def texts() -> dict[int, tuple[str, bool]]:
    return {page.number: (page.text, page.is_ocr) for page in DocumentPage.objects.all()}


@installed
def test_a_scan_becomes_text(letter: Document) -> None:
    assert (letter.status, letter.page_count) == ("no_text", 3)
    read_scans()
    letter.refresh_from_db()
    assert (letter.status, letter.message) == ("ok", "Text by OCR: pages 1, 3.")
    assert texts() == {
        1: ("The invoice was paid in March", True),
        2: ("", False),
        3: ("Kind regards from Lisbon", True),
    }
    (entry, *_) = SearchedDocuments().entries([letter.sha256])
    assert "invoice" in entry.body
    assert Run.objects.get(kind="ocr").counts == {"documents": 1}
    read_scans()
    assert Run.objects.filter(kind="ocr").count() == 1


@installed
def test_a_scan_that_names_its_user_is_personal_at_once(intake: Intake) -> None:
    intake.receive("contract.pdf", scan("User: 1001"))
    load_received()
    read_scans()
    assert Document.objects.get().user_id == "1001"


@installed
def test_nothing_to_read(intake: Intake) -> None:
    intake.receive("blank.pdf", scan("", ""))
    load_received()
    read_scans()
    document = Document.objects.get()
    assert (document.status, document.message) == ("no_text", "OCR found no text.")
    read_scans()
    assert Run.objects.filter(kind="ocr").count() == 1


@installed
@pytest.mark.parametrize(
    ("limits", "said"),
    [({"seconds": 0.01}, "longer than 0.01 seconds"), ({"memory_bytes": 150 * 2**20}, "OCR failed: ")],
)
def test_a_page_beyond_the_limits(tmp_path: Path, limits: dict[str, float], said: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(scan("Hello"))
    page = ocr.read_page(path, 1, "eng", replace(ocr.OcrLimits(), **limits))
    assert (page.text, said in str(page.error)) == ("", True)


@installed
def test_a_page_of_monstrous_size_is_drawn_coarser(tmp_path: Path) -> None:
    document = FPDF(unit="pt", format=(14_400, 14_400))
    document.add_page()
    document.set_font("Helvetica", size=1500)
    document.text(500, 5000, "HUGE")
    path = tmp_path / "huge.pdf"
    path.write_bytes(bytes(document.output()))
    assert ocr.read_page(path, 1, "eng").text == "HUGE"


@installed
def test_a_file_that_is_no_pdf(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7 broken")
    assert str(ocr.read_page(path, 1, "eng").error).startswith("OCR failed: ")


@installed
def test_a_language_that_is_not_there() -> None:
    assert ocr.lacking("eng") == ""
    assert ocr.lacking("eng+xxx") == "OCR lacks the language data of xxx for tesseract."


def test_a_machine_without_the_program(
    letter: Document, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for _ in range(2):
        read_scans()
    letter.refresh_from_db()
    assert (letter.status, letter.ocr_at) == ("no_text", None)  # it is tried again once there is the program
    assert letter.message == "OCR needs the program tesseract, which is not installed."
    assert not Run.objects.filter(kind="ocr").exists()


def test_pages_that_could_not_be_read_are_said(letter: Document) -> None:
    pages = {1: Page(1, "Hello"), 2: Page(2, "", "OCR took longer than 60 seconds."), 3: Page(3, "")}
    service = replace(resolve(ReadScans), lacking=lambda: "", read_page=lambda _path, number: pages[number])
    assert service() == 1
    letter.refresh_from_db()
    assert (letter.status, letter.message) == ("partial", "Text by OCR: page 1. Not read: page 2.")


def test_a_worker_that_was_killed_goes_on_with_the_next_page(letter: Document) -> None:
    asked = []

    def killed(_path: Path, number: int) -> Page:
        asked.append(number)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return Page(number, "Hello")

    service = replace(resolve(ReadScans), lacking=lambda: "", read_page=killed)
    with pytest.raises(KeyboardInterrupt):
        service()
    assert service() == 1
    assert asked == [1, 2, 2, 3]
