"""What every inbox does with files, whatever it is made of."""

from typing import Any

import pytest

from bronze.errors import FileChanged
from bronze.models import Dataset, RawRecord, SourceFile
from bronze.tasks import load_received
from tests.contract.inbox.subjects import Subject, Watched

pytestmark = pytest.mark.django_db

JOBS = "id,job\n1,Clerk\n"


@pytest.fixture
def watched(subject: Any) -> Watched:
    return Watched(subject)


def received() -> list[tuple[str, str]]:
    return list(SourceFile.objects.order_by("id").values_list("name", "dataset_id"))


def test_a_file_is_taken_loaded_and_set_aside(watched: Watched) -> None:
    watched.subject.put("jobs.csv", JOBS)
    watched.look()
    watched.look()
    assert received() == [("jobs.csv", "jobs")]
    assert SourceFile.objects.get().received_via == watched.subject.inbox.via
    assert watched.subject.left() == ["jobs.csv"]
    load_received()
    watched.look()
    assert watched.subject.left() == ["done/jobs.csv"]
    assert watched.subject.read("done/jobs.csv") == JOBS
    watched.look(10)
    assert len(received()) == 1


def test_what_is_refused_is_set_aside_with_the_reason(watched: Watched) -> None:
    watched.subject.put("strange.csv", "a,b\n1,2\n")
    watched.subject.put("empty.csv", "")
    watched.look()
    watched.look()
    assert watched.subject.left() == [
        "failed/empty.csv",
        "failed/empty.csv.reason.txt",
        "failed/strange.csv",
        "failed/strange.csv.reason.txt",
    ]
    assert "strange.csv" in watched.subject.read("failed/strange.csv.reason.txt")
    assert "empty" in watched.subject.read("failed/empty.csv.reason.txt")


def test_what_cannot_be_loaded_fails_too(watched: Watched) -> None:
    watched.subject.put("jobs.csv", JOBS)
    watched.look()
    watched.look()
    SourceFile.objects.update(state="failed", error="It was no good.")
    watched.look()
    assert watched.subject.left() == ["failed/jobs.csv", "failed/jobs.csv.reason.txt"]
    assert watched.subject.read("failed/jobs.csv.reason.txt") == "It was no good.\n"


def test_nothing_is_overwritten(watched: Watched) -> None:
    for number in range(3):
        watched.subject.put("jobs.csv", f"id,job\n{number},Clerk\n")
        watched.look()
        watched.look()
        load_received()
        watched.look()
    assert watched.subject.left() == ["done/jobs-2.csv", "done/jobs-3.csv", "done/jobs.csv"]
    for _ in range(2):
        watched.subject.put("x.csv", "")
        watched.look()
        watched.look()
    assert "failed/x-2.csv.reason.txt" in watched.subject.left()


def test_what_is_not_finished_or_not_ours_is_left_alone(watched: Watched) -> None:
    names = ["jobs.csv.part", "jobs.csv.PARTIAL", ".hidden.csv", "unknown/jobs.csv", "jobs/deep/jobs.csv"]
    for name in names:
        watched.subject.put(name, JOBS)
    watched.look()
    watched.look()
    assert received() == []
    assert watched.subject.left() == sorted(names)


def test_a_folder_says_what_its_files_are(watched: Watched) -> None:
    Dataset.objects.create(name="visits", title="Visits")
    watched.subject.put("jobs/list.csv", "id,name\n1,Clerk\n")
    watched.subject.put("departments/list.csv", "id,name\n1,Sales\n")
    watched.look()
    watched.look()
    assert received() == [("list.csv", "departments"), ("list.csv", "jobs")]
    assert {drop.dataset for drop in watched.subject.inbox.waiting({"visits", "jobs"})} == {"jobs"}
    load_received()
    watched.look()
    assert watched.subject.left() == ["done/list-2.csv", "done/list.csv"]


def test_the_same_bytes_again_are_not_loaded_again(watched: Watched) -> None:
    for name in ("jobs.csv", "jobs again.csv"):
        watched.subject.put(name, JOBS)
        watched.look()
        watched.look()
        load_received()
        watched.look()
    assert watched.subject.left() == ["done/jobs again.csv", "done/jobs.csv"]
    assert len(received()) == 1


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_watcher_that_was_killed_goes_on(watched: Watched, is_loaded: bool) -> None:
    watched.subject.put("jobs.csv", JOBS)
    watched.look()
    watched.look()
    if is_loaded:
        load_received()
    watched.start_anew()
    watched.look()
    watched.look()
    load_received()
    watched.look()
    assert watched.subject.left() == ["done/jobs.csv"]
    assert (len(received()), RawRecord.objects.count()) == (1, 1)


def test_a_file_replaced_while_it_is_loaded_is_taken_again(watched: Watched) -> None:
    watched.subject.put("jobs.csv", JOBS)
    watched.look()
    watched.look()
    watched.subject.put("jobs.csv", JOBS + "2,Cook\n")
    load_received()
    watched.look()
    assert watched.subject.left() == ["jobs.csv"]
    watched.look()
    load_received()
    watched.look()
    assert watched.subject.left() == ["done/jobs.csv"]
    assert (len(received()), RawRecord.objects.count()) == (2, 2)


def test_a_file_that_changes_in_between_is_neither_read_nor_moved(subject: Subject) -> None:
    subject.put("jobs.csv", JOBS)
    (dropped,) = subject.inbox.waiting(())
    subject.put("jobs.csv", JOBS + "2,Cook\n")
    with pytest.raises(FileChanged), subject.inbox.fetched(dropped):
        pass
    with pytest.raises(FileChanged):
        subject.inbox.set_aside(dropped, "done")
    assert subject.left() == ["jobs.csv"]
    assert subject.read("jobs.csv") == JOBS + "2,Cook\n"


def test_a_file_taken_away_is_forgotten(watched: Watched) -> None:
    watched.subject.put("jobs.csv", JOBS)
    watched.look(0)
    watched.subject.take_away("jobs.csv")
    watched.look()
    watched.subject.put("jobs.csv", JOBS)
    watched.look()
    assert received() == []
    watched.look()
    watched.subject.take_away("jobs.csv")
    load_received()
    watched.look()
    assert (watched.subject.left(), len(received())) == ([], 1)


def test_an_undone_file_is_set_aside_too(watched: Watched) -> None:
    watched.subject.put("jobs.csv", JOBS)
    watched.look()
    watched.look()
    SourceFile.objects.update(state="undone")
    watched.look()
    assert watched.subject.left() == ["done/jobs.csv"]


@pytest.mark.parametrize("name", ["ü 漢 %41+&.csv", "a'b\"c.csv", "jobs.reason.txt.csv", "x" * 240 + ".csv"])
def test_names_of_all_kinds(watched: Watched, name: str) -> None:
    watched.subject.put(name, "")
    watched.look()
    watched.look()
    left = watched.subject.left()
    assert f"failed/{name}" in left
    assert len(left) == 2
