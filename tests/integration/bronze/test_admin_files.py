"""Files in the admin: who may have them, whose names they are shown under, and addresses that make no sense."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import Client
from django.urls import reverse

from bronze.contracts.described import Description
from bronze.domain import ReceivedFile
from bronze.models import Document, RawRecord
from bronze.presentation import present_files
from bronze.repositories import SourceFiles
from bronze.services import CreateDataset, DeleteDataset
from bronze.tasks import load_received
from governance.models import Run
from lakehouse_project.kernel.services import resolve
from tests.factories import row
from tests.integration.api.client import client_of as api_of
from tests.integration.bronze.intake import Intake
from tests.integration.bronze.test_admin_history import client_of
from tests.integration.bronze.test_documents import pdf

pytestmark = pytest.mark.django_db


def staff_with(*permissions: str) -> Client:
    user = User.objects.create_user("staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def jobs(intake: Intake) -> ReceivedFile:
    return intake.load("jobs.csv", "id,job\n1,Cook\n,Nope\n", "jobs")


@pytest.mark.parametrize(
    ("permissions", "original", "rejected"),
    [
        ((), 403, 403),
        (("view_rawrecord",), 403, 403),
        (("view_sourcefile",), 200, 403),
        (("view_sourcefile", "view_rawrecord"), 200, 200),
    ],
)
def test_downloads_are_for_those_who_see_files(
    jobs: ReceivedFile, permissions: tuple[str, ...], original: int, rejected: int
) -> None:
    client = staff_with(*permissions)
    for name, status in {"download_original": original, "download_rejected": rejected}.items():
        assert client.get(reverse(f"admin:bronze_sourcefile_{name}", args=[jobs.id])).status_code == status


@pytest.fixture
def letter(intake: Intake) -> ReceivedFile:
    """A document of a user, whose name the file has."""
    api_of("curator").post("/users", row("users", user_id="1001"))
    file = intake.receive("cv-of-ada-lovelace.pdf", pdf("User: 1001", title="Ada Lovelace"))
    load_received()
    return file


def pages_of(file: ReceivedFile) -> list[str]:
    files, documents = "admin:bronze_sourcefile", "admin:bronze_document"
    return [
        reverse(f"{files}_changelist"),
        reverse(f"{files}_change", args=[file.id]),
        reverse(f"{files}_progress", args=[file.id]),
        reverse(f"{documents}_changelist"),
        reverse(f"{documents}_change", args=[file.sha256]),
    ]


def test_the_name_of_a_file_may_name_a_user(letter: ReceivedFile) -> None:
    viewer, api = client_of("viewer"), api_of("viewer")
    for address in pages_of(letter):
        answer = viewer.get(address)
        assert answer.status_code == 200
        assert "lovelace" not in answer.content.decode().lower(), address
    assert "c•••" in viewer.get(f"{pages_of(letter)[0]}?q=c").content.decode()
    assert "c•••" not in viewer.get(f"{pages_of(letter)[0]}?q=lovelace").content.decode()
    for address in ("/files", f"/files/{letter.id}", f"/files/{letter.id}/undo"):
        assert "lovelace" not in json.dumps(api.get(address).json())
    assert "name" not in Run.objects.get(kind="ingest").inputs


def test_those_who_may_see_personal_data_see_the_name(letter: ReceivedFile) -> None:
    curator = client_of("curator")
    for address in (*pages_of(letter)[:3], pages_of(letter)[4]):
        assert "cv-of-ada-lovelace.pdf" in curator.get(address).content.decode()
    assert api_of("curator").get(f"/files/{letter.id}").json()["name"] == "cv-of-ada-lovelace.pdf"


NONE = ("abc", "9" * 5000, "99999999999999999999", "a\x00b", "²")
ACTIONS = ("download_original", "download_rejected", "undo_import", "show_progress")
STEPS = ("link_user", "extract_again", "delete_document", "restore_document")


@pytest.mark.parametrize("object_id", NONE)
def test_addresses_of_what_there_is_not(object_id: str) -> None:
    client = client_of("curator")
    for model in ("sourcefile", "document", "dataset", "rawrecord"):
        for page in ("change", "history"):
            address = reverse(f"admin:bronze_{model}_{page}", args=[object_id])
            assert client.get(address).status_code in (302, 404)
    for name in ACTIONS:
        answer = client.get(reverse(f"admin:bronze_sourcefile_{name}", args=[object_id]), follow=True)
        assert "There is no such file." in answer.content.decode()
    for name in STEPS:
        assert client.get(reverse(f"admin:bronze_document_{name}", args=[object_id])).status_code == 403


def test_what_cannot_be_done_with_a_file_is_said(jobs: ReceivedFile, intake: Intake) -> None:
    clean, client = intake.load("jobs.csv", "id,job\n5,Chef\n", "jobs"), client_of("curator")
    undo, rejected = (f"admin:bronze_sourcefile_{name}" for name in ("undo_import", "download_rejected"))
    client.post(reverse(undo, args=[jobs.id]))
    said = {
        reverse(undo, args=[jobs.id]): "This file is undone already: there is nothing to undo.",
        reverse(undo, args=[999_999]): "There is no such file.",
        reverse(rejected, args=[clean.id]): "is in quarantine.",
    }
    for address, words in said.items():
        answer = client.get(address, follow=True)
        assert words in answer.content.decode(), address
        assert address not in answer.content.decode()
    assert staff_with("view_sourcefile").get(reverse(undo, args=[jobs.id])).status_code == 403


@pytest.mark.parametrize(
    "address",
    ["document/?status__exact=%00", "document/?pk__in=%00", "dataset/?name__exact=%00", "rawrecord/?key=%00"],
)
def test_filters_with_a_nul_character(address: str) -> None:
    assert client_of("curator").get(f"/admin/bronze/{address}").status_code == 400


def test_a_document_of_many_long_pages(intake: Intake) -> None:
    intake.receive("n.txt", "\f".join(["x" * 25_000, *(f"page-{number}." for number in range(2, 30))]))
    load_received()
    page = reverse("admin:bronze_document_change", args=[Document.objects.get().pk])
    curator = client_of("curator")
    first = curator.get(page).content.decode()
    assert "and 5,000 characters more" in first
    assert ("page-10." in first, "page-11." in first) == (True, False)
    assert "page-11." in curator.get(f"{page}?pages-page=2").content.decode()
    for number in ("²", "0", "x", "9" * 5000, "99"):
        assert "page-10." in curator.get(page, {"pages-page": number}).content.decode()


@pytest.mark.parametrize(
    "mine",
    [
        '{"city": "Rome"}',
        '{"city": {"a": 1}}',
        '{"city": 5}',
        '{"city": ["a\\u0000"]}',
        "[1]",
        "[" * 100_000,
        "",
    ],
    ids=range(7),
)
def test_a_diff_that_nobody_was_shown(mine: str) -> None:
    api_of("curator").post("/users", row("users", user_id="1"))
    record = RawRecord.objects.get()
    address = reverse("admin:bronze_rawrecord_change", args=[record.pk])
    sent = {"mine": mine, "revision": record.revision, "keep_mine": ["city"]}
    done = client_of("curator").post(address, sent, follow=True)
    assert "Nothing was stored" in done.content.decode()
    assert RawRecord.objects.get().patch == {}


def test_a_column_that_is_called_reason(intake: Intake) -> None:
    intake.load("jobs.csv", "id,job,_reason\n1,Cook,because\n", "jobs")
    assert RawRecord.objects.get().payload["_reason"] == "because"


def test_a_document_without_its_text_is_no_plain_success(intake: Intake) -> None:
    file = intake.receive("scan.pdf", b"%PDF-1.7\ngarbage")
    load_received()
    curator = client_of("curator")
    assert "loaded, text corrupt" in page(curator, reverse("admin:bronze_sourcefile_changelist"))
    shown = page(curator, reverse("admin:bronze_sourcefile_progress", args=[file.id]))
    assert "its text is not all there (corrupt)" in shown
    assert "The file is loaded." not in shown
    (known,) = present_files([resolve(SourceFiles).get(file.id)], AnonymousUser())
    assert known.document_status == "corrupt"
    assert known.document_message


def test_the_file_of_a_deleted_data_set_says_so(intake: Intake) -> None:
    resolve(CreateDataset)("visits", Description.model_validate({"title": "Visits", "key_fields": ["id"]}))
    file = intake.load("visits.csv", "id,place\n1,Paris\n", "visits")
    resolve(DeleteDataset)("visits", with_records=True)
    curator = client_of("curator")
    assert "data set deleted" in page(curator, reverse("admin:bronze_sourcefile_changelist"))
    sentence = "The data set visits was deleted, with what this file brought."
    for name in ("change", "progress", "undo_import"):
        assert sentence in page(curator, reverse(f"admin:bronze_sourcefile_{name}", args=[file.id]))
    assert resolve(SourceFiles).get(file.id).error == sentence


def page(client: Client, address: str) -> str:
    return " ".join(client.get(address, follow=True).content.decode().split())
