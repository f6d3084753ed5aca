"""Zip archives by every way in: each file in them is received by itself, all of them or none."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.conf import settings
from django.core.management import call_command

from bronze.domain import ReceivedFile
from bronze.errors import FilesRefused
from bronze.models import Document, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import LoadDocuments, LoadFile, PreviewFile, ReceiveFiles
from bronze.tasks import load_received
from lakehouse_project.kernel.errors import InvalidInput, PermanentError
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, counts, records
from tests.integration.bronze.test_documents import pdf
from tests.integration.bronze.test_dropfolder import Inbox, inbox
from tests.unit.bronze_admission.test_archives import zipped

__all__ = ["inbox"]

pytestmark = pytest.mark.django_db

DEPARTMENTS = ("new/departments.csv", b"id,department\n1,Sales\n2,Support\n")
JOBS = ("new/jobs.csv", b"id,job\n1,Clerk\n1,Chief\n")
PICTURE = ("new/cat.png", b"\x89PNG\r\n\x1a\n")


def receive(
    intake: Intake, content: bytes, name: str = "all.zip", dataset: str | None = None
) -> list[ReceivedFile]:
    return resolve(ReceiveFiles)([(intake.file(name, content), name)], via="command", dataset=dataset)


def test_each_file_has_its_own_receipt(intake: Intake) -> None:
    files = receive(intake, zipped(DEPARTMENTS, ("__MACOSX/._x", b"x"), JOBS))
    assert [(file.name, file.dataset) for file in files] == [
        ("all.zip/new/departments.csv", "departments"),
        ("all.zip/new/jobs.csv", "jobs"),
    ]
    load_received()
    receipts = [counts(resolve(SourceFiles).get(file.id)) for file in files]
    assert receipts == [{"read": 2, "inserted": 2}, {"read": 2, "inserted": 1, "duplicate": 1}]
    assert records("jobs")["1"]["job"] == "Chief"


def test_the_same_archive_again_gives_the_earlier_receipts(intake: Intake) -> None:
    first = receive(intake, zipped(DEPARTMENTS, JOBS))
    again = receive(intake, zipped(DEPARTMENTS, JOBS), "copy.zip")
    assert [file.id for file in again] == [file.id for file in first]
    assert all(file.repeated for file in again)


def test_one_bad_file_and_none_is_taken(intake: Intake) -> None:
    with pytest.raises(FilesRefused, match="2 of 4 files cannot be taken, so none was") as refused:
        receive(intake, zipped(DEPARTMENTS, PICTURE, ("x.zip", zipped(JOBS)), JOBS))
    assert [(error.field, error.rule) for error in refused.value.errors] == [
        ("all.zip/new/cat.png", "unsupported_file_type"),
        ("all.zip/x.zip", "unsupported_file_type"),
    ]
    assert not SourceFile.objects.exists()


def test_of_many_bad_files_the_message_tells_the_first(intake: Intake) -> None:
    with pytest.raises(FilesRefused, match=r"all.zip/p4.png is a PNG.* And 3 more\.$") as refused:
        receive(intake, zipped(*((f"p{number}.png", PICTURE[1]) for number in range(8))))
    assert len(refused.value.errors) == 8


def test_a_data_set_that_is_named_is_that_of_every_file(intake: Intake) -> None:
    files = receive(intake, zipped(("a.csv", b"1,x\n"), ("b.csv", b"2,y\n")), dataset="jobs")
    assert [file.dataset for file in files] == ["jobs", "jobs"]
    with pytest.raises(PermanentError, match=r"all\.zip/x\.pdf is a document without rows"):
        receive(intake, zipped(("x.pdf", b"%PDF-1.7\n")), dataset="jobs")


def test_files_of_one_data_set_are_loaded_in_the_order_of_the_archive(intake: Intake) -> None:
    receive(intake, zipped(("jobs2.csv", b"id,job\n1,Old\n"), ("jobs1.csv", b"id,job\n1,New\n")))
    load_received()
    assert records("jobs")["1"]["job"] == "New"


def test_nothing_of_an_archive_stays_in_the_temporary_folder(intake: Intake) -> None:
    receive(intake, zipped(DEPARTMENTS))
    with pytest.raises(PermanentError):
        receive(intake, zipped(PICTURE))
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).glob("unpacked-*")) == []


def test_a_preview_is_of_one_file(intake: Intake) -> None:
    seen = resolve(PreviewFile)(intake.file("a.zip", zipped(JOBS)), name="a.zip")
    assert (seen.name, seen.dataset, seen.receipt.read) == ("a.zip/new/jobs.csv", "jobs", 2)
    with pytest.raises(InvalidInput, match="holds 2 files, and a preview is of one"):
        resolve(PreviewFile)(intake.file("a.zip", zipped(JOBS, DEPARTMENTS)), name="a.zip")
    with pytest.raises(PermanentError, match="PNG"):
        resolve(PreviewFile)(intake.file("a.zip", zipped(PICTURE)), name="a.zip")


def test_an_archive_in_the_drop_folder(inbox: Inbox) -> None:
    (inbox.path / "all.zip").write_bytes(zipped(DEPARTMENTS, JOBS))
    (inbox.path / "bad.zip").write_bytes(zipped(DEPARTMENTS, PICTURE, ("x.gif", b"GIF89a")))
    inbox.wait(0)
    inbox.wait(4)
    assert inbox.left() == ["all.zip", "failed/bad.zip", "failed/bad.zip.reason.txt"]
    reason = (inbox.path / "failed/bad.zip.reason.txt").read_text()
    assert "2 of 3 files cannot be taken" in reason
    assert "\nbad.zip/new/cat.png: bad.zip/new/cat.png is a PNG" in reason
    load_received()
    inbox.wait(1)
    assert inbox.left() == ["done/all.zip", "failed/bad.zip", "failed/bad.zip.reason.txt"]


def test_an_archive_of_which_a_file_fails_while_it_is_loaded(inbox: Inbox) -> None:
    broken = b"[" + b'{"id": 1, "department": "x"}, ' * 10_000 + b"oops]"
    (inbox.path / "all.zip").write_bytes(zipped(JOBS, ("departments.json", broken)))
    inbox.wait(0)
    inbox.wait(4)
    load_received()
    inbox.wait(1)
    reason = (inbox.path / "failed/all.zip.reason.txt").read_text()
    assert reason.startswith("all.zip/departments.json: The file is not valid JSON")
    assert "jobs.csv" not in reason


def test_an_archive_by_command(intake: Intake, capsys: Any) -> None:
    path = intake.file("all.zip", zipped(DEPARTMENTS, JOBS))
    call_command("ingest", str(path))
    told = capsys.readouterr().out
    assert f"{path}/new/departments.csv -> departments: received\n" in told
    assert f"{path}/new/jobs.csv -> jobs: received\n" in told
    with pytest.raises(SystemExit):
        call_command("ingest", str(intake.file("bad.zip", zipped(DEPARTMENTS, PICTURE, JOBS))))
    assert "bad.zip/new/cat.png: bad.zip/new/cat.png is a PNG image" in capsys.readouterr().err


def test_documents_that_are_packed(intake: Intake) -> None:
    (text,) = receive(intake, gzip.compress(b"Notes\fSecond page"), "notes.txt.gz")
    receive(intake, gzip.compress(pdf("First page", title="Paper")), "paper.pdf.gz")
    resolve(LoadDocuments)(text.id)
    documents = Document.objects.values_list("source_file__name", "status", "page_count", "title")
    assert set(documents) == {("notes.txt.gz", "ok", 2, "Notes"), ("paper.pdf", "ok", 1, "Paper")}


def test_packed_parquet(intake: Intake, tmp_path: Path) -> None:
    pl.DataFrame({"id": [1], "job": ["Clerk"]}).write_parquet(tmp_path / "p")
    (file,) = receive(intake, gzip.compress((tmp_path / "p").read_bytes()), "jobs.parquet.gz")
    resolve(LoadFile)(file.id)
    assert (file.name, records("jobs")["1"]["job"]) == ("jobs.parquet", "Clerk")
