"""Upload of files over REST, and their receipts."""

import gc
import hashlib
import io
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile

from bronze.models import SourceFile
from bronze.tasks import load_file
from lakehouse_project import container
from lakehouse_project.bodies import WholeBody
from tests.integration.api.client import BRONZE, Api, assert_problem

pytestmark = pytest.mark.django_db

JOBS = b"id,job\n1,Clerk\n2,Recruiter\n"
DEPARTMENTS = b'[{"id": 1, "department": "Sales"}]'
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(100)


def sent(name: str, content: bytes, kind: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def test_a_file_in_a_form(curator: Api) -> None:
    response = curator.upload(file=sent("jobs.csv", JOBS))
    assert response.status_code == 202
    (file,) = response.json()["items"]
    assert response["Location"] == f"/api/v1/operations/{file['operation']}"
    assert response["Retry-After"]
    assert (file["name"], file["dataset"], file["state"], file["size"]) == (
        "jobs.csv",
        "jobs",
        "received",
        27,
    )
    row = SourceFile.objects.get()
    assert (row.received_via, row.received_by_id is None) == ("upload", False)

    load_file(file["id"])
    loaded = curator.get(f"/files/{file['id']}").json()
    assert (loaded["state"], loaded["receipt"]["read"], loaded["receipt"]["inserted"]) == ("loaded", 2, 2)


def test_the_same_bytes_again_are_the_earlier_receipt(curator: Api) -> None:
    first = curator.upload(file=sent("jobs.csv", JOBS)).json()["items"][0]
    load_file(first["id"])
    again = curator.upload(file=sent("copy of jobs.csv", JOBS), dataset="jobs")
    assert again.status_code == 200
    (file,) = again.json()["items"]
    assert (file["id"], file["repeated"], file["receipt"]["inserted"]) == (first["id"], True, 2)
    assert SourceFile.objects.count() == 1


def test_what_the_sender_says_of_a_file_is_kept_with_it(curator: Api) -> None:
    text = "id#job\n1#Łódź, senior\n".encode("cp1250")
    form = {"dataset": "jobs", "delimiter": "#", "encoding": "cp1250", "header": "yes"}
    (file,) = curator.upload(file=sent("work.csv", text), **form).json()["items"]
    load_file(file["id"])
    assert curator.get("/jobs/1").json()["job"] == "Łódź, senior"
    assert {"delimiter": "#", "encoding": "cp1250"}.items() <= SourceFile.objects.get().format.items()
    seen = curator.send("POST", "/files/preview?dataset=jobs&delimiter=%23", b"id#job\n2#Cook\n").json()
    assert seen["rows"][0]["fields"] == {"id": "2", "job": "Cook"}
    refused = curator.upload(file=sent("work.csv", text), **form | {"encoding": "klingon"})
    assert "klingon" in assert_problem(refused, 422, "invalid_override")["detail"]


def test_a_header_below_titles_and_columns_under_names_of_their_own(curator: Api) -> None:
    text = b"All jobs\nof 2024\nNr,Beruf\n1,Clerk\n"
    said = {"dataset": "jobs", "header_line": "3", "column": ["Nr=id", "Beruf=job"]}
    (file,) = curator.upload(file=sent("work.csv", text), **said).json()["items"]
    load_file(file["id"])
    assert curator.get("/jobs/1").json()["job"] == "Clerk"
    query = "dataset=jobs&header_line=3&column=Nr%3Did&column=Beruf%3Djob"
    seen = curator.send("POST", f"/files/preview?{query}", text.replace(b"1,", b"2,")).json()
    assert (seen["rows"][0]["fields"], seen["rows"][0]["line"]) == ({"id": "2", "job": "Clerk"}, 4)
    for wrong, reason in (
        ({"column": ["Nr"]}, "write COLUMN=FIELD"),
        ({"column": ["Nr=id", "Beruf=trade"]}, "jobs has no field 'trade'"),
        ({"column": ["Nummer=id", "Beruf=job"]}, "no column 'Nummer'. There are Nr, Beruf"),
        ({"header_line": "9"}, "has no line 9"),
    ):
        refused = curator.upload(file=sent("work.csv", text + b"2,Cook\n"), **said | wrong)
        assert reason in assert_problem(refused, 422, "invalid_override")["detail"]


def folder_of(content: bytes) -> Path:
    return django_settings.LAKEHOUSE_HOME / "storage" / "originals" / hashlib.sha256(content).hexdigest()[:2]


def originals() -> int:
    folder = django_settings.LAKEHOUSE_HOME / "storage" / "originals"
    return sum(path.is_file() for path in folder.rglob("*"))


def test_of_files_that_cannot_all_be_stored_no_bytes_are_left(
    curator: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second finds a file where its folder should be; what was there before stays."""
    stored = sent("jobs.csv", JOBS)
    assert curator.upload(file=stored).status_code == 202
    before = originals()
    second = next(text for n in count(8) if not folder_of(text := f"id,job\n{n},Nurse\n".encode()).exists())
    new = [b"id,job\n7,Judge\n", second]
    obstacle = folder_of(second)
    obstacle.write_bytes(b"")
    try:
        answer = curator.upload(
            file=[sent("jobs7.csv", new[0]), sent("jobs.csv", JOBS), sent("jobs8.csv", new[1])]
        )
        assert "jobs8.csv cannot be stored" in assert_problem(answer, 503, "storage_unavailable")["detail"]
    finally:
        obstacle.unlink()
    assert SourceFile.objects.count() == 1
    assert originals() == before
    assert curator.upload(file=[sent("jobs7.csv", new[0]), sent("jobs8.csv", new[1])]).status_code == 202


def test_several_files(curator: Api) -> None:
    response = curator.upload(
        file=[sent("jobs.csv", JOBS), sent("departments.json", DEPARTMENTS)], more=sent("jobs.csv", JOBS)
    )
    assert (response.status_code, response.json()["count"]) == (202, 3)
    assert [file["dataset"] for file in response.json()["items"]] == ["jobs", "departments", "jobs"]
    assert SourceFile.objects.count() == 2


def test_of_several_files_all_are_taken_or_none(
    curator: Api, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as announced:
        response = curator.upload(
            file=[sent("jobs.csv", JOBS), sent("cat.png", PICTURE), sent("empty.csv", b"")]
        )
    body = assert_problem(response, 422, "files_refused")
    assert "2 of 3 files cannot be taken, so none was." in body["detail"]
    assert [(error["field"], error["code"]) for error in body["errors"]] == [
        ("cat.png", "unsupported_file_type"),
        ("empty.csv", "empty_file"),
    ]
    assert not SourceFile.objects.exists()
    assert announced == []


def test_a_raw_body(curator: Api) -> None:
    for kind in ("text/csv", "application/x-www-form-urlencoded", "application/octet-stream"):
        response = curator.client.generic(
            "POST",
            f"{BRONZE}/files?name=my.csv&dataset=jobs",
            JOBS + kind.encode() + b",x\n",
            kind,
            headers=curator.headers,
        )
        assert response.status_code == 202, response.content
        assert response.json()["items"][0]["name"] == "my.csv"
    nameless = curator.send("POST", "/files", b"id,job\n7,Cook\n")
    assert (nameless.json()["items"][0]["name"], nameless.json()["items"][0]["dataset"]) == ("upload", "jobs")


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("cat.png", PICTURE, 415, "unsupported_file_type"),
        ("jobs.csv", b"", 422, "empty_file"),
        ("x.csv", b"a,b\n1,2\n", 422, "unrecognised_dataset"),
        ("jobs.json", b'[{"id": 1, "job": "x"}, {"id"', 422, None),
    ],
)
def test_files_that_cannot_be_taken(
    curator: Api, name: str, content: bytes, status: int, code: str | None
) -> None:
    response = curator.upload(file=sent(name, content))
    assert_problem(response, status, code or response.json()["code"])
    assert name in response.json()["detail"]
    assert not SourceFile.objects.filter(state="received").exists()


def test_a_data_set_that_does_not_exist(curator: Api) -> None:
    body = assert_problem(
        curator.upload(file=sent("jobs.csv", JOBS), dataset="nope"), 422, "unrecognised_dataset"
    )
    assert "hired_employees" in body["detail"]


def test_no_file(curator: Api) -> None:
    assert (
        "form field `file`" in assert_problem(curator.upload(dataset="jobs"), 422, "invalid_input")["detail"]
    )
    assert_problem(curator.send("POST", "/files", b""), 422, "empty_file")


@pytest.fixture
def _small_limit(settings: Any) -> Iterator[None]:
    """A limit of ten bytes, in services that are built anew."""
    settings.MAX_UPLOAD_BYTES = 10
    container._container.cache_clear()
    yield
    container._container.cache_clear()


@pytest.mark.usefixtures("_small_limit")
def test_the_size_limit_is_said(curator: Api) -> None:
    for response in (
        curator.send("POST", "/files?name=jobs.csv", JOBS),
        curator.upload(
            file=sent("jobs.csv", JOBS * 100_000)
        ),  # of which no more than a piece reaches the disk
    ):
        body = assert_problem(response, 413, "file_too_large")
        assert "MAX_UPLOAD_MB" in body["detail"]
        assert "jobs.csv has more than 0.0 MB" in body["detail"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "../../etc/passwd"),
        ("a\u202egpj.csv", "a<U+202E>gpj.csv"),
        ("a\nb\x1b[2J.csv", "a<U+000A>b<U+001B>[2J.csv"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
        ("<script>.csv", "<script>.csv"),
        ("ü 漢.csv", "ü 漢.csv"),
    ],
)
def test_names_are_only_shown(curator: Api, name: str, shown: str) -> None:
    response = curator.client.generic(
        "POST", f"{BRONZE}/files", JOBS, QUERY_STRING=query(name), headers=curator.headers
    )
    assert response.status_code == 202
    assert response.json()["items"][0]["name"] == shown


def query(name: str) -> str:
    from urllib.parse import urlencode  # noqa: PLC0415

    return urlencode({"name": name, "dataset": "jobs"})


def test_nothing_is_left_in_the_temporary_folder(curator: Api) -> None:
    curator.upload(file=[sent("jobs.csv", JOBS), sent("cat.png", PICTURE)])
    curator.send("POST", "/files?name=jobs.csv", JOBS)
    curator.send("POST", "/files?name=cat.png", PICTURE)
    assert list(django_settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_the_list_of_files(curator: Api, viewer: Api) -> None:
    curator.upload(file=[sent("jobs.csv", JOBS), sent("departments.json", DEPARTMENTS)])
    load_file(SourceFile.objects.get(dataset="jobs").pk)
    assert [file["name"] for file in viewer.get("/files").json()["items"]] == ["departments.json", "jobs.csv"]
    assert viewer.get("/files", state="loaded").json()["items"][0]["name"] == "jobs.csv"
    assert viewer.get("/files", dataset="departments", state="loaded").json()["count"] == 0
    assert viewer.get("/files", page_size=1, page=2).json()["items"][0]["name"] == "jobs.csv"
    assert_problem(viewer.get("/files", state="lost"), 422, "invalid_request")
    assert_problem(viewer.get("/files/0"), 404, "file_not_found")
    assert_problem(viewer.get(f"/files/{10**30}"), 404, "file_not_found")
    assert_problem(viewer.get("/files/x"), 404, "not_found")


def loaded(curator: Api, name: str, content: bytes) -> int:
    (file,) = curator.upload(file=sent(name, content)).json()["items"]
    load_file(file["id"])
    return int(file["id"])


def test_rejected_rows_as_a_file(curator: Api, viewer: Api) -> None:
    file = loaded(curator, "jobs.csv", b"id,job\n1,Clerk\n2,\n")
    response = viewer.get(f"/files/{file}/rejected")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="jobs-rejected.csv"'
    assert (response["Content-Type"], response["X-Content-Type-Options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert b"".join(response.streaming_content).splitlines()[1].startswith(b"2,,")
    clean = loaded(curator, "jobs2.csv", JOBS)
    assert_problem(viewer.get(f"/files/{clean}/rejected"), 404, "nothing_rejected")
    assert_problem(viewer.get("/files/0/rejected"), 404, "file_not_found")
    assert_problem(viewer.get(f"/files/{file}/rejected", lines=3), 400, "unknown_parameter")


def test_files_with_personal_or_secret_data_only_for_those_who_may_see_it(
    curator: Api, viewer: Api, admin: Api
) -> None:
    users = loaded(
        curator,
        "users.csv",
        b"user_id,full_name,email,city,postal_code,country,created_at\n1,Ada,x,Gent,9000,BE,2024\n",
    )
    header = b"user_id,bank_name,account_number,routing_code,account_type\n"
    banks = loaded(curator, "user_bank_info.csv", header + b"1,Bank,1234567890,x,x\n")
    for what in ("rejected", "original"):
        detail = assert_problem(viewer.get(f"/files/{users}/{what}"), 403, "forbidden")["detail"]
        assert "governance.view_personal_data" in detail
        assert curator.get(f"/files/{users}/{what}").status_code == 200
        detail = assert_problem(curator.get(f"/files/{banks}/{what}"), 403, "forbidden")["detail"]
        assert "governance.view_secret_data" in detail
        assert b"1234567890" in b"".join(admin.get(f"/files/{banks}/{what}").streaming_content)


def test_the_original_bytes(curator: Api) -> None:
    text = "id,job\n1,Łódź\n".encode("utf-16")
    file = loaded(curator, 'jobs "ü".csv', text)
    response = curator.get(f"/files/{file}/original")
    assert b"".join(response.streaming_content) == text
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''jobs%20")
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_failed_is_tried_again(curator: Api, viewer: Api) -> None:
    (file,) = curator.upload(file=sent("jobs.csv", JOBS)).json()["items"]
    address = f"/files/{file['id']}/retry"
    assert_problem(curator.post(address, None), 409, "file_not_failed")
    SourceFile.objects.update(state="failed", error="The worker died.", attempts=3)
    assert_problem(viewer.post(address, None), 403, "forbidden")
    again = curator.post(address, None)
    assert (again.status_code, again.json()["state"], again.json()["error"]) == (202, "received", "")
    load_file(file["id"])
    assert SourceFile.objects.get().rows_inserted == 2
    SourceFile.objects.update(state="failed")
    curator.upload(file=sent("jobs.csv", JOBS))
    assert "later file" in assert_problem(curator.post(address, None), 409, "file_not_failed")["detail"]


def test_a_form_that_is_cut_off_leaves_nothing(curator: Api) -> None:
    """What the web server does when the sender goes away; Django alone would leave the temporary file."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="jobs.csv"\r\n\r\nid,job\n'
    body = head + b"1,Clerk\n" * 50_000
    environ = {
        "CONTENT_LENGTH": str(len(body) + 100),
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "wsgi.input": WholeBody(io.BytesIO(body), len(body) + 100),
    }
    gc.disable()
    try:
        response = curator.client.post(f"{BRONZE}/files", headers=curator.headers, **environ)
        assert list(django_settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []
    finally:
        gc.enable()
    assert_problem(response, 400, "incomplete_body")
    assert not SourceFile.objects.exists()


@pytest.mark.parametrize("form", [False, True])
def test_a_disk_that_is_full(
    curator: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, form: bool
) -> None:
    """/dev/full takes no byte. What is removed afterwards is a link to it."""
    full = tmp_path / "full"
    full.symlink_to("/dev/full")
    for module in ("tempfile", "django.core.files.temp"):
        monkeypatch.setattr(f"{module}.NamedTemporaryFile", lambda **_: io.FileIO(full, "wb"))
    if form:
        response = curator.upload(file=sent("jobs.csv", JOBS * 100_000))
    else:
        response = curator.send("POST", "/files?name=jobs.csv", JOBS)
    body = assert_problem(response, 507, "storage_full")
    assert "no room left" in body["detail"]
    assert not SourceFile.objects.exists()
