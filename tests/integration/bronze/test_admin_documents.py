"""What staff do with documents in the admin."""

import pytest
from django.test import Client
from django.urls import reverse

from bronze.models import Document
from bronze.tasks import extract_wanted, load_received
from tests.factories import row
from tests.integration.api.client import client_of as api_of
from tests.integration.bronze.intake import Intake
from tests.integration.bronze.test_admin_history import client_of
from tests.integration.bronze.test_documents import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(intake: Intake) -> str:
    file = intake.receive("note.md", "# Travel policy\n\nTrains only.\n")
    load_received()
    return file.sha256


def page_of(client: Client, sha256: str) -> str:
    return client.get(reverse("admin:bronze_document_change", args=[sha256])).content.decode()


def step(name: str, sha256: str) -> str:
    return reverse(f"admin:bronze_document_{name}", args=[sha256])


def test_a_document_is_given_to_a_user(note: str) -> None:
    curator, api = client_of("curator"), api_of("curator")
    assert step("link_user", note) in page_of(curator, note)
    assert 'name="user_id"' in curator.get(step("link_user", note)).content.decode()
    refused = curator.post(step("link_user", note), {"user_id": "1001"}).content.decode()
    assert "There is no user" in refused
    assert 'value="1001"' in refused
    api.post("/users", row("users", user_id="1001"))
    done = curator.post(step("link_user", note), {"user_id": "1001"}, follow=True).content.decode()
    assert "It belongs to user 1001 now." in done
    assert "a-curator" in done


def test_a_document_is_deleted_and_restored(note: str) -> None:
    curator = client_of("curator")
    assert step("restore_document", note) not in page_of(curator, note)
    assert "It is deleted." in curator.post(step("delete_document", note), follow=True).content.decode()
    assert Document.objects.get().is_deleted
    assert step("delete_document", note) not in page_of(curator, note)
    assert curator.post(step("restore_document", note)).status_code == 302
    assert not Document.objects.get().is_deleted


def test_text_is_read_again_for_one_and_for_many(note: str) -> None:
    curator = client_of("curator")
    curator.post(step("extract_again", note))
    assert Document.objects.get().status == "pending"
    extract_wanted()
    chosen = {"action": "extract_selected", "_selected_action": [note]}
    address = reverse("admin:bronze_document_changelist")
    assert (
        "The text of 1 documents is being read."
        in curator.post(address, chosen, follow=True).content.decode()
    )
    assert Document.objects.get().status == "pending"


def test_viewers_have_no_steps(note: str) -> None:
    viewer = client_of("viewer")
    for name in ("link_user", "extract_again", "delete_document", "restore_document"):
        assert step(name, note) not in page_of(viewer, note)
        assert viewer.post(step(name, note)).status_code == 403
    assert not Document.objects.get().is_deleted


def test_whose_it_is_is_said_by_those_who_may_read_it(intake: Intake) -> None:
    file = intake.receive("a.pdf", pdf("User: 1001", title="Ada"))
    load_received()
    engineer = client_of("engineer")
    shown = page_of(engineer, file.sha256)
    assert step("link_user", file.sha256) not in shown
    assert "/original" not in shown
    assert engineer.post(step("link_user", file.sha256), {"user_id": ""}).status_code == 403
    assert Document.objects.get().user_id == "1001"
