"""History and undo in the admin."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from bronze.models import RawRecord, SourceFile
from tests.integration.bronze.intake import Intake, records

pytestmark = pytest.mark.django_db


def client_of(group: str) -> Client:
    user = User.objects.create_user(f"a-{group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def test_the_form_of_a_record_tells_its_history(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    curator = client_of("curator")
    address = reverse("admin:bronze_rawrecord_change", args=[RawRecord.objects.get().pk])
    curator.post(address, {"patch": '{"job": "Cook"}'})
    page = curator.get(address).content.decode()
    assert "<td>a-curator</td><td>admin edit</td><td>job</td>" in page
    assert f"load of file {file.id}" in page


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
    assert curator.post(address).status_code == 403


def test_a_viewer_cannot_undo(intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    viewer = client_of("viewer")
    address = reverse("admin:bronze_sourcefile_undo_import", args=[file.id])
    assert viewer.post(address).status_code == 403
    assert (
        address not in viewer.get(reverse("admin:bronze_sourcefile_change", args=[file.id])).content.decode()
    )
