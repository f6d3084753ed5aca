"""Operations over REST: who sees them, how they are cancelled, what they leave, and when they are forgotten."""

import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from governance import progress
from governance.errors import OperationCancelled
from governance.models import Run
from governance.operations.results import LONGEST_WRITE, ResultFiles
from governance.operations.services import LONGEST_WAIT, ForgetOperations
from governance.services import cancel_interrupted, enqueue, enqueue_once, track
from lakehouse_project.auth import issue_token
from lakehouse_project.kernel.services import resolve
from tests.accounts import member
from tests.integration.api.client import assert_problem

OPERATIONS = "/api/v1/operations"


class Person:
    """Somebody of a group, with a client."""

    def __init__(self, name: str, group: str = "engineer") -> None:
        self.user: User = member(name, group)
        self.client = Client(headers={"Authorization": f"Token {issue_token(name)}"})

    def get(self, path: str = "") -> Any:
        return self.client.get(f"{OPERATIONS}{path}")

    def post(self, path: str) -> Any:
        return self.client.post(f"{OPERATIONS}{path}")

    def asks(self, kind: str = "rebuild", **inputs: Any) -> Run:
        return enqueue(kind, user_id=self.user.pk, **inputs)


@pytest.fixture
def ada(db: None) -> Person:
    return Person("ada")


@pytest.fixture
def bob(db: None) -> Person:
    return Person("bob")


@pytest.fixture
def root(db: None) -> Person:
    return Person("root", "admin")


@pytest.fixture
def files() -> ResultFiles:
    return resolve(ResultFiles)


def state(person: Person, run: Run) -> Any:
    return person.get(f"/{run.pk}").json()["state"]


def with_file(run: Run, content: bytes, **about: Any) -> Run:
    """`run`, ended, with a file as its result."""
    with track(run.kind, run_id=str(run.pk)) as tracked, resolve(ResultFiles).new(str(run.pk)) as path:
        path.write_bytes(content)
        tracked.result = {"name": "jobs.csv", "type": "text/csv; charset=utf-8", "needs": []} | about
    return run


def test_who_asked_sees_it_and_administrators_and_nobody_else(ada: Person, bob: Person, root: Person) -> None:
    run = ada.asks()
    for path in (f"/{run.pk}", f"/{run.pk}/result"):
        assert_problem(bob.get(path), 404, "operation_not_found")
    assert_problem(bob.post(f"/{run.pk}/cancel"), 404, "operation_not_found")
    assert_problem(bob.get(f"/{uuid.uuid4()}"), 404, "operation_not_found")
    assert bob.get().json() == {"items": [], "count": 0}
    assert [item["id"] for item in ada.get().json()["items"]] == [str(run.pk)]
    assert state(root, run) == state(ada, run) == "queued"
    assert root.get().json()["count"] == 1


def test_the_list_is_narrowed_and_refuses_what_it_does_not_know(ada: Person) -> None:
    first, second = ada.asks("seed"), ada.asks("rebuild")
    with track("seed", run_id=str(first.pk)):
        pass
    assert [item["id"] for item in ada.get("?kind=seed").json()["items"]] == [str(first.pk)]
    assert [item["id"] for item in ada.get("?state=queued").json()["items"]] == [str(second.pk)]
    assert ada.get("?page_size=1&page=2").json()["count"] == 2
    assert_problem(ada.get("?stat=queued"), 400, "unknown_parameter")
    assert_problem(ada.get("?state=lost"), 422, "invalid_request")


def test_somebody_without_a_group_sees_nothing(db: None) -> None:
    User.objects.create_user("eve")
    client = Client(headers={"Authorization": f"Token {issue_token('eve')}"})
    assert_problem(client.get(OPERATIONS), 403, "forbidden")


def test_while_it_is_open_it_says_when_to_look_again(ada: Person) -> None:
    run = ada.asks(layer="silver")
    answer = ada.get(f"/{run.pk}")
    assert (answer.status_code, answer["Retry-After"]) == (200, "1")
    links = answer.json()["links"]
    assert links == {
        "self": f"{OPERATIONS}/{run.pk}",
        "cancel": f"{OPERATIONS}/{run.pk}/cancel",
        "result": None,
    }
    early = ada.get(f"/{run.pk}/result")
    assert f"/api/v1/operations/{run.pk} until" in assert_problem(early, 409, "operation_open")["detail"]
    assert (early["Location"], early["Retry-After"]) == (f"/api/v1/operations/{run.pk}", "1")
    with track("rebuild", run_id=str(run.pk)):
        pass
    answer = ada.get(f"/{run.pk}")
    assert (answer.status_code, answer.json()["progress"], "Retry-After" in answer) == (200, 1.0, False)
    assert_problem(ada.get(f"/{run.pk}/result"), 404, "no_result")


def test_a_failed_one_says_why_and_keeps_the_technical_detail_to_itself(ada: Person) -> None:
    run = ada.asks()
    with pytest.raises(ZeroDivisionError), track("rebuild", run_id=str(run.pk)):
        raise ZeroDivisionError
    answer = ada.get(f"/{run.pk}")
    assert answer.json()["state"] == "failed"
    assert "ZeroDivisionError" not in answer.content.decode()


