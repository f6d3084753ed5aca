"""History and undo in the admin."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from bronze.errors import RecordExists
from bronze.history import changes
from bronze.models import RawRecord, SourceFile
from bronze.services import DeleteRecord, EditRecord, RestoreRevision
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, records

pytestmark = pytest.mark.django_db


def client_of(group: str) -> Client:
    user = User.objects.create_user(f"a-{group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def history_of(record: RawRecord) -> str:
    return reverse("admin:bronze_rawrecord_history", args=[record.pk])


def test_the_history_tells_who_when_why_and_what(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    record = RawRecord.objects.get()
    with changes("admin edit", user_id=User.objects.create_user("ada").pk):
        resolve(EditRecord)(record.pk, {"job": "Cook"})
    page = client_of("curator").get(history_of(record)).content.decode()
    assert "<td>ada</td>" in page
    assert "<td>admin edit</td>" in page
    assert '<b>job</b> <code class="old">Clerk</code>' in " ".join(page.split())
    assert f"load of file {file.id}" in page


def test_a_revision_comes_back_after_a_confirmation(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    record = RawRecord.objects.get()
    resolve(EditRecord)(record.pk, {"job": "Cook"})
    curator = client_of("curator")
    assert "Restore revision 1</h2>" in curator.get(history_of(record) + "?restore=1").content.decode()
    assert records("jobs")["1"]["job"] == "Cook"
    stale = curator.post(history_of(record), {"restore": "1", "revision": "1"}, follow=True)
    assert "has been changed" in stale.content.decode()
    done = curator.post(history_of(record), {"restore": "1", "revision": "2"}, follow=True)
    assert "Revision 1 is restored as revision 3" in done.content.decode()
    assert records("jobs")["1"]["job"] == "Clerk"
    for number in ("77", "x", "9" * 30):
        answer = curator.post(history_of(record), {"restore": number, "revision": "3"}, follow=True)
        assert "no earlier revision" in answer.content.decode()


def test_a_revision_that_there_is_not_is_told(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    record = RawRecord.objects.get()
    page = client_of("curator").get(history_of(record) + "?restore=99").content.decode()
    assert "The record has no revision 99: choose one of these." in page


def test_a_deleted_record_comes_back(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n")
    resolve(DeleteRecord)("jobs", "1")
    record, curator = RawRecord.objects.get(), client_of("curator")
    page = curator.get(reverse("admin:bronze_rawrecord_change", args=[record.pk])).content.decode()
    assert "This record is deleted" in page
    curator.post(history_of(record), {"restore": "1", "revision": "2"})
    assert list(records("jobs")) == ["1"]


def test_a_restored_key_is_free_or_the_restore_is_refused(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n,Clerk\n,Cook\n")
    clerk, cook = RawRecord.objects.order_by("id")
    resolve(EditRecord)(clerk.pk, {"id": "1"})
    resolve(RestoreRevision)(clerk.pk, 1)
    assert RawRecord.objects.get(pk=clerk.pk).key == clerk.key
    resolve(EditRecord)(cook.pk, {"id": "1"})
    with pytest.raises(RecordExists):
        resolve(RestoreRevision)(clerk.pk, 2)


def test_who_may_not_see_personal_data_sees_masks_and_restores_nothing(intake: Intake) -> None:
    row = "id,name,datetime,department_id,job_id\n1,{},2021-01-01T00:00:00Z,1,1\n"
    intake.load("hires.csv", row.format("Ada Lovelace"), "hired_employees")
    intake.load("hires.csv", row.format("Grace Hopper"), "hired_employees")
    record, viewer = RawRecord.objects.get(), client_of("viewer")
    page = viewer.get(history_of(record)).content.decode()
    assert "A•••" in page
    assert "G•••" in page
    assert "Lovelace" not in page
    assert "Restore" not in page
    assert viewer.post(history_of(record), {"restore": "1", "revision": "2"}).status_code == 403


def test_an_undo_lists_the_groups_and_then_does_it(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n")
    curator = client_of("curator")
    change = reverse("admin:bronze_sourcefile_change", args=[file.id])
    address = reverse("admin:bronze_sourcefile_undo_import", args=[file.id])
    assert address in curator.get(change).content.decode()
    assert "2 removed: the file brought them" in curator.get(address).content.decode()
    assert len(records("jobs")) == 2
    done = curator.post(address, follow=True).content.decode()
    assert "jobs.csv is undone: 0 restored, 2 removed, 0 left." in done
    assert address not in done
    assert SourceFile.objects.get().state == "undone"
    assert "undone already" in curator.post(address, follow=True).content.decode()


def test_a_viewer_cannot_undo(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    viewer = client_of("viewer")
    address = reverse("admin:bronze_sourcefile_undo_import", args=[file.id])
    assert viewer.post(address).status_code == 403
    assert (
        address not in viewer.get(reverse("admin:bronze_sourcefile_change", args=[file.id])).content.decode()
    )
