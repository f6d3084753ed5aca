"""Two at once: workers with one file, clients with one record. Each thread has a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from bronze.contracts.described import Description
from bronze.domain import Selection
from bronze.edits import SetField
from bronze.errors import (
    ContractViolation,
    DatasetBusy,
    FileNotLoaded,
    RecordExists,
    RecordInUse,
    RecordsBusy,
)
from bronze.models import RawRecord, RecordHistory, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import (
    ChangeRecord,
    CreateDataset,
    CreateRecord,
    DeleteRecord,
    EditRecord,
    LoadFile,
    PreviewFile,
    ReceiveFile,
    RepairRecords,
    UndoFile,
    WriteBatch,
)
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, counts
from tests.processes import wait_until
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Results of all, or the errors that they raised, in order."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: closing_connection(lambda: run(work)), works))


def closing_connection(work: Callable[[], Any]) -> Any:
    """What `work` returns or raises, done in a thread."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  handed back to the test
        return error
    finally:
        connection.close()


def test_two_workers_with_one_file(intake: Intake) -> None:
    received = intake.receive("jobs.csv", "id,job\n" + "".join(f"{n},Job {n}\n" for n in range(500)))
    receipts = at_once(*[lambda: resolve(LoadFile)(received.id)] * 4)
    (receipt,) = [receipt for receipt in receipts if receipt is not None]
    assert (receipt.read, receipt.inserted) == (500, 500)
    assert resolve(SourceFiles).get(received.id).state == "loaded"


def test_a_file_that_a_worker_has_is_left_alone_and_costs_no_attempt(intake: Intake) -> None:
    received = intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    taken, done = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                resolve(SourceFiles).claim(received.id)
                taken.set()
                done.wait(timeout=30)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert taken.wait(timeout=30)
        results = [resolve(LoadFile)(received.id) for _ in range(5)]
        done.set()
        holding.result()
    assert results == [None] * 5
    assert SourceFile.objects.get().attempts == 0
    assert resolve(LoadFile)(received.id) is not None


def test_the_same_bytes_at_once_are_one_file(intake: Intake) -> None:
    path = intake.file("jobs.csv", "id,job\n1,Clerk\n")
    files = at_once(*[lambda: resolve(ReceiveFile)(path, name="jobs.csv", via="upload")] * 4)
    assert len({file.id for file in files}) == 1
    assert sorted(file.repeated for file in files) == [False, True, True, True]


def test_two_files_of_one_data_set_at_once(intake: Intake) -> None:
    forwards = intake.receive("a.csv", "id,job\n" + "".join(f"{n},A\n" for n in range(300)), "jobs")
    backwards = intake.receive(
        "b.csv", "id,job\n" + "".join(f"{n},B\n" for n in reversed(range(300))), "jobs"
    )
    at_once(lambda: resolve(LoadFile)(forwards.id), lambda: resolve(LoadFile)(backwards.id))
    resolve(LoadFile)(backwards.id)  # its turn has come at the latest now
    receipts = [counts(resolve(SourceFiles).get(file.id)) for file in (forwards, backwards)]
    assert receipts == [{"read": 300, "inserted": 300}, {"read": 300, "updated": 300}]
    assert set(RawRecord.objects.values_list("payload__job", flat=True)) == {"B"}


def test_a_correction_waits_for_the_file_that_it_corrects(intake: Intake) -> None:
    first = intake.receive("jobs-1.csv", "id,job\n1,Clark\n", "jobs")
    correction = intake.receive("jobs-2.csv", "id,job\n1,Clerk\n", "jobs")
    assert resolve(LoadFile)(correction.id) is None
    assert SourceFile.objects.get(pk=correction.id).attempts == 0
    resolve(LoadFile)(first.id)
    resolve(LoadFile)(correction.id)
    assert RawRecord.objects.get().payload["job"] == "Clerk"


def test_one_key_created_at_once_is_created_once() -> None:
    works = [
        lambda city=city: resolve(CreateRecord)("users", valid_row("users", city=city)) for city in "ABCD"
    ]
    results = at_once(*works)
    assert sum(isinstance(result, RecordExists) for result in results) == 3
    (created,) = [result for result in results if not isinstance(result, Exception)]
    assert RawRecord.objects.get().payload["city"] == created.fields["city"]


def test_changes_at_once_lose_nothing() -> None:
    resolve(CreateRecord)("users", valid_row("users"))
    works = [
        lambda field=field: resolve(ChangeRecord)("users", "1001", {field: "changed"})
        for field in ("city", "address", "full_name", "postal_code")
    ]
    at_once(*works)
    fields = RawRecord.objects.get().effective
    assert [fields[name] for name in ("city", "address", "full_name", "postal_code")] == ["changed"] * 4


def test_a_user_deleted_while_something_refers_to_it() -> None:
    """Either the reference is first and the user stays, or the user is gone first and the reference is refused."""
    for number in range(5):
        user = str(number)
        resolve(CreateRecord)("users", valid_row("users", user_id=user))
        employment = valid_row("employment_info", employment_id=user, user_id=user)
        deleted, created = at_once(
            lambda: resolve(DeleteRecord)("users", user),  # noqa: B023  run at once
            lambda: resolve(CreateRecord)("employment_info", employment),  # noqa: B023
        )
        assert isinstance(deleted, RecordInUse) != isinstance(created, ContractViolation), (deleted, created)