def test_a_queued_one_that_is_cancelled_never_begins(ada: Person) -> None:
    run = ada.asks()
    answer = ada.post(f"/{run.pk}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    with pytest.raises(OperationCancelled), track("rebuild", run_id=str(run.pk)):
        pytest.fail("it began")
    assert state(ada, run) == "cancelled"
    assert_problem(ada.post(f"/{run.pk}/cancel"), 409, "operation_finished")


def test_what_several_ask_for_belongs_to_the_first(ada: Person, bob: Person) -> None:
    run, _ = enqueue_once("reindex", user_id=ada.user.pk)
    assert enqueue_once("reindex", user_id=bob.user.pk) == (run, False)
    assert state(bob, run) == "queued"
    assert_problem(bob.post(f"/{run.pk}/cancel"), 403, "forbidden")
    assert ada.post(f"/{run.pk}/cancel").status_code == 200


def test_a_task_that_comes_again_changes_nothing_of_what_has_ended(ada: Person) -> None:
    run = ada.asks()
    with track("rebuild", run_id=str(run.pk)) as tracked:
        tracked.counts = {"rows": 3}
    with pytest.raises(OperationCancelled), track("rebuild", run_id=str(run.pk)):
        pytest.fail("it began")
    assert state(ada, run) == "succeeded"


def test_the_work_of_a_killed_worker_goes_on_unless_it_was_cancelled(ada: Person) -> None:
    lost, unwanted = ada.asks(), ada.asks()
    Run.objects.update(state=Run.State.RUNNING)
    assert ada.post(f"/{unwanted.pk}/cancel").status_code == 202
    assert cancel_interrupted() == 2
    assert state(ada, lost) == "cancelled"
    with track("rebuild", run_id=str(lost.pk)):
        assert state(ada, lost) == "running"
    assert state(ada, lost) == "succeeded"
    with pytest.raises(OperationCancelled), track("rebuild", run_id=str(unwanted.pk)):
        pytest.fail("it began")
    assert state(ada, unwanted) == "cancelled"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.0)


