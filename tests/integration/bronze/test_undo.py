"""Taking files back."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bronze.contracts.described import Description
from bronze.domain import UndoGroup, Undone
from bronze.errors import FileNotLoaded, FileNotReceived
from bronze.history import changes
from bronze.models import Document, RawRecord, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import (
    CreateDataset,
    CreateRecord,
    DeleteRecord,
    EditRecord,
    PreviewUndo,
    UndoFile,
)
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, counts, records, rolled_back

pytestmark = pytest.mark.django_db

FIRST = "id,job\n1,Clerk\n2,Cook\n"


def undo(file_id: int) -> Undone:
    return resolve(UndoFile)(file_id)


def keys(group: UndoGroup) -> list[str]:
    assert group.count == len(group.records)
    return [record.key for record in group.records]


def groups(undone: Undone) -> tuple[list[str], list[str], list[str]]:
    return keys(undone.restored), keys(undone.removed), keys(undone.left)


def content() -> list[tuple[Any, ...]]:
    rows = RawRecord.objects.exclude(status="deleted").order_by("key")
    return list(
        rows.values_list("key", "payload", "patch", "status", "errors", "conflict", "raw_text", "source_file")
    )


def edit(key: str, **patch: Any) -> None:
    resolve(EditRecord)(RawRecord.objects.get(key=key).pk, patch)


def test_updates_are_put_back_and_inserts_removed(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    before = content()
    file = intake.load("more.csv", "id,job\n2,Baker\n3,Nurse\n4,\n", "jobs")
    assert groups(resolve(PreviewUndo)(file.id)) == (["2"], ["3", "4"], [])
    assert len(content()) == 4
    undone = undo(file.id)
    assert groups(undone) == (["2"], ["3", "4"], [])
    assert content() == before
    assert (undone.file.state, undone.file.receipt) == ("undone", file.receipt)


def test_the_same_bytes_bring_everything_back(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    more = "id,job\n2,Baker\n3,Nurse\n"
    file = intake.load("more.csv", more, "jobs")
    undo(file.id)
    again = intake.load("more.csv", more, "jobs")
    assert (again.id, again.repeated) != (file.id, True)
    assert records("jobs") == {
        "1": {"id": "1", "job": "Clerk"},
        "2": {"id": "2", "job": "Baker"},
        "3": {"id": "3", "job": "Nurse"},
    }
    assert groups(undo(again.id)) == (["2"], ["3"], [])
    assert list(records("jobs")) == ["1", "2"]


def test_what_was_changed_since_is_left_and_says_by_whom(intake: Intake) -> None:
    file = intake.load("jobs.csv", FIRST + "3,Nurse\n4,Nurse\n")
    with changes("admin edit", user_id=User.objects.create_user("ada").pk):
        edit("1", job="Baker")
    later = intake.load("later.csv", "id,job\n2,Chef\n", "jobs")
    resolve(DeleteRecord)("jobs", "4")
    undone = undo(file.id)
    assert groups(undone) == ([], ["3"], ["1", "2", "4"])
    told = {record.key: (record.user, record.reason) for record in undone.left.records}
    assert told["1"] == ("ada", "admin edit")
    assert told["2"] == (None, f"load of file {later.id}")
    assert list(records("jobs")) == ["1", "2"]


def test_files_can_be_undone_one_after_another(intake: Intake) -> None:
    first = intake.load("jobs.csv", FIRST)
    second = intake.load("second.csv", "id,job\n2,Baker\n", "jobs")
    undo(second.id)
    assert records("jobs")["2"]["job"] == "Cook"
    assert groups(undo(first.id)) == ([], ["1", "2"], [])


def test_an_edit_that_was_taken_back_is_no_edit(intake: Intake) -> None:
    file = intake.load("jobs.csv", FIRST)
    edit("1", job="Baker")
    edit("1")
    assert groups(undo(file.id)) == ([], ["1", "2"], [])


def test_the_edits_under_a_file_come_back(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    edit("2", job="Chef")
    before = content()
    file = intake.load("corrected.csv", "id,job\n2,Baker\n", "jobs")
    assert RawRecord.objects.get(key="2").conflict
    assert groups(undo(file.id)) == (["2"], [], [])
    assert content() == before


def test_an_api_record_can_take_the_place_of_a_removed_one(intake: Intake) -> None:
    undo(intake.load("jobs.csv", FIRST).id)
    resolve(CreateRecord)("jobs", {"id": 1, "job": "Clerk"})
    assert records("jobs") == {"1": {"id": 1, "job": "Clerk"}}


def test_only_a_loaded_file_can_be_undone_and_only_once(intake: Intake) -> None:
    received = intake.receive("jobs.csv", FIRST)
    with pytest.raises(FileNotLoaded, match="is received"):
        undo(received.id)
    file = intake.load("jobs.csv", FIRST)
    undo(file.id)
    with pytest.raises(FileNotLoaded, match="is undone"):
        undo(file.id)
    with pytest.raises(FileNotReceived):
        undo(0)


def described(name: str, key: str, to: str) -> None:
    """A data set whose rows wait until the record of `to` is there that they name."""
    field = {"name": "of", "reference": {"dataset": to, "policy": "quarantine"}}
    about = {"title": name.title(), "key_fields": [key], "fields": [{"name": key}, field]}
    resolve(CreateDataset)(name, Description.model_validate(about))


def test_rows_that_need_what_is_removed_wait_again_and_those_that_need_these_as_well(intake: Intake) -> None:
    described("teams", "team", "teams")
    described("badges", "badge", "teams")
    intake.load("badges.csv", "badge,of\n1,a\n2,c\n3,x\n", "badges")
    intake.load("teams.csv", "team,of\nb,a\nc,b\nx,\n", "teams")
    before = content()
    root = intake.load("root.csv", "team,of\na,\n", "teams")
    assert not RawRecord.objects.filter(status="quarantined").exists()
    assert resolve(PreviewUndo)(root.id).waiting == 4
    assert not RawRecord.objects.filter(status="quarantined").exists()
    assert undo(root.id).waiting == 4
    assert [row for row in content() if row[0] != "a"] == before
    waiting = RawRecord.objects.filter(status="quarantined").order_by("key")
    assert list(waiting.values_list("key", flat=True)) == ["1", "2", "b", "c"]


def test_edges_that_lead_back_to_where_they_come_from_wait_once(intake: Intake) -> None:
    described("teams", "team", "teams")
    intake.load("root.csv", "team,of\na,\n", "teams")
    intake.load("ring.csv", "team,of\nb,a\nc,b\n", "teams")
    file = intake.load("bent.csv", "team,of\na,c\n", "teams")
    assert undo(file.id).waiting == 0
    assert not RawRecord.objects.filter(status="quarantined").exists()


def test_a_document_goes_and_comes_back(intake: Intake) -> None:
    from bronze.tasks import load_file  # noqa: PLC0415  celery

    file = intake.receive("note.txt", "A note about nothing.\n")
    load_file(file.id)
    undone = undo(file.id)
    assert (undone.removed.count, Document.objects.get().is_deleted) == (1, True)
    load_file(intake.receive("note.txt", "A note about nothing.\n").id)
    assert Document.objects.get().is_deleted is False
    assert SourceFile.objects.filter(state="loaded").count() == 1


ROWS = st.dictionaries(st.integers(1, 6), st.sampled_from(["", "Clerk", "Cook", "Chef"]), min_size=1)


def load(rows: dict[int, str]) -> int | None:
    """The id of the file; None for one that came before."""
    text = "id,job\n" + "".join(f"{key},{job}\n" for key, job in rows.items())
    with TemporaryDirectory() as folder:
        received = Intake(Path(folder)).load("jobs.csv", text, "jobs")
    assert resolve(SourceFiles).get(received.id).state == "loaded"
    return received.id


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(files=st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda rows: tuple(rows.items())), patched=ROWS)
def test_undo_brings_back_what_was_before(
    files: list[dict[int, str]], patched: dict[int, str], db: None
) -> None:
    with rolled_back():
        states, loaded = [content()], []
        for number, rows in enumerate(files):
            loaded.append(load(rows))
            states.append(content())
            if number == 0:
                for key, job in patched.items():
                    if RawRecord.objects.filter(key=str(key)).exists():
                        edit(str(key), job=job)
                states[-1] = content()
        for number in range(len(files) - 1, 0, -1):
            undone = undo(loaded[number])
            assert undone.left.count == 0
            assert content() == states[number]
        for number, rows in enumerate(files[1:], start=1):
            load(rows)
            redone = [row[:-1] for row in content()]
            assert redone == [row[:-1] for row in states[number + 1]]


def test_receipts_of_loading_again_balance(intake: Intake) -> None:
    undo(intake.load("jobs.csv", FIRST).id)
    assert counts(intake.load("jobs.csv", FIRST)) == {"read": 2, "updated": 2}