def test_an_undo_and_the_next_file_do_not_meet_halfway(intake: Intake) -> None:
    """Whichever comes first: the next file counts, and the other records are gone."""
    first = intake.load("a.csv", "id,job\n" + "".join(f"{n},A\n" for n in range(300)), "jobs")
    second = intake.receive("b.csv", "id,job\n" + "".join(f"{n},B\n" for n in reversed(range(150))), "jobs")
    undone, _ = at_once(lambda: resolve(UndoFile)(first.id), lambda: resolve(LoadFile)(second.id))
    assert undone.removed.count + undone.left.count == 300
    valid = RawRecord.objects.filter(status="valid").values_list("payload__job", flat=True)
    assert list(valid) == ["B"] * 150


def test_a_file_is_undone_once(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    results = at_once(*[lambda: resolve(UndoFile)(file.id)] * 3)
    assert sorted(isinstance(result, FileNotLoaded) for result in results) == [False, True, True]


def test_a_dry_run_while_a_file_is_loaded(intake: Intake) -> None:
    rows = "id,job\n" + "".join(f"{n},A\n" for n in range(300))
    received = intake.receive("jobs.csv", rows)
    path = intake.file("seen.csv", rows.replace("A", "B"))
    preview, receipt = at_once(
        lambda: resolve(PreviewFile)(path, name="seen.csv", dataset="jobs"),
        lambda: resolve(LoadFile)(received.id),
    )
    assert preview.receipt.inserted + preview.receipt.updated == 300
    assert receipt.inserted == 300
    assert set(RawRecord.objects.values_list("payload__job", flat=True)) == {"A"}


def test_a_dry_run_does_not_wait_for_a_long_load(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bronze.preview.LONGEST_WAIT", "100ms")
    path = intake.file("jobs.csv", "id,job\n1,Clerk\n")
    is_held, is_over = Event(), Event()

    def load() -> None:
        with transaction.atomic():
            resolve(SourceFiles).one_at_a_time("jobs")
            is_held.set()
            assert is_over.wait(timeout=30)

    def preview() -> None:
        assert is_held.wait(timeout=30)
        try:
            resolve(PreviewFile)(path, name="jobs.csv")
        finally:
            is_over.set()

    _, busy = at_once(load, preview)
    assert isinstance(busy, DatasetBusy)
    assert resolve(PreviewFile)(path, name="jobs.csv").receipt.inserted == 1


def waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        (count,) = cursor.fetchone()
    return int(count)


def test_a_batch_and_a_file_in_opposite_order_do_not_block_each_other_for_ever(intake: Intake) -> None:
    """The batch has the row that the file needs and wants the one that the file has: the batch gives way."""
    intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n")
    backwards = intake.receive("backwards.csv", "id,job\n2,Baker\n1,Driver\n", "jobs")
    rows = [{"id": "1", "job": "Pilot"}, {"id": "2", "job": "Nurse"}]
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            RawRecord.objects.select_for_update().get(key="1")
            batch = pool.submit(closing_connection, lambda: resolve(WriteBatch)("jobs", rows, replace=True))
            wait_until(lambda: waiting_for_locks() == 1, "the batch waits for the first row")
            load = pool.submit(closing_connection, lambda: resolve(LoadFile)(backwards.id))
            wait_until(lambda: waiting_for_locks() == 2, "the file waits for it, too")
        assert load.result(timeout=30).read == 2
        written = isinstance(batch.result(timeout=30), list)
    jobs = list(RawRecord.objects.order_by("key").values_list("effective__job", flat=True))
    assert jobs in ([["Pilot", "Nurse"], ["Driver", "Baker"]] if written else [["Driver", "Baker"]])
    assert resolve(SourceFiles).get(backwards.id).state == "loaded"


def test_a_row_that_a_load_holds_is_busy(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        RawRecord.objects.select_for_update().get(key="1")
        change = pool.submit(closing_connection, lambda: resolve(ChangeRecord)("jobs", "1", {"job": "Cook"}))
        assert isinstance(change.result(timeout=30), RecordsBusy)
    assert resolve(ChangeRecord)("jobs", "1", {"job": "Cook"}).fields["job"] == "Cook"


def test_a_file_that_others_were_in_the_way_of_is_loaded_later(intake: Intake) -> None:
    """A key that another transaction adds at the same time; the attempt does not count against the file."""
    received = intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            resolve(CreateRecord)("jobs", {"id": "1", "job": "Cook"})
            load = pool.submit(closing_connection, lambda: resolve(LoadFile)(received.id))
            wait_until(lambda: waiting_for_locks() == 1, "the load waits for the key")
        receipt = load.result(timeout=30)
    assert (receipt.read, receipt.updated) == (1, 1)
    assert SourceFile.objects.get().attempts == 1


def test_a_row_does_not_wait_for_a_record_that_comes_at_the_same_time() -> None:
    field = {"name": "user_id", "reference": {"dataset": "users", "policy": "quarantine"}}
    about = {"title": "Badges", "key_fields": ["badge"], "fields": [field]}
    resolve(CreateDataset)("badges", Description.model_validate(about))
    looked, commit = Event(), Event()

    def look() -> None:
        with transaction.atomic():
            resolve(CreateRecord)("badges", {"badge": "1", "user_id": "1001"})
            looked.set()
            commit.wait(timeout=30)

    def add() -> None:
        looked.wait(timeout=30)
        resolve(CreateRecord)("users", valid_row("users"))

    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(closing_connection, work) for work in (look, add)]
        wait_until(lambda: works[1].done() or _somebody_waits(), "the other comes to an end, or waits")
        commit.set()
        assert [work.result() for work in works] == [None, None]
    assert RawRecord.objects.get(dataset="badges").status == "valid"


def test_a_record_is_not_deleted_while_a_file_comes_to_name_it(intake: Intake) -> None:
    field = {"name": "user_id", "reference": {"dataset": "users", "policy": "quarantine"}}
    about = {"title": "Badges", "key_fields": ["badge"], "fields": [field]}
    resolve(CreateDataset)("badges", Description.model_validate(about))
    user = resolve(CreateRecord)("users", valid_row("users", user_id="1001"))
    received = intake.receive("badges.csv", "badge,user_id\n1,1001\n", "badges")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            resolve(LoadFile)(received.id)
            deletion = pool.submit(closing_connection, lambda: resolve(DeleteRecord)("users", user.key))
            wait_until(lambda: deletion.done() or _somebody_waits(), "the deletion waits, or is done")
        assert isinstance(deletion.result(timeout=30), RecordInUse)
    assert set(RawRecord.objects.values_list("dataset", "status")) == {
        ("badges", "valid"),
        ("users", "valid"),
    }


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_repairs_of_many_and_writes_of_single_records_lose_nothing(intake: Intake) -> None:
    """Bulk repairs, changes of single records and a file that is loaded, all at the same rows."""
    numbers = range(40)
    rows = "".join(f"{n},person {n},2021-01-01T00:00:00Z,1,x\n" for n in numbers)
    intake.load("hires.csv", f"id,name,datetime,department_id,job_id\n{rows}", "hired_employees")
    again = "".join(f"{n},person {n},2022-02-02T00:00:00Z,1,x\n" for n in reversed(numbers))
    newer = intake.receive("newer.csv", f"id,name,datetime,department_id,job_id\n{again}", "hired_employees")
    selection = Selection(dataset="hired_employees")

    def repair(field: str, value: str) -> None:
        edit = SetField(action="set", field=field, value=value)
        for _ in range(4):
            resolve(RepairRecords)(selection, [edit])

    def change(first: int) -> None:
        for n in numbers[first::2]:
            resolve(ChangeRecord)("hired_employees", str(n), {"name": f"changed {n}", "job_id": "3"})

    results = at_once(
        lambda: repair("department_id", "7"),
        lambda: change(0),
        lambda: change(1),
        lambda: resolve(LoadFile)(newer.id),
    )
    assert [result for result in results if isinstance(result, Exception)] == []
    for record in RawRecord.objects.all():
        assert record.effective["name"] == f"changed {record.key}"
        patches = RecordHistory.objects.filter(pgh_obj=record.pk).values_list("patch", flat=True)
        assert {name for patch in patches for name in patch} <= {*record.patch}, "no edit is lost"
        assert (record.status, record.payload["datetime"]) == ("valid", "2022-02-02T00:00:00Z")


def test_repairs_while_the_records_come_that_the_rows_wait_for(intake: Intake) -> None:
    """Each wants what the other holds: rows, and the word that nobody adds a user meanwhile."""
    field = {"name": "user_id", "reference": {"dataset": "users", "policy": "quarantine"}}
    about = {"title": "Badges", "key_fields": ["badge"], "fields": [field, {"name": "colour"}]}
    resolve(CreateDataset)("badges", Description.model_validate(about))
    numbers = range(30)
    rows = "".join(f"{n},{n},red\n" for n in numbers)
    intake.load("badges.csv", f"badge,user_id,colour\n{rows}", "badges")

    def repair() -> None:
        for _ in range(6):
            edit = SetField(action="set", field="colour", value="blue")
            resolve(RepairRecords)(Selection(dataset="badges"), [edit])

    def add_users() -> None:
        for n in numbers:
            resolve(CreateRecord)("users", valid_row("users", user_id=str(n)))

    def edit() -> None:
        for pk in RawRecord.objects.filter(dataset="badges").order_by("-id").values_list("id", flat=True):
            resolve(EditRecord)(pk, {"note": "seen"} | RawRecord.objects.get(pk=pk).patch)

    results = at_once(repair, add_users, edit)
    assert [result for result in results if isinstance(result, Exception)] == []
    badges = RawRecord.objects.filter(dataset="badges")
    assert set(badges.values_list("status", "effective__note")) == {("valid", "seen")}
