"""Documents over REST: facts, text, bytes, whose they are, deleted and restored."""

from typing import Any

import pytest

from bronze.models import Document, SourceFile
from bronze.services.receiving import storage_key
from bronze.tasks import extract_wanted, load_received
from lake.storage import Storage
from lakehouse_project.kernel.services import resolve
from search.sources import Documents as SearchedDocuments
from tests.factories import row
from tests.integration.api.client import Api, assert_problem
from tests.integration.bronze.test_documents import pdf

pytestmark = pytest.mark.django_db

NOBODY = "0" * 64


@pytest.fixture
def note(curator: Api) -> str:
    return loaded(curator, "note.md", b"# Travel policy\n\nTrains only.\x0cSecond page\n")


@pytest.fixture
def contract(curator: Api) -> str:
    return loaded(curator, "Ada Byron.pdf", pdf("User: 1001\nContract of Ada Byron", title="Contract of Ada"))


def loaded(api: Api, name: str, content: bytes) -> str:
    sent = api.client.generic(
        "POST", f"/api/v1/bronze/files?name={name}&dataset=documents", content, headers=api.headers
    )
    load_received()
    return str(sent.json()["items"][0]["sha256"])


def searched() -> set[str]:
    return set(SearchedDocuments().keys())


def test_what_is_known_of_a_document(viewer: Api, note: str) -> None:
    facts = viewer.get(f"/documents/{note}").json()
    assert (facts["title"], facts["name"], facts["status"]) == ("Travel policy", "note.md", "ok")
    assert (facts["page_count"], facts["media_type"], facts["user_id"]) == (2, "text/markdown", "")
    assert facts["source_file_id"] == SourceFile.objects.get().pk
    assert viewer.get("/documents", status="ok").json() == {"items": [facts], "count": 1}
    for nothing in ({"status": "corrupt"}, {"user_id": "1"}, {"deleted": True}):
        assert viewer.get("/documents", **nothing).json()["count"] == 0
    assert_problem(viewer.get("/documents", state="ok"), 400, "unknown_parameter")
    assert_problem(viewer.get("/documents", status="lost"), 422, "invalid_request")


@pytest.mark.parametrize("name", [NOBODY, "x", "%00" * 64, "../" * 3, NOBODY.upper()])
def test_a_document_that_is_not_there(curator: Api, name: str) -> None:
    for response in (
        curator.get(f"/documents/{name}"),
        curator.get(f"/documents/{name}/pages"),
        curator.get(f"/documents/{name}/original"),
        curator.patch(f"/documents/{name}", {"user_id": None}),
        curator.delete(f"/documents/{name}"),
    ):
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"


def test_pages(viewer: Api, note: str) -> None:
    pages = viewer.get(f"/documents/{note}/pages", page_size=1, page=2).json()
    assert pages == {
        "items": [{"number": 2, "text": "Second page\n", "error": "", "is_ocr": False}],
        "count": 2,
    }


def test_the_original_is_saved_and_never_shown_as_a_page(viewer: Api, note: str) -> None:
    for query in ({}, {"inline": True}):
        response = viewer.get(f"/documents/{note}/original", **query)
        assert b"".join(response.streaming_content).startswith(b"# Travel policy")
        assert response["Content-Disposition"] == 'attachment; filename="note.md"'
        assert response["Content-Type"] == "application/octet-stream"
        assert response["X-Content-Type-Options"] == "nosniff"


def test_a_pdf_may_be_shown(curator: Api, contract: str) -> None:
    response = curator.get(f"/documents/{contract}/original", inline=True)
    assert b"".join(response.streaming_content).startswith(b"%PDF-")
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("inline")
    assert "default-src 'none'" in response["Content-Security-Policy"]


def test_bytes_that_are_lost(curator: Api, note: str) -> None:
    resolve(Storage).delete(storage_key(note))
    assert_problem(curator.get(f"/documents/{note}/original"), 410, "original_missing")
    assert_problem(curator.post(f"/documents/{note}/extract", {}), 410, "original_missing")
    assert Document.objects.get().status == "ok"


def test_the_document_of_a_user_is_personal_data(viewer: Api, curator: Api, contract: str) -> None:
    clear, masked = (api.get(f"/documents/{contract}").json() for api in (curator, viewer))
    assert (clear["title"], clear["name"], clear["user_id"]) == ("Contract of Ada", "Ada Byron.pdf", "1001")
    assert (masked["title"], masked["name"]) == ("C•••", "A•••")
    assert "Ada" not in viewer.get("/documents").content.decode()
    for part in ("pages", "original"):
        assert_problem(viewer.get(f"/documents/{contract}/{part}"), 403, "forbidden")
        assert curator.get(f"/documents/{contract}/{part}").status_code == 200


