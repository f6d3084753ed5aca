"""Tasks of the bronze queue."""

from contextlib import suppress
from datetime import date

from celery import shared_task

from bronze.documents import Documents
from bronze.file_runs import settled
from bronze.repositories import SourceFiles
from bronze.services import ExtractWanted, LoadTracked, ReadScans, SeedLake
from bronze.services.rates import RUN as RATES_RUN
from bronze.services.rates import FetchRates
from bronze.staged import StagedFiles
from governance.backoff import is_resting
from governance.errors import OperationCancelled
from governance.feed import NothingToDo
from governance.services import track
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve


@shared_task(name="bronze.load_file")
def load_file(file_id: int) -> None:
    """Load a received file. One that cannot be loaded says so on its receipt and its run: trying again would not help."""
    resolve(LoadTracked)(file_id)


@shared_task(name="bronze.load_received")
def load_received() -> None:
    """Load what was received but not announced, such as when the broker was down; remove what nobody gave the word for."""
    for file_id in settled():
        load_file(file_id)
    tried: set[int] = set()
    while due := [file_id for file_id in resolve(SourceFiles).waiting() if file_id not in tried]:
        for file_id in due:
            load_file(file_id)
        tried.update(due)
    extract_wanted()
    resolve(StagedFiles).sweep()


@shared_task(name="bronze.extract_wanted")
def extract_wanted() -> None:
    """Read the text of documents anew where somebody has asked for it."""
    resolve(ExtractWanted)()


@shared_task(name="bronze.read_scans")
def read_scans() -> None:
    """Read scanned documents that wait; the clock sends this only where OCR is switched on."""
    if not resolve(Documents).scanned():
        return
    with suppress(NothingToDo), track("ocr") as run:
        run.counts = {"documents": resolve(ReadScans)()}
        if not run.counts["documents"]:
            raise NothingToDo("What reads them is missing.")


@shared_task(name="bronze.fetch_rates")
def fetch_rates(
    run_id: str | None = None, since: str | None = None, until: str | None = None, user_id: int | None = None
) -> None:
    """Fetch exchange rates: those that somebody wants (`run_id`), or the newest, unless the source has just failed."""
    if run_id is None and is_resting(RATES_RUN):
        return
    with suppress(LakehouseError), track(RATES_RUN, run_id=run_id) as run:
        fetched = resolve(FetchRates)(since=_day(since), until=_day(until), user_id=user_id)
        run.counts, run.message = fetched.counts, fetched.note


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@shared_task(name="bronze.seed")
def seed_lake(run_id: str, scale: float, seed: int) -> None:
    """Generate and receive a first data set; the run tells how far it is."""
    with suppress(OperationCancelled), track("seed", run_id=run_id) as run:
        files = resolve(SeedLake)(scale=scale, seed=seed, on_progress=run.report)
        run.counts = {"files": len(files), "rows": sum(file.rows for file in files)}