def seen(run: Run) -> tuple[float, str]:
    """What others see of a run, whatever transaction is open here."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT progress, state FROM governance_run WHERE id = %s", [run.pk])
        found: tuple[float, str] = cursor.fetchone()
    other.close()
    return found


@pytest.mark.django_db(transaction=True)
def test_progress_is_seen_while_the_transaction_of_the_work_is_open(at_once: None) -> None:
    run = enqueue("rebuild")
    with track("rebuild", run_id=str(run.pk)) as tracked, transaction.atomic():
        tracked.report(2, 5)
        assert seen(run) == (0.4, "running")
        tracked.report(1, 5)
        assert seen(run) == (0.4, "running"), "it never goes back"
        assert cancel_interrupted() == 1
        transaction.set_rollback(True)
    assert seen(run) == (1.0, "succeeded")


@pytest.mark.django_db(transaction=True)
def test_a_running_one_stops_at_its_next_step_and_its_work_is_rolled_back(at_once: None) -> None:
    ada = Person("ada")
    run = ada.asks()

    def work() -> None:
        with track("rebuild", run_id=str(run.pk)) as tracked:
            answer = ada.post(f"/{run.pk}/cancel")
            assert (answer.status_code, answer.json()["is_cancel_requested"]) == (202, True)
            with transaction.atomic():
                Run.objects.create(kind="trace")
                tracked.report(1, 2)

    with pytest.raises(OperationCancelled):
        work()
    answer = ada.get(f"/{run.pk}").json()
    assert (answer["state"], answer["message"], answer["progress"]) == ("cancelled", "Stopped as asked.", 0.5)
    assert not Run.objects.filter(kind="trace").exists()


@pytest.mark.django_db(transaction=True)
def test_telling_waits_for_nobody(at_once: None) -> None:
    """The row may be locked by the very transaction that tells."""
    with track("rebuild") as run, transaction.atomic():
        Run.objects.filter(pk=run.pk).update(counts={"rows": 1})
        run.report(1, 2)
    assert seen(run) == (1.0, "succeeded")


def test_it_is_told_once_a_second_at_most(db: None) -> None:
    with track("rebuild") as run:
        for done in range(1000):
            run.report(done, 1000)
        assert run.report._own is None, "no second connection was opened"
        assert run.progress == 0.999


# --- results ------------------------------------------------------------------------------------------------------


def test_the_result_is_a_file_of_who_asked(ada: Person, bob: Person, root: Person) -> None:
    run = with_file(ada.asks("export"), b"id,job\n1,Clerk\n", rows=1)
    answer = ada.get(f"/{run.pk}")
    assert (answer.status_code, answer["Location"]) == (303, f"{OPERATIONS}/{run.pk}/result")
    assert answer.json()["state"] == "succeeded"
    for person in (ada, root):
        file = person.client.get(answer["Location"])
        assert b"".join(file.streaming_content) == b"id,job\n1,Clerk\n"
        assert (file["Content-Type"], file["Content-Length"]) == ("text/csv; charset=utf-8", "15")
        assert file["Content-Disposition"] == 'attachment; filename="jobs.csv"'
    assert_problem(bob.client.get(answer["Location"]), 404, "operation_not_found")


@pytest.mark.parametrize(
    ("asked", "got", "part"),
    [
        ("bytes=0-3", "bytes 0-3/10", b"0123"),
        ("bytes=7-", "bytes 7-9/10", b"789"),
        ("bytes=-2", "bytes 8-9/10", b"89"),
    ],
)
def test_a_part_of_the_file(ada: Person, asked: str, got: str, part: bytes) -> None:
    run = with_file(ada.asks("export"), b"0123456789")
    answer = ada.client.get(f"{OPERATIONS}/{run.pk}/result", headers={"Range": asked})
    assert (answer.status_code, answer["Content-Range"]) == (206, got)
    assert (b"".join(answer.streaming_content), answer["Content-Length"]) == (part, str(len(part)))


def test_a_part_that_is_not_there(ada: Person) -> None:
    run = with_file(ada.asks("export"), b"0123456789")
    address = f"{OPERATIONS}/{run.pk}/result"
    beyond = ada.client.get(address, headers={"Range": "bytes=10-"})
    assert_problem(beyond, 416, "range_not_satisfiable")
    assert beyond["Content-Range"] == "bytes */10"
    for ignored in ("rows=1-2", f"bytes=0-{'9' * 5000}"):
        assert ada.client.get(address, headers={"Range": ignored}).status_code == 200


def test_who_has_lost_the_right_to_see_what_is_in_it_gets_it_no_more(ada: Person) -> None:
    run = with_file(ada.asks("export"), b"clear", needs=["governance.view_personal_data"])
    assert_problem(ada.get(f"/{run.pk}/result"), 403, "forbidden")


def test_the_result_may_be_a_resource(ada: Person) -> None:
    run = ada.asks("ingest")
    with track("ingest", run_id=str(run.pk)) as tracked:
        tracked.result = {"location": "/bronze/files/12"}
    for path in (f"/{run.pk}", f"/{run.pk}/result"):
        answer = ada.get(path)
        assert (answer.status_code, answer["Location"]) == (303, "/api/v1/bronze/files/12")


def test_what_others_export_is_in_no_list_of_runs(ada: Person, bob: Person) -> None:
    run = ada.asks("export", filters="email=ada@example.org")
    for path in ("/api/v1/runs", f"/api/v1/runs/{run.pk}"):
        assert "example.org" not in bob.client.get(path).content.decode()


# --- retention ----------------------------------------------------------------------------------------------------


@pytest.fixture
def forget(db: None) -> ForgetOperations:
    return resolve(ForgetOperations)


def age(run: Run, **fields: timedelta) -> None:
    Run.objects.filter(pk=run.pk).update(**{name: timezone.now() - ago for name, ago in fields.items()})


def test_what_ended_long_ago_is_removed_with_its_file(
    ada: Person, forget: ForgetOperations, files: ResultFiles
) -> None:
    old, new, waiting = (ada.asks("export") for _ in range(3))
    with_file(old, b"old")
    with_file(new, b"new")
    age(old, finished_at=forget.keep)
    age(waiting, created_at=LONGEST_WAIT / 2)
    assert forget() == 1
    assert_problem(ada.get(f"/{old.pk}"), 404, "operation_not_found")
    assert not files.path(str(old.pk)).exists()
    assert files.path(str(new.pk)).read_bytes() == b"new"
    assert state(ada, waiting) == "queued"


def test_the_runs_of_the_pipeline_are_kept(forget: ForgetOperations) -> None:
    with track("refine") as run:
        pass
    age(run, finished_at=forget.keep * 2)
    assert forget() == 0
    assert Run.objects.filter(pk=run.pk).exists()


def test_files_that_nobody_knows_are_removed(forget: ForgetOperations, files: ResultFiles) -> None:
    files.folder.mkdir(parents=True, exist_ok=True)
    stray, left, written = (files.folder / name for name in ("stray", "left.part", "written.part"))
    for path in (stray, left, written):
        path.touch()
    long_ago = left.stat().st_mtime - LONGEST_WRITE
    os.utime(left, (long_ago, long_ago))
    forget()
    assert [path.exists() for path in (stray, left, written)] == [False, False, True]
    written.unlink()


def test_a_file_that_is_not_finished_leaves_nothing(files: ResultFiles) -> None:
    def fail() -> None:
        with files.new("half") as path:
            path.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not list(Path(files.folder).glob("half*"))


def test_what_nobody_takes_up_is_given_up(ada: Person, forget: ForgetOperations) -> None:
    run = ada.asks()
    age(run, created_at=LONGEST_WAIT)
    forget()
    answer = ada.get(f"/{run.pk}").json()
    assert (answer["state"], "ask for it again" in answer["message"]) == ("failed", True)
