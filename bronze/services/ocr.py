"""Text of scanned documents."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bronze.documents import Documents
from bronze.documents_text import Page
from bronze.domain import DocumentFacts
from bronze.errors import OriginalMissing
from bronze.services.intake import original_of, owner_in
from bronze.transactions import atomic
from lake.storage import Storage
from lakehouse_project.kernel.events import EventBus


@dataclass(frozen=True, kw_only=True)
class ReadScans:
    """Read the pages without text of documents that have none, or lack some, from their picture.

    Each page is stored as it is read: a document of many pages takes hours, and goes on where it was stopped. Two
    workers would do the same work twice, so that one is enough; they do no harm.
    """

    documents: Documents
    storage: Storage
    events: EventBus
    lacking: Callable[[], str]
    read_page: Callable[[Path, int], Page]

    def __call__(self) -> int:
        """How many documents were read. What is missing on this machine is said of each that waits."""
        waiting = self.documents.scanned()
        if waiting and (sentence := self.lacking()):
            self.documents.note(waiting, sentence)
            return 0
        for sha256 in waiting:
            self._read(self.documents.get(sha256))
        return len(waiting)

    def _read(self, document: DocumentFacts) -> None:
        try:
            path = original_of(self.storage, document.sha256)
        except OriginalMissing as error:
            self.documents.lose(document.sha256, error.message)
            return
        for number in self.documents.textless_pages(document.sha256):
            page = self.read_page(path, number)
            with atomic():
                self.documents.add_text(document.sha256, page, owner=owner_in([page]))
        with atomic():
            self.documents.finish_scan(document)
            self.events.publish("bronze.changed")
