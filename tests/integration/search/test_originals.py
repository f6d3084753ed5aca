"""Documents that a hit leads to, opened in the browser."""

import codecs

import pytest
from django.test import Client

from bronze.models import Document
from bronze.services.receiving import storage_key
from lake.storage import Storage
from lakehouse_project.kernel.services import resolve
from tests.integration.api.client import client_of as api_of
from tests.integration.api.test_documents import loaded
from tests.integration.bronze.test_documents import pdf

HOSTILE = "<script>alert(1)</script>\nGrüße\n"


def address(sha256: str) -> str:
    return f"/search/documents/{sha256}"


def body(response: object) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_a_pdf_is_shown_as_it_came(viewer: Client) -> None:
    content = pdf("Nobody's text")
    response = viewer.get(address(loaded(api_of("curator"), "a.pdf", content)))
    assert body(response) == content
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="a.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    "content",
    [
        HOSTILE.encode(),
        codecs.BOM_UTF8 + HOSTILE.encode(),
        HOSTILE.encode("utf-16"),
        (HOSTILE * 40).encode("cp1252"),
    ],
)
def test_a_text_is_shown_as_text_whatever_is_in_it(viewer: Client, content: bytes) -> None:
    response = viewer.get(address(loaded(api_of("curator"), "a.txt", content)))
    assert HOSTILE in body(response).decode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'inline; filename="a.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_the_document_of_a_user_is_opened_by_those_alone_who_may(viewer: Client, curator: Client) -> None:
    sha256 = loaded(api_of("curator"), "Ada Byron.pdf", pdf("User: 1001\nContract of Ada Byron"))
    assert viewer.get(address(sha256)).status_code == 403
    assert curator.get(address(sha256)).status_code == 200
    assert Client().get(address(sha256)).status_code == 302


def test_what_is_not_there_is_told(viewer: Client) -> None:
    for name in ("0" * 64, "x", "%00", "..%2F..%2Fetc%2Fpasswd"):
        assert viewer.get(address(name)).status_code == 404
    sha256 = loaded(api_of("curator"), "a.pdf", pdf("Nobody's text"))
    resolve(Storage).delete(storage_key(sha256))
    assert viewer.get(address(sha256)).status_code == 404
    assert viewer.post(address(sha256)).status_code == 405
    assert Document.objects.count() == 1
