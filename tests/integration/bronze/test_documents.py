"""PDF and text files: pages, the user they belong to, and documents that cannot be read."""

import pytest
from django.conf import settings
from fpdf import FPDF

from bronze.models import Document, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import LoadDocuments
from bronze.services.receiving import storage_key
from bronze.tasks import load_file
from governance.models import Run
from lake.storage import LocalStorage
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake

pytestmark = pytest.mark.django_db


def pdf(*pages: str, title: str = "") -> bytes:
    document = FPDF()
    document.set_title(title)
    document.set_font("Helvetica")
    for text in pages:
        document.add_page()
        document.multi_cell(0, text=text)
    return bytes(document.output())


def test_documents_with_pages_and_their_user(intake: Intake) -> None:
    contract = intake.receive(
        "contract.pdf", pdf("User: 1001\nFirst page", "Second page", title="Contract of Ada")
    )
    note = intake.receive("note.md", "# Travel policy\n\nTrains only.\fSecond page\n")
    assert [file.dataset for file in (contract, note)] == ["documents", "documents"]
    assert resolve(LoadDocuments)(contract.id) == 2

    documents = {document.title: document for document in Document.objects.all()}
    ada = documents["Contract of Ada"]
    assert (ada.status, ada.page_count, ada.user_id, ada.source_file_id) == ("ok", 2, "1001", contract.id)
    assert [(page.number, page.text.split()[-2:]) for page in ada.pages.all()] == [
        (1, ["First", "page"]),
        (2, ["Second", "page"]),
    ]
    assert (documents["Travel policy"].user_id, documents["Travel policy"].page_count) == ("", 2)
    receipts = [resolve(SourceFiles).get(file.id).receipt for file in (contract, note)]
    assert [(receipt.read, receipt.inserted) for receipt in receipts] == [(1, 1), (1, 1)]


def test_a_document_again_is_the_earlier_one(intake: Intake) -> None:
    first = intake.receive("a.pdf", content := pdf("Hello"))
    load_file(first.id)
    assert intake.receive("b.pdf", content).repeated
    assert resolve(LoadDocuments)(first.id) == 0
    load_file(first.id)
    assert Run.objects.filter(kind="ingest").count() == 1


def test_a_corrupt_pdf_is_loaded_and_says_so(intake: Intake) -> None:
    broken = intake.receive("broken.pdf", b"%PDF-1.7\nnot really")
    good = intake.receive("good.pdf", pdf("Hello"))
    assert resolve(LoadDocuments)(broken.id) == 2
    by_file = {document.source_file_id: document for document in Document.objects.all()}
    assert by_file[broken.id].status == "corrupt"
    assert by_file[broken.id].message
    assert by_file[good.id].status == "ok"
    told = {file.id: resolve(SourceFiles).get(file.id).detected[-1] for file in (broken, good)}
    assert told[broken.id].startswith("text when first read: corrupt. The PDF is damaged")
    assert "text when" not in told[good.id]


def test_a_document_that_is_lost_holds_up_no_other(intake: Intake) -> None:
    lost, good = intake.receive("lost.txt", "Lost words."), intake.receive("good.txt", "Good words.")
    LocalStorage(root=settings.LAKEHOUSE_HOME / "storage").delete(storage_key(lost.sha256))
    assert resolve(LoadDocuments)(lost.id) == 1
    assert {file.name: file.state for file in SourceFile.objects.all()} == {
        "lost.txt": "failed",
        "good.txt": "loaded",
    }
    assert resolve(SourceFiles).get(good.id).error == ""


def test_an_error_of_ours_keeps_what_was_stored_before(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each document is a transaction of its own, closed before the error goes on."""
    first, second = intake.receive("1.txt", "First words."), intake.receive("2.txt", "x" * 300)
    monkeypatch.setattr("bronze.services.intake.USER_LINE", Picky())
    with pytest.raises(RuntimeError, match="bug"):
        resolve(LoadDocuments)(first.id)
    assert resolve(SourceFiles).get(first.id).state == "loaded"
    assert resolve(SourceFiles).get(second.id).state == "received"
    assert SourceFile.objects.get(pk=second.id).attempts == 1


class Picky:
    """A bug that only one document meets."""

    def search(self, text: str) -> None:
        if text.startswith("xxx"):
            raise RuntimeError("bug")
