"""The task that writes an export. It is in gold's queue, which has little to do: it waits for no file that is loaded."""

from contextlib import suppress

from celery import shared_task

from governance.operations.results import ResultFiles
from governance.services import asker, track
from lakehouse_project.exports.domain import Wanted
from lakehouse_project.exports.services import WriteExport
from lakehouse_project.kernel.callers import on_behalf_of
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

EXPORT = "export"
"""The kind of runs that write a list to a file."""


@shared_task(name="gold.write_export")
def write_export(run_id: str) -> None:
    """Write what the run asks for; it says how it went."""
    with (
        suppress(LakehouseError),
        track(EXPORT, run_id=run_id) as run,
        resolve(ResultFiles).new(run_id) as path,
    ):
        wanted, caller = Wanted.model_validate(run.inputs), asker(run)
        with on_behalf_of(caller):
            written = resolve(WriteExport)(wanted, caller, path, run.report)
        run.counts = {"rows": written.rows, "bytes": written.size}
        run.result = {"name": written.name, "type": wanted.media_type, "needs": written.needs}
