"""A dry run says what loading would do, and does none of it."""

import hashlib

import pytest

from bronze.admission.errors import UnsupportedFileType
from bronze.domain import FieldChange, Preview
from bronze.models import RawRecord, RecordHistory, SourceFile
from bronze.services import EditRecord, PreviewFile
from bronze.services.receiving import storage_key
from lake.storage import Storage
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, everything

pytestmark = pytest.mark.django_db

FIRST = "id,job\n1,Clerk\n2,Cook\n"
SECOND = 'id,job\n1,Clerk\n2,Baker\n3,\n4,Nurse\n4,Nurse\n5,"open\n'


def preview(intake: Intake, content: str, dataset: str | None = "jobs") -> Preview:
    return resolve(PreviewFile)(intake.file("seen.csv", content), name="seen.csv", dataset=dataset)


def test_a_dry_run_tells_the_receipt_that_loading_gives(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    seen = preview(intake, SECOND)
    assert (seen.dataset, seen.received_as) == ("jobs", None)
    assert seen.detected
    assert seen.receipt == intake.load("second.csv", SECOND, "jobs").receipt


def test_a_dry_run_shows_rows_and_updates(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    seen = preview(intake, SECOND)
    assert [(row.line, row.status) for row in seen.rows][:4] == [
        (2, "valid"),
        (3, "valid"),
        (4, "quarantined"),
        (5, "valid"),
    ]
    assert seen.rows[2].errors[0]["rule"] == "required"
    assert seen.rows[-1].raw_text is not None
    (update,) = seen.updates
    assert (update.key, update.changes, update.conflicts) == (
        "2",
        [FieldChange(field="job", old="Cook", new="Baker")],
        [],
    )


def test_a_dry_run_leaves_nothing_behind(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    before = (everything("jobs"), SourceFile.objects.count(), RecordHistory.objects.count())
    content = "id,job\n1,Never loaded\n9,Neither\n"
    preview(intake, content)
    assert (everything("jobs"), SourceFile.objects.count(), RecordHistory.objects.count()) == before
    with pytest.raises(FileNotFoundError):
        resolve(Storage).path(storage_key(hashlib.sha256(content.encode()).hexdigest()))


def test_a_dry_run_of_bytes_that_came_before_names_their_file(intake: Intake) -> None:
    file = intake.load("jobs.csv", FIRST)
    seen = preview(intake, FIRST)
    assert (seen.received_as, seen.receipt.unchanged, seen.updates) == (file.id, 2, [])


def test_a_dry_run_shows_twenty_rows_and_updates_at_most(intake: Intake) -> None:
    rows = range(1, 60)
    intake.load("jobs.csv", "id,job\n" + "".join(f"{n},Clerk\n" for n in rows))
    seen = preview(intake, "id,job\n" + "".join(f"{n},Cook\n" for n in rows))
    assert [row.line for row in seen.rows] == list(range(2, 22))
    assert [update.key for update in seen.updates] == [str(n) for n in range(1, 21)]
    assert seen.receipt.updated == 59


def test_a_dry_run_names_the_conflicts_that_would_arise(intake: Intake) -> None:
    intake.load("jobs.csv", FIRST)
    resolve(EditRecord)(RawRecord.objects.get(key="2").pk, {"job": "Chef"})
    (update,) = preview(intake, SECOND).updates
    assert update.conflicts == ["job"]
    assert RawRecord.objects.get(key="2").conflict == {}


def test_a_document_is_looked_at_only(intake: Intake) -> None:
    seen = resolve(PreviewFile)(intake.file("note.txt", "A note.\n"), name="note.txt")
    assert (seen.dataset, seen.rows, seen.receipt.inserted) == ("documents", [], 1)


def test_what_cannot_be_taken_is_refused_as_on_upload(intake: Intake) -> None:
    picture = intake.file("a.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(UnsupportedFileType):
        resolve(PreviewFile)(picture, name="a.png")
