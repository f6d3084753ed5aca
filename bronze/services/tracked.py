"""Loading a file as a run that whoever sent it looks after."""

from contextlib import suppress
from dataclasses import dataclass

from bronze.contracts import DOCUMENTS
from bronze.domain import ReceivedFile
from bronze.file_runs import is_due, is_unwanted
from bronze.repositories import SourceFiles
from bronze.services.intake import LoadDocuments, LoadFile
from bronze.services.receiving import INGEST, inputs_of
from governance.errors import OperationCancelled
from governance.feed import NothingToDo
from governance.models import Run
from governance.services import goes_on, track
from lakehouse_project.kernel.errors import PermanentError


@dataclass(frozen=True, kw_only=True)
class LoadTracked:
    """Load a received file, and tell its run; further attempts after an unforeseen error are runs of their own."""

    files: SourceFiles
    load: LoadFile
    documents: LoadDocuments

    def __call__(self, file_id: int) -> None:
        """Does nothing for one that is loaded or whose turn has not come."""
        file = self.files.get(file_id)
        operation = goes_on(str(file.operation)) if file.operation else None
        if not self._has_work(file, operation):
            return
        inputs = inputs_of(file)
        with suppress(NothingToDo, PermanentError), track(INGEST, run_id=operation, **inputs) as run:
            run.result = {"location": f"/bronze/files/{file_id}"}
            self._work(file, run)

    def _has_work(self, file: ReceivedFile, operation: str | None) -> bool:
        """Whether the file is to be loaded, or its run to be told what has become of it."""
        if file.state != "received":
            return operation is not None
        if is_unwanted(file.id):
            with suppress(OperationCancelled):
                self.load(file.id)  # it says that it is not wanted, and marks it
            return operation is not None
        return is_due(file.id)

    def _work(self, file: ReceivedFile, run: Run) -> None:
        if file.state != "received":  # it was loaded together with others
            run.counts = {"documents": 1} if file.dataset == DOCUMENTS else file.receipt.model_dump()
            run.state, run.message = (
                (Run.State.FAILED, file.error) if file.state == "failed" else (run.state, "")
            )
        elif file.dataset == DOCUMENTS:
            run.counts = self._documents(file.id)
        else:
            run.counts = self._rows(file.id, run)

    def _rows(self, file_id: int, run: Run) -> dict[str, int]:
        receipt = self.load(file_id, run.report)
        if receipt is None:
            raise NothingToDo("The file is loaded, or being loaded.")
        return receipt.model_dump()

    def _documents(self, file_id: int) -> dict[str, int]:
        loaded = self.documents(file_id)
        if not loaded:
            raise NothingToDo("The documents are loaded, or being loaded.")
        return {"documents": loaded}
