"""Documents after they are loaded: whose they are, their text read anew, deleted and restored."""

from dataclasses import dataclass

from bronze.documents import Documents
from bronze.documents_text import extract_document
from bronze.domain import DocumentFacts
from bronze.errors import OriginalMissing, UnknownUser
from bronze.repositories import RawRecords
from bronze.services.intake import job_of, original_of, stored_values
from bronze.transactions import atomic
from governance.errors import OperationCancelled
from governance.feed import NothingToDo
from governance.models import Run
from governance.services import enqueue_once, goes_on, latest, track
from lake.storage import Storage
from lakehouse_project.kernel.events import EventBus

USERS = "users"
EXTRACT = "extract"
"""The kind of runs that read the text of a document anew."""


@dataclass(frozen=True, kw_only=True)
class LinkDocument:
    """Say which user a document belongs to, or that it belongs to none. It is personal data as a whole then."""

    documents: Documents
    records: RawRecords
    events: EventBus

    def __call__(self, sha256: str, user_id: str, *, by: int | None) -> DocumentFacts:
        """`user_id`: key of a user, empty for none. Raises `DocumentNotFound`, `UnknownUser`."""
        with atomic():
            before = self.documents.hold(sha256)
            if user_id and not self.records.exists(USERS, user_id):
                raise UnknownUser(f"There is no user {user_id!r}: load or add the user first.")
            if before.user_id != user_id or before.linked_at is None:
                self.documents.link(sha256, user_id, by=by)
                self.events.publish("bronze.changed")
        return self.documents.get(sha256)


@dataclass(frozen=True, kw_only=True)
class DeleteDocument:
    """Leave a tombstone: nothing is lost, but nobody finds it any more."""

    documents: Documents
    events: EventBus

    def __call__(self, sha256: str, *, deleted: bool = True) -> DocumentFacts:
        """`deleted=False` brings it back. Raises `DocumentNotFound`."""
        with atomic():
            before = self.documents.hold(sha256)
            if before.is_deleted != deleted:
                self.documents.set_deleted(sha256, deleted=deleted)
                self.events.publish("bronze.changed")
        return self.documents.get(sha256)


@dataclass(frozen=True, kw_only=True)
class ExtractAgain:
    """Ask for the text of a document to be read anew, as after a limit was raised."""

    documents: Documents
    storage: Storage
    events: EventBus

    def __call__(self, sha256: str, *, user_id: int | None = None) -> Run:
        """It is `pending` from now on. Raises `DocumentNotFound`, and `OriginalMissing` if there are no bytes to read."""
        with atomic():
            self.documents.hold(sha256)
            original_of(self.storage, sha256)
            run, _is_new = enqueue_once(EXTRACT, user_id=user_id, document=sha256)
            self.documents.want_text(sha256)
            self.events.publish("bronze.text_wanted")
        return run


@dataclass(frozen=True, kw_only=True)
class ExtractWanted:
    """Read the text of the documents for which that was asked."""

    documents: Documents
    storage: Storage
    events: EventBus

    def __call__(self) -> int:
        """How many were read."""
        read = [sha256 for sha256 in self.documents.wanted() if self._read_as_asked(sha256)]
        if read:
            self.events.publish("bronze.changed")
        return len(read)

    def _read_as_asked(self, sha256: str) -> bool:
        """Told by the run of who asked for it, if somebody did and has not thought better of it."""
        run = latest(EXTRACT, document=sha256)
        if run is None or goes_on(str(run.pk)) is None:
            return self._read(sha256)
        try:
            self._read_told(sha256, str(run.pk))
        except NothingToDo:
            return False
        except OperationCancelled:
            self.documents.keep_text(sha256)
            return False
        return True

    def _read_told(self, sha256: str, run_id: str) -> None:
        with track(EXTRACT, run_id=run_id) as run:
            if not self._read(sha256):
                raise NothingToDo("Another worker has it.")
            run.result = {"location": f"/bronze/documents/{sha256}"}

    def _read(self, sha256: str) -> bool:
        with atomic():
            document = self.documents.claim_wanted(sha256)
            if document is None:
                return False
            try:
                path = original_of(self.storage, sha256)
            except OriginalMissing as error:
                self.documents.lose(sha256, error.message)
                return True
            extracted = extract_document(job_of(document.source_file, path))
            self.documents.store(sha256, file_id=document.source_file_id, **stored_values(extracted))
            return True
