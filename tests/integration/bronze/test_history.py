"""Earlier revisions: kept by the database, told with who and why, and brought back."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from bronze.domain import Revision
from bronze.errors import RecordNotFound, RevisionNotFound
from bronze.history import Revisions, changes
from bronze.models import RawRecord, RecordHistory
from bronze.services import EditRecord, RestoreRevision
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, records

pytestmark = pytest.mark.django_db


def revisions(key: str) -> list[Revision]:
    return resolve(Revisions).of(RawRecord.objects.get(key=key).pk)


def edit(key: str, **patch: Any) -> None:
    resolve(EditRecord)(RawRecord.objects.get(key=key).pk, patch)


def test_a_first_insert_leaves_no_history(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    assert not RecordHistory.objects.exists()
    (only,) = revisions("1")
    assert (only.revision, only.reason, only.changed, only.is_current) == (
        1,
        f"load of file {file.id}",
        [],
        True,
    )


def test_history_tells_who_changed_what_and_why(intake: Intake) -> None:
    first = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    with changes("admin edit", user_id=User.objects.create_user("ada").pk):
        edit("1", job="Cook")
    second = intake.load("jobs.csv", "id,job,note\n1,Clerk,x\n", "jobs")
    told = [(entry.revision, entry.user, entry.reason, entry.changed) for entry in revisions("1")]
    assert told == [
        (3, None, f"load of file {second.id}", ["note"]),
        (2, "ada", "admin edit", ["job"]),
        (1, None, f"load of file {first.id}", []),
    ]
    assert [entry.fields["job"] for entry in revisions("1")] == ["Cook", "Cook", "Clerk"]


def test_updates_past_the_services_are_kept_too(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n")
    RawRecord.objects.update(status="quarantined")
    assert [entry.status for entry in revisions("1")] == ["quarantined", "valid"]
    assert revisions("1")[0].reason == "not known"
    RawRecord.objects.all().delete()
    assert RecordHistory.objects.filter(key="2", pgh_label="delete").get().status == "quarantined"


def test_a_revision_comes_back_as_a_new_one(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,\n")
    edit("1", job="Clerk")
    edit("1", job="Cook")
    record_id = RawRecord.objects.get().pk
    clerk = next(entry.revision for entry in revisions("1") if entry.fields["job"] == "Clerk")
    restored = resolve(RestoreRevision)(record_id, clerk)
    assert (restored.fields["job"], restored.status) == ("Clerk", "valid")
    assert restored.revision > 3
    assert revisions("1")[0].reason == f"revision {clerk} restored"
    received = resolve(RestoreRevision)(record_id, 1)
    assert (received.fields["job"], received.status) == ("", "quarantined")
    assert records("jobs") == {}


def test_a_revision_that_is_not_there(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    with pytest.raises(RevisionNotFound):
        resolve(RestoreRevision)(RawRecord.objects.get().pk, 1)
    with pytest.raises(RecordNotFound):
        resolve(RestoreRevision)(0, 1)
