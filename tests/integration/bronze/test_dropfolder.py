"""The drop folder, by its own clock."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from bronze.dropfolder import DropFolder
from bronze.models import SourceFile
from bronze.repositories import SourceFiles, dataset_names
from bronze.services import ReceiveFiles
from bronze.services.inbox import WatchInbox
from bronze.tasks import load_received
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.test_load import BROKEN

pytestmark = pytest.mark.django_db


@dataclass
class Inbox:
    path: Path
    watch: WatchInbox
    now: float = 0.0

    def put(self, name: str, content: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.watch.step(self.now)

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*") if path.is_file())


@pytest.fixture
def inbox(tmp_path: Path, db: None) -> Inbox:
    path = tmp_path / "inbox"
    path.mkdir()
    return Inbox(path, watcher(path, settle_seconds=3))


def watcher(path: Path, settle_seconds: float) -> WatchInbox:
    return WatchInbox(
        inbox=DropFolder(root=path),
        receive=resolve(ReceiveFiles),
        files=resolve(SourceFiles),
        datasets=dataset_names,
        settle_seconds=settle_seconds,
    )


def received() -> list[tuple[str, str]]:
    return list(SourceFile.objects.order_by("id").values_list("name", "dataset_id"))


def test_a_file_is_taken_once_it_has_settled_and_moved_once_it_is_loaded(inbox: Inbox) -> None:
    inbox.put("jobs.csv", "id,job\n1,Clerk\n")
    inbox.wait(0)
    inbox.wait(2.9)
    assert received() == []
    inbox.wait(0.2)
    assert received() == [("jobs.csv", "jobs")]
    inbox.wait(1)
    assert inbox.left() == ["jobs.csv"]  # not loaded yet
    load_received()
    inbox.wait(1)
    assert inbox.left() == ["done/jobs.csv"]
    inbox.wait(10)
    assert SourceFile.objects.get().received_via == "folder"


def test_a_file_that_grows_waits(inbox: Inbox) -> None:
    path = inbox.put("jobs.csv", "id,job\n1,Cl")
    for _ in range(5):
        inbox.wait(2)
        with path.open("a") as out:
            out.write("erk\n2,Co")
    assert received() == []
    inbox.wait(2)
    inbox.wait(3)
    assert received() == [("jobs.csv", "jobs")]


def test_what_is_refused_is_set_aside_with_the_reason(inbox: Inbox) -> None:
    inbox.put("strange.csv", "a,b\n1,2\n")
    inbox.wait(0)
    inbox.wait(3)
    assert inbox.left() == ["failed/strange.csv", "failed/strange.csv.reason.txt"]
    assert "strange.csv" in (inbox.path / "failed/strange.csv.reason.txt").read_text()


def test_a_file_keeps_its_name_though_the_watcher_was_killed_before_it_moved(inbox: Inbox) -> None:
    aside, reason = inbox.path / "failed/strange.csv", inbox.path / "failed/strange.csv.reason.txt"
    inbox.put("strange.csv", "a,b\n1,2\n")
    inbox.wait(0)
    inbox.wait(3)
    said = reason.read_text()
    for begun in (said, said[:9], ""):  # all that is in `failed` when it is killed
        reason.write_text(begun)
        aside.rename(inbox.path / "strange.csv")
        inbox.wait(0)
        inbox.wait(3)
        assert inbox.left() == ["failed/strange.csv", "failed/strange.csv.reason.txt"]
        assert reason.read_text() == said
    reason.write_text("What people wrote there.")
    aside.rename(inbox.path / "strange.csv")
    inbox.wait(0)
    inbox.wait(3)
    assert "failed/strange-2.csv" in inbox.left()
    assert reason.read_text() == "What people wrote there."


def test_a_file_that_cannot_be_loaded_fails_too(inbox: Inbox) -> None:
    inbox.put("jobs.json", BROKEN)
    inbox.wait(0)
    inbox.wait(3)
    load_received()
    inbox.wait(1)
    assert inbox.left() == ["failed/jobs.json", "failed/jobs.json.reason.txt"]
    assert "not valid JSON" in (inbox.path / "failed/jobs.json.reason.txt").read_text()


def test_the_same_name_again_is_kept_beside(inbox: Inbox) -> None:
    for number in range(3):
        inbox.put("jobs.csv", f"id,job\n{number},Clerk\n")
        inbox.wait(0)
        inbox.wait(3)
        load_received()
        inbox.wait(1)
    assert inbox.left() == ["done/jobs-2.csv", "done/jobs-3.csv", "done/jobs.csv"]
    inbox.put("jobs.csv", "id,job\n0,Clerk\n")  # the same bytes as the first: nothing to load
    inbox.wait(0)
    inbox.wait(3)
    inbox.wait(1)
    assert inbox.left()[2] == "done/jobs-4.csv"
    assert SourceFile.objects.count() == 3


def test_unfinished_and_hidden_files_are_ignored(inbox: Inbox) -> None:
    for name in ("jobs.csv.part", "jobs.csv.PARTIAL", "a.tmp", ".hidden.csv", "unknown/jobs.csv"):
        inbox.put(name, "id,job\n1,Clerk\n")
    inbox.wait(0)
    inbox.wait(10)
    assert received() == []
    (inbox.path / "jobs.csv.part").rename(inbox.path / "jobs.csv")
    inbox.wait(0)
    inbox.wait(3)
    assert received() == [("jobs.csv", "jobs")]


def test_a_folder_named_like_a_data_set_says_what_its_files_are(inbox: Inbox) -> None:
    inbox.put("jobs/list.csv", "id,name\n1,Clerk\n")
    inbox.put("departments/list.csv", "id,name\n1,Sales\n")
    inbox.wait(0)
    inbox.wait(3)
    assert received() == [("list.csv", "departments"), ("list.csv", "jobs")]
    load_received()
    inbox.wait(1)
    assert inbox.left() == ["done/list-2.csv", "done/list.csv"]


@pytest.mark.parametrize("name", ["jobs\u202egpj.csv", "jobs\n.csv", "jobs ü 漢.csv"])
def test_odd_names_are_taken_and_set_aside_under_themselves(inbox: Inbox, name: str) -> None:
    """What turns text around or cannot be seen is shown as what it is."""
    inbox.put(name, "id,job\n1,Clerk\n")
    inbox.wait(0)
    inbox.wait(3)
    load_received()
    inbox.wait(1)
    assert inbox.left() == [f"done/{name}"]
    (shown,) = SourceFile.objects.values_list("name", flat=True)
    assert shown.isprintable()


def test_the_doctor_names_folders_in_which_nothing_is_taken(inbox: Inbox) -> None:
    for name in ("jobs", "jbos", "done", "failed", ".hidden", "Users"):
        (inbox.path / name).mkdir(parents=True, exist_ok=True)
    assert DropFolder(root=inbox.path).strange(dataset_names()) == ["Users", "jbos"]


def test_a_file_that_is_replaced_while_it_is_loaded_is_taken_again(inbox: Inbox) -> None:
    inbox.put("jobs.csv", "id,job\n1,Clerk\n")
    inbox.wait(0)
    inbox.wait(3)
    inbox.put("jobs.csv", "id,job\n1,Clerk\n2,Cook\n")
    load_received()
    inbox.wait(1)
    assert inbox.left() == ["jobs.csv"]
    inbox.wait(3)
    load_received()
    inbox.wait(1)
    assert inbox.left() == ["done/jobs.csv"]
    assert SourceFile.objects.count() == 2


def test_a_watcher_that_starts_anew_goes_on(inbox: Inbox) -> None:
    inbox.put("jobs.csv", "id,job\n1,Clerk\n")
    inbox.wait(0)
    inbox.wait(3)
    load_received()
    anew = watcher(inbox.path, settle_seconds=0)
    anew.step(0)
    anew.step(1)
    assert inbox.left() == ["done/jobs.csv"]
    assert SourceFile.objects.count() == 1


def test_a_file_that_cannot_be_moved_holds_up_no_other(inbox: Inbox) -> None:
    inbox.put("done", "a file where the folder should be")
    inbox.put("failed/x", "")
    inbox.put("departments.csv", "id,department\n1,Sales\n")
    inbox.put("jobs.csv", "id,job\n1,Clerk\n")
    inbox.wait(0)
    inbox.wait(3)
    load_received()
    inbox.wait(1)
    assert {"departments.csv", "jobs.csv"} <= set(inbox.left())
    (inbox.path / "done").unlink(missing_ok=True)
    inbox.wait(1)
    assert {"done/departments.csv", "done/jobs.csv"} <= set(inbox.left())


def test_files_taken_away_are_forgotten(inbox: Inbox) -> None:
    path = inbox.put("jobs.csv", "id,job\n1,Clerk\n")
    inbox.wait(0)
    path.unlink()
    inbox.wait(1)
    inbox.put("jobs.csv", "id,job\n1,Clerk\n")
    inbox.wait(5)
    assert received() == []
    inbox.wait(3)
    assert len(received()) == 1
