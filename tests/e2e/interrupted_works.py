"""The pieces of work that `tests.e2e.interrupted` does and breaks off. Each is given the folder with the files for it."""

from pathlib import Path

from bronze.dropfolder import DropFolder
from bronze.models import RawRecord
from bronze.repositories import SourceFiles, dataset_names
from bronze.services import ChangeRecord, ReceiveFile, ReceiveFiles
from bronze.services.inbox import WatchInbox
from bronze.tasks import load_received
from gold.tasks import refresh
from lakehouse_project.kernel.services import resolve
from search.tasks import project
from silver.tasks import refine


def receive(folder: Path) -> None:
    """Send every file that is there."""
    for path in sorted(folder.iterdir()):
        resolve(ReceiveFile)(path, name=path.name.partition("-")[2], via="command")


def load(_folder: Path) -> None:
    """What a worker does when it starts."""
    load_received()


def watch(folder: Path) -> None:
    """What the watcher of the drop folder does, beside a worker: take what lies there, and set it aside once loaded."""
    watcher = WatchInbox(
        inbox=DropFolder(root=folder.with_name("inbox")),
        receive=resolve(ReceiveFiles),
        files=resolve(SourceFiles),
        datasets=dataset_names,
        settle_seconds=0,
    )
    watcher.step(0)
    load_received()
    watcher.step(1)


def edit(_folder: Path) -> None:
    """An edit of staff on a record, and one that makes a record bad."""
    resolve(ChangeRecord)("jobs", "2", {"job": "Chief clerk"})
    assert RawRecord.objects.get(dataset="jobs", key="2").patch == {"job": "Chief clerk"}


def refine_all(_folder: Path) -> None:
    refine()


def refresh_all(_folder: Path) -> None:
    refresh()


def project_all(_folder: Path) -> None:
    project()
