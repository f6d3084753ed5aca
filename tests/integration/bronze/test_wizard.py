"""The import wizard as staff use it, page by page."""

import io
import os
import re
import shutil
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from bronze.models import SourceFile
from bronze.staged import KEPT_SECONDS
from bronze.tasks import load_file, load_received
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
        progress = reverse("admin:bronze_sourcefile_progress", args=[file.pk])
        assert answer["Location"].startswith(progress)
        load_file(file.pk)
        file.refresh_from_db()
        return file


def text(answer: Any) -> str:
    """What a page says, without its markup."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


@pytest.fixture
def wizard(intake: Intake) -> Wizard:
    shutil.rmtree(settings.LAKEHOUSE_HOME / "staged", ignore_errors=True)
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
    assert "read 4 inserted 1 updated 1 unchanged 1 duplicate 0 quarantined 1" in seen
    assert "2 job Cook Chef" in seen
    assert "1 job required line 4: job is missing" in seen
    assert SourceFile.objects.count() == 1
    file = wizard.load(look)
    assert (file.state, file.name, file.rows_quarantined) == ("loaded", "new jobs.csv", 1)
    assert records("jobs")["2"]["job"] == "Chef"
    progress = wizard.page(reverse("admin:bronze_sourcefile_progress", args=[file.pk]))
    assert "The file is loaded." in progress
    assert "read 4 inserted 1 updated 1 unchanged 1 duplicate 0 quarantined 1" in progress
    assert staged() == []


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


def test_a_file_of_no_data_set_is_told_in_words_for_people(wizard: Wizard) -> None:
    page = wizard.page(wizard.start("x.csv", "a,b\nc,d\n"))
    assert "Say which one it is when you send the file" in page
    for word in ("--dataset", "POST ", "/api/v1"):
        assert word not in page


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


def test_several_files_come_one_after_another(wizard: Wizard) -> None:
    jobs, posts = io.BytesIO(), b"id,department\n1,Sales\n"
    with ZipFile(jobs, "w") as archive:
        archive.writestr("jobs-a.csv", "id,job\n1,Clerk\n")
        archive.writestr("jobs-b.csv", "id,job\n2,Cook\n")
    sent = [SimpleUploadedFile("jobs.zip", jobs.getvalue()), SimpleUploadedFile("departments.csv", posts)]
    first = wizard.client.post(reverse(UPLOAD), {"file": sent})["Location"]
    names = ("jobs.zip/jobs-a.csv", "jobs.zip/jobs-b.csv", "departments.csv")
    look = first
    for place, name in enumerate(names, start=1):
        page = wizard.page(look)
        assert name in page
        assert f"(file {place} of 3)" in page
        confirmed = wizard.client.post(f"{look}dry-run/")["Location"]
        receipt = wizard.client.get(confirmed).content.decode()
        following = re.search(r'href="([^"]+)"[^>]*>\s*Next file: ([^<]+)', receipt)
        if place < 3:
            assert following is not None
            assert following[2].strip() == f"{names[place]} ({place + 1} of 3)"
            look = following[1]
        else:
            assert following is None
    assert SourceFile.objects.count() == 3


def test_of_several_files_all_can_be_read_or_none_is_kept(wizard: Wizard) -> None:
    sent = [
        SimpleUploadedFile("jobs.csv", b"id,job\n1,Clerk\n"),
        SimpleUploadedFile("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
        SimpleUploadedFile("empty.csv", b""),
    ]
    page = text(wizard.client.post(reverse(UPLOAD), {"file": sent}))
    assert "cat.png is a PNG image" in page
    assert "empty.csv: the file is empty" in page
    assert staged() == []


def test_confirming_twice_gives_one_file(wizard: Wizard) -> None:
    look = wizard.start("jobs.csv", "id,job\n1,Clerk\n")
    first = wizard.client.post(f"{look}dry-run/")["Location"]
    assert wizard.client.post(f"{look}dry-run/")["Location"] == first
    assert wizard.client.get(look)["Location"] == first
    assert wizard.client.get(f"{look}dry-run/")["Location"] == first
    assert SourceFile.objects.count() == 1


def test_the_same_bytes_lead_to_the_earlier_file(wizard: Wizard, intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n")
    look = wizard.start("copy.csv", "id,job\n1,Clerk\n", "jobs")
    assert f"These very bytes came before, as file {file.id} (jobs.csv)" in wizard.page(f"{look}dry-run/")
    wizard.client.post(f"{look}dry-run/")
    assert SourceFile.objects.count() == 1


def test_a_staged_file_is_there_for_its_sender_alone(wizard: Wizard) -> None:
    look = wizard.start("jobs.csv", "id,job\n1,Clerk\n")
    other = client_of("engineer")
    for address in (look, f"{look}dry-run/", reverse("admin:bronze_sourcefile_import_look", args=["x"])):
        answer = other.get(address, follow=True)
        assert answer.redirect_chain[-1][0] == reverse(UPLOAD)
        assert "This file is no longer here" in text(answer)
    assert "This file is no longer here" in text(other.post(f"{look}dry-run/", follow=True))
    assert not SourceFile.objects.exists()


def test_the_clock_removes_what_is_left_behind(wizard: Wizard) -> None:
    wizard.start("jobs.csv", "id,job\n1,Clerk\n")
    (left,) = staged()
    yesterday = left.parent.stat().st_mtime - KEPT_SECONDS - 60
    os.utime(left.parent, (yesterday, yesterday))
    load_received()
    assert not left.parent.exists()


def test_what_is_left_behind_is_removed(wizard: Wizard) -> None:
    look = wizard.start("jobs.csv", "id,job\n1,Clerk\n")
    (left,) = staged()
    yesterday = left.parent.stat().st_mtime - KEPT_SECONDS - 60
    os.utime(left.parent, (yesterday, yesterday))
    wizard.start("departments.csv", "id,department\n1,Sales\n")
    assert not left.exists()
    assert "Send it again" in text(wizard.client.get(look, follow=True))


def test_an_entry_that_cannot_be_is_said_at_its_field(wizard: Wizard) -> None:
    look = wizard.start("jobs.csv", "id,job\n1,Clerk\n")
    answer = wizard.client.post(look, {"delimiter": "abc"})
    assert "'abc' is no delimiter" in text(answer)
    body = answer.content.decode()
    assert re.search(
        r'id="id_delimiter"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="id_delimiter"', body
    )


def test_only_the_first_rows_of_a_large_file_are_tried(
    wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bronze.admin.wizard.DRY_RUN_ROWS", 1000)
    rows = "".join(f"{n},{'Clerk ' * 30}\n" for n in range(1, 30_000))
    look = wizard.start("jobs.csv", f"id,job\n{rows}")
    page = wizard.page(f"{look}dry-run/")
    tried = re.search(r"only its first ([\d,]+) rows were tried", page)
    assert tried is not None
    assert 1000 <= int(tried[1].replace(",", "")) < 29_999
    assert wizard.load(look).rows_inserted == 29_999


def test_a_document(wizard: Wizard) -> None:
    look = wizard.start("note.txt", "A note on iron.\n")
    assert "data set documents" in wizard.page(look)
    assert "Import note.txt" in wizard.page(f"{look}dry-run/")
    file = wizard.load(look)
    page = wizard.page(reverse("admin:bronze_sourcefile_progress", args=[file.pk]))
    assert "The file is loaded." in page
    assert "See the document" in page


def test_a_failed_file_says_why_and_is_tried_again(wizard: Wizard, intake: Intake) -> None:
    file = intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    address = reverse("admin:bronze_sourcefile_progress", args=[file.id])
    assert "Received; a worker takes it in a moment." in wizard.page(address)
    SourceFile.objects.update(state="failed", error="The worker died.")
    page = wizard.page(address)
    assert "Nothing of the file was loaded. The worker died." in page
    assert "Try again" in page
    assert client_of("viewer").post(address).status_code == 403
    wizard.client.post(address)
    assert SourceFile.objects.get().state == "received"
    assert "only a failed one is tried again" in text(wizard.client.post(address, follow=True))


def test_a_file_waits_for_the_earlier_ones_of_its_data_set(wizard: Wizard, intake: Intake) -> None:
    intake.receive("jobs.csv", "id,job\n1,Clerk\n")
    later = intake.receive("jobs2.csv", "id,job\n1,Cook\n")
    page = wizard.page(reverse("admin:bronze_sourcefile_progress", args=[later.id]))
    assert "Waiting: 1 file of this data set comes first." in page


def test_the_page_of_a_file_offers_what_can_be_done_with_it(wizard: Wizard, intake: Intake) -> None:
    file = intake.load("jobs.csv", "id,job\n1,Clerk\n2,\n")
    page = wizard.page(reverse("admin:bronze_sourcefile_change", args=[file.id]))
    for name in ("Download rejected rows", "Download the file", "Undo this import"):
        assert name in page
    assert "Progress" not in page
    rejected = wizard.client.get(reverse("admin:bronze_sourcefile_download_rejected", args=[file.id]))
    assert b"".join(rejected.streaming_content).startswith(b"id,job,_record,_reason\n2,,")
    original = wizard.client.get(reverse("admin:bronze_sourcefile_download_original", args=[file.id]))
    assert b"".join(original.streaming_content) == b"id,job\n1,Clerk\n2,\n"
    assert original["Content-Disposition"] == 'attachment; filename="jobs.csv"'


def test_who_may_not_see_all_of_a_file_cannot_download_it(wizard: Wizard, intake: Intake) -> None:
    file = intake.load("users.csv", USERS.replace("1;Ada", ";Ada"))
    engineer = client_of("engineer")
    page = text(engineer.get(reverse("admin:bronze_sourcefile_change", args=[file.id])))
    assert "Download" not in page
    for action in ("rejected", "original"):
        address = reverse(f"admin:bronze_sourcefile_download_{action}", args=[file.id])
        assert engineer.get(address).status_code == 403
    look = Wizard(engineer).start("users2.csv", USERS.replace("1;Ada", "7;Ada"))
    seen = Wizard(engineer).page(look)
    assert "A•••" in seen
    assert "ovelace" not in seen


def test_a_viewer_cannot_import(wizard: Wizard) -> None:
    viewer = client_of("viewer")
    assert viewer.get(reverse(UPLOAD)).status_code == 403
    assert "Import files" not in text(viewer.get(reverse("admin:bronze_sourcefile_changelist")))
    assert "Import files" not in text(viewer.get(reverse("admin:index")))
    for page in ("admin:index", "admin:bronze_sourcefile_changelist"):
        assert "Import files" in wizard.page(reverse(page))
    dataset = wizard.client.get(reverse("admin:bronze_dataset_import_files", args=["jobs"]))
    assert dataset["Location"] == f"{reverse(UPLOAD)}?dataset=jobs"
    assert re.search(r'value="jobs"\s+selected', wizard.client.get(dataset["Location"]).content.decode())


def test_a_header_below_titles_is_named_by_its_line(wizard: Wizard) -> None:
    look = wizard.start("list.csv", "All jobs\nof 2024\n\nid,job\n1,Clerk\n", "jobs")
    assert 'name="header_line"' in wizard.client.get(look).content.decode()
    answer = wizard.client.post(look, {"dataset": "jobs", "header_line": "4"}, follow=True)
    assert "header on line 4, what is above it left out" in text(answer)
    assert 'value="4"' in answer.content.decode()
    wrong = wizard.client.post(look, {"dataset": "jobs", "header_line": "3"}, follow=True)
    assert "Line 3 of list.csv is blank" in text(wrong)
    both = wizard.client.post(look, {"dataset": "jobs", "header_line": "4", "header": "no"})
    assert "has none on any line" in text(both)
    wizard.client.post(look, {"dataset": "jobs", "header_line": "4"})
    assert wizard.load(look).state == "loaded"
    assert records("jobs") == {"1": {"id": "1", "job": "Clerk"}}
