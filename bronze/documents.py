"""Documents and their pages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from bronze.contracts import DOCUMENTS
from bronze.documents_text import Page
from bronze.domain import DocumentFacts, PageText, ReceivedFile
from bronze.errors import DocumentNotFound
from bronze.models import Document, DocumentPage
from lakehouse_project.kernel.rows import Rows

FACTS: Mapping[str, Any] = {
    "name": F("source_file__name"),
    "media_type": F("source_file__media_type"),
    "size": F("source_file__size"),
    "linked_by_name": F("linked_by__username"),
}
OWN = tuple(name for name in DocumentFacts.model_fields if name not in (*FACTS, "linked_by"))
PDF = "application/pdf"
PAGES_LISTED = 10
SHA256 = re.compile(r"[0-9a-f]{64}")


class Documents:
    """Documents and their pages."""

    def store(
        self, sha256: str, *, file_id: int, pages: Sequence[tuple[int, str, str]], owner: str, **values: Any
    ) -> None:
        """Replace the document and its pages: (number from 1, text, error). `owner`: the user that the text names.

        A document that belongs to a user, and one that somebody has said belongs to nobody, stays so.
        """
        known = Document.objects.filter(sha256=sha256).first()
        is_settled = known is not None and (known.user_id or known.linked_at)
        values |= {"source_file_id": file_id, "page_count": len(pages), "ocr_at": None}
        values |= {} if is_settled else {"user_id": owner}
        document, _ = Document.objects.update_or_create(sha256=sha256, defaults=values)
        document.pages.all().delete()
        DocumentPage.objects.bulk_create(
            [
                DocumentPage(document=document, number=number, text=text, error=error)
                for number, text, error in pages
            ]
        )

    def rows(self, *, status: str | None, user_id: str | None, deleted: bool) -> Rows:
        """Documents, newest first."""
        rows = Document.objects.filter(is_deleted=deleted)
        rows = rows.filter(status=status) if status else rows
        rows = rows if user_id is None else rows.filter(user_id=user_id)
        return Rows(rows, ("-created_at", "sha256"), OWN, FACTS).each(_facts)

    def get(self, sha256: str) -> DocumentFacts:
        """Raises `DocumentNotFound`. Deleted ones are found."""
        for row in _values(_named(sha256)):
            return _facts(row)
        raise DocumentNotFound(f"There is no document {sha256!r}. A document is named by its whole SHA-256.")

    def of_users(self, sha256s: Sequence[str]) -> set[str]:
        """Those of the documents that belong to a user."""
        rows = Document.objects.filter(sha256__in=sha256s).exclude(user_id="")
        return set(rows.values_list("sha256", flat=True))

    def with_status(self, files: Sequence[ReceivedFile]) -> list[ReceivedFile]:
        """The files, those that are documents with how their text was read."""
        hashes = [file.sha256 for file in files if file.dataset == DOCUMENTS]
        rows = Document.objects.filter(sha256__in=hashes) if hashes else Document.objects.none()
        known = {row[0]: row[1:] for row in rows.values_list("sha256", "status", "message")}
        return [_with_status(file, *known.get(file.sha256, (None, ""))) for file in files]

    def hold(self, sha256: str) -> DocumentFacts:
        """As `get`, and the row is locked for the transaction."""
        _named(sha256).select_for_update().first()
        return self.get(sha256)

    def pages(self, sha256: str) -> Rows:
        """Pages in order."""
        rows = DocumentPage.objects.filter(document=sha256)
        columns = ("number", "text", "error", "is_ocr")
        return Rows(rows, ("number",), columns).each(lambda row: PageText(**row))

    def link(self, sha256: str, user_id: str, *, by: int | None) -> None:
        """`user_id`: empty for nobody. `by`: who says so."""
        _named(sha256).update(user_id=user_id, linked_by_id=by, linked_at=timezone.now())

    def set_deleted(self, sha256: str, *, deleted: bool) -> None:
        _named(sha256).update(is_deleted=deleted)

    def want_text(self, sha256: str) -> None:
        """The text is to be read anew; the old one stays until then, but is not searched."""
        _named(sha256).update(status=Document.Status.PENDING, message="")

    def keep_text(self, sha256: str) -> None:
        """The text is not to be read anew after all."""
        has_text = DocumentPage.objects.filter(document=sha256).exclude(text="").exists()
        _named(sha256).filter(status=Document.Status.PENDING).update(
            status=Document.Status.OK if has_text else Document.Status.NO_TEXT,
            message="Reading it anew was cancelled: this is what was read before.",
        )

    def wanted(self) -> list[str]:
        """Documents whose text is to be read anew."""
        rows = Document.objects.filter(status=Document.Status.PENDING).order_by("created_at")
        return list(rows.values_list("sha256", flat=True))

    def claim_wanted(self, sha256: str) -> Document | None:
        """Lock it for the transaction; None if it is read already, or another worker has it."""
        rows = _named(sha256).filter(status=Document.Status.PENDING).select_related("source_file")
        return rows.select_for_update(skip_locked=True, of=("self",)).first()

    def scanned(self) -> list[str]:
        """PDF documents that lack text and whose pages have not been read from their picture yet."""
        rows = Document.objects.filter(
            status__in=(Document.Status.NO_TEXT, Document.Status.PARTIAL),
            source_file__media_type=PDF,
            ocr_at=None,
            is_deleted=False,
        )
        return list(rows.order_by("created_at").values_list("sha256", flat=True))

    def note(self, documents: Sequence[str], sentence: str) -> None:
        """Say something of documents, in place of what was said before."""
        Document.objects.filter(sha256__in=documents).exclude(message=sentence).update(message=sentence)

    def textless_pages(self, sha256: str) -> list[int]:
        rows = DocumentPage.objects.filter(document=sha256).order_by("number")
        return [number for number, text in rows.values_list("number", "text") if not text.strip()]

    def add_text(self, sha256: str, page: Page, *, owner: str) -> None:
        """The text of a page from its picture. A document that nobody has spoken for belongs to `owner`."""
        rows = DocumentPage.objects.filter(document=sha256, number=page.number)
        rows.update(text=page.text, error=page.error or "", is_ocr=bool(page.text))
        if owner:
            _named(sha256).filter(user_id="", linked_at=None).update(user_id=owner)

    def finish_scan(self, document: DocumentFacts) -> None:
        """Say what came of it, unless the text has been read anew meanwhile."""
        pages = DocumentPage.objects.filter(document=document.sha256).order_by("number")
        read = list(pages.filter(is_ocr=True).values_list("number", flat=True))
        failed = list(pages.exclude(error="").values_list("number", flat=True))
        sentences = [f"Text by OCR: {_listed(read)}." if read else "OCR found no text."]
        sentences += [f"Not read: {_listed(failed)}."] if failed else []
        has_text = len(self.textless_pages(document.sha256)) < document.page_count
        status = Document.Status.PARTIAL if failed else Document.Status.OK
        _named(document.sha256).filter(status=document.status).update(
            status=status if has_text else Document.Status.NO_TEXT,
            message=" ".join(sentences),
            ocr_at=timezone.now(),
        )

    def lose(self, sha256: str, message: str) -> None:
        """Its bytes are gone; the text that was read before stays."""
        _named(sha256).update(status=Document.Status.CORRUPT, message=message)


def _named(sha256: str) -> QuerySet[Document]:
    return Document.objects.filter(sha256=sha256 if SHA256.fullmatch(sha256) else "")


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:PAGES_LISTED]))
    return (
        f"page{'s' if len(numbers) > 1 else ''} {shown}{' and more' if len(numbers) > PAGES_LISTED else ''}"
    )


def _values(rows: QuerySet[Document]) -> Any:
    return rows.values(*OWN, **FACTS)


def _facts(row: Mapping[str, Any]) -> DocumentFacts:
    return DocumentFacts(linked_by=row["linked_by_name"], **row)


def _with_status(file: ReceivedFile, status: str | None, message: str) -> ReceivedFile:
    known = {"document_status": status, "document_message": message}
    return file if file.dataset != DOCUMENTS else file.model_copy(update=known)
