"""The import wizard as staff use it, page by page."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bronze.models import SourceFile
from bronze.tasks import load_file
from tests.integration.bronze.intake import Intake, records
from tests.integration.bronze.test_admin_history import client_of

pytestmark = pytest.mark.django_db
UPLOAD = "admin:bronze_sourcefile_import"
USERS = (
    "user_id;full_name;email;city;postal_code;country;created_at\n"
    "1;Ada Łovelace;ada@example.org;London;N1;GB;2024-01-01T00:00:00Z\n"
    "2;Bob;bob@example.org;Berlin;10115;Germany;2024-01-01T00:00:00Z\n"
)


@dataclass
class Wizard:
    """Somebody who imports a file."""

    client: Client

    def send(self, name: str, content: bytes | str, dataset: str = "") -> Any:
        """The answer to step 1."""
        data = content if isinstance(content, bytes) else content.encode()
        form = {"file": SimpleUploadedFile(name, data), "dataset": dataset}
        return self.client.post(reverse(UPLOAD), form)

    def start(self, name: str, content: bytes | str, dataset: str = "") -> str:
        """The address of step 2."""
        answer = self.send(name, content, dataset)
        assert answer.status_code == 302, text(answer)
        return str(answer["Location"])

    def page(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200
        return text(answer)

    def load(self, look: str) -> SourceFile:
        """Confirm; the file once a worker has loaded it."""
        answer = self.client.post(f"{look}dry-run/")
        file = SourceFile.objects.latest("id")
        assert answer["Location"] == reverse("admin:bronze_sourcefile_progress", args=[file.pk])
        load_file(file.pk)
        file.refresh_from_db()
        return file


def text(answer: Any) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.fixture
def wizard(intake: Intake) -> Wizard:
    return Wizard(client_of("curator"))


def staged() -> list[Path]:
    return list((settings.LAKEHOUSE_HOME / "staged").glob("*/content"))


def test_a_file_from_upload_to_receipt(wizard: Wizard, intake: Intake) -> None:
    intake.load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n")
    look = wizard.start("new jobs.csv", "id,job\n1,Clerk\n2,Chef\n3,\n4,Nurse\n")
    page = wizard.page(look)
    assert "data set jobs by the file name" in page
    assert "job is missing" in page
    answer = wizard.client.post(look, {"next": "1"})
    assert answer["Location"] == f"{look}dry-run/"
    seen = wizard.page(f"{look}dry-run/")
    assert "read 4 new 1 changed 1 the same already 1" in _counts(seen)
    assert "2 job Cook Chef" in seen
    assert "1 job required line 4: job is missing" in seen
    assert SourceFile.objects.count() == 1
    file = wizard.load(look)
    assert (file.state, file.name, file.rows_quarantined) == ("loaded", "new jobs.csv", 1)
    assert records("jobs")["2"]["job"] == "Chef"
    progress = wizard.page(reverse("admin:bronze_sourcefile_progress", args=[file.pk]))
    assert "The file is loaded." in progress
    assert "read 4 inserted 1 updated 1 unchanged 1 duplicate 0 quarantined 1" in _counts(progress)
    assert staged() == []


def _counts(page: str) -> str:
    return page.replace("into quarantine", "quarantined")


def test_what_was_found_out_wrongly_is_said(wizard: Wizard) -> None:
    look = wizard.start("people.csv", USERS.encode("cp1250"), "users")
    assert "Ada £ovelace" in wizard.page(look)
    wizard.client.post(look, {"dataset": "users", "encoding": "cp1250"})
    page = wizard.page(look)
    assert "Ada Łovelace" in page
    assert "Windows-1250 (Central Europe) as asked" in page
    file = wizard.load(look)
    assert file.format["encoding"] == "cp1250"
    assert records("users")["1"]["full_name"] == "Ada Łovelace"


def test_columns_that_no_field_is_called_like(wizard: Wizard) -> None:
    content = "Nummer,Beruf\n1,Koch\n2,Amme\n"
    look = wizard.start("liste.csv", content, "jobs")
    page = wizard.page(look)
    assert "The columns are not those of the data set jobs." in page
    stays = wizard.client.post(look, {"dataset": "jobs", "next": "1"})
    assert stays["Location"] == look
    said = {"dataset": "jobs", "map-id": "Nummer", "map-job": "Beruf", "next": "1"}
    assert wizard.client.post(look, said)["Location"] == f"{look}dry-run/"
    assert "Nummer → id" in wizard.page(look)
    assert wizard.load(look).rows_inserted == 2
    assert records("jobs")["2"] == {"id": "2", "job": "Amme"}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "is a PNG image"),
        ("empty.csv", b"", "the file is empty"),
        ("jobs.json", b'[{"id": 1, "job"', "half-written JSON"),
    ],
)
def test_files_that_are_not_read_at_all(wizard: Wizard, name: str, content: bytes, said: str) -> None:
    answer = wizard.send(name, content)
    assert answer.status_code == 200
    assert said in text(answer)
    assert staged() == []
