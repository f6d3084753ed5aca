"""Tasks of the bronze queue."""

from celery import shared_task

from bronze.contracts import DOCUMENTS
from bronze.repositories import SourceFiles
from bronze.services import LoadDocuments, LoadFile
from governance.services import track
from lakehouse_project.kernel.errors import PermanentError
from lakehouse_project.kernel.services import resolve


@shared_task(name="bronze.load_file")
def load_file(file_id: int) -> None:
    """Load a received file; a file that cannot be loaded says so on its receipt and its run."""
    file = resolve(SourceFiles).get(file_id)
    if file.state != "received":
        return
    try:
        with track("ingest", file=file_id, name=file.name, dataset=file.dataset) as run:
            if file.dataset == DOCUMENTS:
                run.counts = {"documents": resolve(LoadDocuments)(file_id)}
            elif receipt := resolve(LoadFile)(file_id):
                run.counts = receipt.model_dump()
    except PermanentError:
        return  # recorded on the file and on the run: trying again would not help


@shared_task(name="bronze.load_received")
def load_received() -> None:
    """Load what was received but not announced, such as when the broker was down."""
    for file_id in resolve(SourceFiles).waiting():
        load_file(file_id)
