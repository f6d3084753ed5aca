"""Documents and their pages."""

from collections.abc import Sequence
from typing import Any

from bronze.models import Document, DocumentPage


class Documents:
    """Documents and their pages."""

    def store(
        self, sha256: str, *, file_id: int, pages: Sequence[tuple[int, str, str]], **values: Any
    ) -> None:
        """Replace the document and its pages: (number from 1, text, error)."""
        values |= {"source_file_id": file_id, "page_count": len(pages), "is_deleted": False}
        document, _ = Document.objects.update_or_create(sha256=sha256, defaults=values)
        document.pages.all().delete()
        DocumentPage.objects.bulk_create(
            [
                DocumentPage(document=document, number=number, text=text, error=error)
                for number, text, error in pages
            ]
        )
