"""Uploads over the network: cut off, without a length, without a boundary."""

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.pipeline import Lakehouse

CSV = b"id,job\n" + b"1,Clerk\n" * 50_000 + b"2,Co"
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="jobs.csv"\r\n\r\n' + CSV


@pytest.fixture(scope="module")
def web(running: Lakehouse) -> Lakehouse:
    return running


def send_in_part(lakehouse: Lakehouse, headers: str, body: bytes) -> None:
    """Send the beginning of a request and go away."""
    address = urlsplit(lakehouse.url)
    head = (
        f"POST /api/v1/bronze/files?name=cut.csv&dataset=jobs HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Token {lakehouse.token}\r\n{headers}\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + body)
        lakehouse.wait_for(lambda: temporary(lakehouse), "the body is being written")


def temporary(lakehouse: Lakehouse) -> list[Path]:
    return list((lakehouse.home / "tmp").iterdir())


def names(lakehouse: Lakehouse) -> set[str]:
    return {file["name"] for file in lakehouse.items("/bronze/files", page_size=1000)}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Type: text/csv\r\nContent-Length: 1000000\r\n", CSV),
        ("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000\r\n", FORM),
    ],
    ids=["raw", "form"],
)
def test_half_a_file_is_no_file(web: Lakehouse, headers: str, body: bytes) -> None:
    before = names(web)
    send_in_part(web, headers, body)
    web.wait_for(lambda: not temporary(web), "nothing is left on the disk")
    assert names(web) == before


def test_a_body_without_a_length_is_refused(web: Lakehouse) -> None:
    def pieces() -> Iterator[bytes]:
        yield CSV

    with web.client() as client:
        response = client.post("/bronze/files?name=jobs.csv&dataset=jobs", content=pieces())
    assert (response.status_code, response.json()["code"]) == (411, "length_required")
    assert "lakehouse ingest -" in response.json()["detail"]


def test_a_form_without_a_boundary(web: Lakehouse) -> None:
    with web.client() as client:
        response = client.post("/bronze/files", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