def test_a_document_is_given_to_a_user_and_taken_back(curator: Api, viewer: Api, note: str) -> None:
    curator.post("/users", row("users", user_id="1001"))
    linked = curator.patch(f"/documents/{note}", {"user_id": " 1001 "}).json()
    assert (linked["user_id"], linked["linked_by"][:7]) == ("1001", "curator")
    assert linked["linked_at"]
    assert_problem(viewer.get(f"/documents/{note}/pages"), 403, "forbidden")
    taken = curator.patch(f"/documents/{note}", {"user_id": None}).json()
    assert taken["user_id"] == ""
    assert viewer.get(f"/documents/{note}/pages").status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"user_id": "77"}, "unknown_user"),
        ({"user_id": "1\x00"}, "invalid_request"),
        ({"user_id": "x" * 65}, "invalid_request"),
        ({}, "invalid_request"),
        ({"user_id": "1", "title": "x"}, "invalid_request"),
    ],
)
def test_links_that_cannot_be(curator: Api, note: str, body: Any, code: str) -> None:
    assert_problem(curator.patch(f"/documents/{note}", body), 422, code)
    assert Document.objects.get().user_id == ""


def test_who_may_not_read_it_may_not_unlink_it(api: Any, contract: str) -> None:
    engineer = api("engineer")
    assert_problem(engineer.patch(f"/documents/{contract}", {"user_id": None}), 403, "forbidden")
    assert Document.objects.get().user_id == "1001"


def test_what_viewers_may_not_do(viewer: Api, note: str) -> None:
    for response in (
        viewer.patch(f"/documents/{note}", {"user_id": None}),
        viewer.post(f"/documents/{note}/extract", {}),
        viewer.post(f"/documents/{note}/restore", {}),
        viewer.delete(f"/documents/{note}"),
    ):
        assert_problem(response, 403, "forbidden")


def test_reading_the_text_again(curator: Api, note: str) -> None:
    Document.objects.update(status="limit", message="Cut.", title="Old")
    Document.objects.get().pages.all().delete()
    asked = curator.post(f"/documents/{note}/extract", {})
    assert (asked.status_code, asked.json()["status"]) == (202, "pending")
    assert searched() == set()
    extract_wanted()
    facts = curator.get(f"/documents/{note}").json()
    assert (facts["status"], facts["title"], facts["message"]) == ("ok", "Travel policy", "")
    assert curator.get(f"/documents/{note}/pages").json()["count"] == 2
    assert searched() == {note}


def test_reading_again_keeps_whose_it_is(curator: Api, note: str, contract: str) -> None:
    curator.post("/users", row("users", user_id="7"))
    curator.patch(f"/documents/{note}", {"user_id": "7"})
    curator.patch(f"/documents/{contract}", {"user_id": None})
    for sha256 in (note, contract):
        curator.post(f"/documents/{sha256}/extract", {})
    extract_wanted()
    owners = dict(Document.objects.values_list("sha256", "user_id"))
    assert owners == {note: "7", contract: ""}


def test_bytes_lost_after_it_was_asked(curator: Api, note: str) -> None:
    curator.post(f"/documents/{note}/extract", {})
    resolve(Storage).delete(storage_key(note))
    extract_wanted()
    facts = curator.get(f"/documents/{note}").json()
    assert (facts["status"], "lost the bytes" in facts["message"]) == ("corrupt", True)
    assert curator.get(f"/documents/{note}/pages").json()["count"] == 2


def test_deleted_and_restored(curator: Api, note: str) -> None:
    assert curator.delete(f"/documents/{note}").status_code == 204
    assert curator.delete(f"/documents/{note}").status_code == 204
    assert curator.get("/documents").json()["count"] == 0
    assert curator.get("/documents", deleted=True).json()["count"] == 1
    assert searched() == set()
    curator.post(f"/documents/{note}/extract", {})
    extract_wanted()
    assert Document.objects.get().is_deleted
    back = curator.post(f"/documents/{note}/restore", {})
    assert (back.status_code, back.json()["is_deleted"]) == (200, False)
    assert searched() == {note}
