"""Operations from the outside: asked for over HTTP, done by a worker, fetched, cancelled, interrupted."""

import csv
import io
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.e2e.pipeline import Lakehouse

pytestmark = pytest.mark.slow

JOBS = b"id,job\n" + b"".join(b"%d,Job %d\n" % (number, number) for number in range(1, 9))
MANY = b"id,job\n" + b"".join(b"%d,A job of many words with number %d\n" % (n, n) for n in range(1, 200_001))


def upload(client: httpx.Client, name: str, content: bytes) -> str:
    answer = client.post("/bronze/files", files={"file": (name, content)}, data={"dataset": "jobs"})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    assert answer.headers["Retry-After"]
    return str(answer.headers["Location"]).removeprefix("/api/v1")


def state(client: httpx.Client, address: str) -> Any:
    return client.get(address).json()["state"]


def test_from_asking_to_the_file(new_lakehouse: Callable[..., Lakehouse]) -> None:
    lake = new_lakehouse("web")
    with lake.client() as client:
        unwanted = upload(client, "first.csv", JOBS + b"9,Job 9\n")
        assert client.post(f"{unwanted}/cancel").json()["state"] == "cancelled"
        cancelled_while_it_is_loaded_by_a_second_worker(lake, client)
        assert state(client, unwanted) == "cancelled"
        lake.wait_for(
            lambda: client.get("/bronze/files", params={"state": "failed"}).json()["count"] == 2, "marked"
        )
        assert client.get("/bronze/jobs").json()["count"] == 0
        exported(lake, client)


def cancelled_while_it_is_loaded_by_a_second_worker(lake: Lakehouse, client: httpx.Client) -> None:
    many = upload(client, "many.csv", MANY)
    lake.start("worker", "beat")
    lake.wait_for(
        lambda: client.get(many).json()["progress"] > 0, "progress is seen while the file is loaded"
    )
    lake.kill("worker")
    assert state(client, many) == "running"
    begun = client.get(many).json()["started_at"]
    lake.start("worker")
    lake.wait_for(lambda: client.get(many).json()["started_at"] > begun, "another worker begins again")
    lake.wait_for(lambda: client.get(many).json()["progress"] > 0, "it goes on")
    assert client.post(f"{many}/cancel").status_code == httpx.codes.ACCEPTED
    lake.wait_for(lambda: state(client, many) != "running", "it stops")
    assert state(client, many) == "cancelled"
    assert client.post(f"{many}/cancel").status_code == httpx.codes.CONFLICT


def exported(lake: Lakehouse, client: httpx.Client) -> None:
    loaded = upload(client, "jobs.csv", JOBS)
    lake.wait_for(lambda: client.get(loaded).status_code == httpx.codes.SEE_OTHER, "the file is loaded")
    file = client.get(client.get(loaded).headers["Location"].removeprefix("/api/v1")).json()
    assert (file["state"], file["receipt"]["inserted"]) == ("loaded", 8)
    asked = client.post("/exports", json={"source": "bronze/jobs", "fields": ["id", "job"]})
    address = asked.headers["Location"].removeprefix("/api/v1")
    lake.wait_for(lambda: client.get(address).status_code == httpx.codes.SEE_OTHER, "the export is written")
    with httpx.Client(base_url=lake.url, headers=client.headers, follow_redirects=True) as browser:
        followed = browser.get(f"/api/v1{address}")
    assert list(csv.reader(io.StringIO(followed.text))) == list(csv.reader(io.StringIO(JOBS.decode())))
    shown = lake.command("operations", "list", "--kind", "export").stdout
    assert "succeeded" in shown
    assert "8 rows" in shown
