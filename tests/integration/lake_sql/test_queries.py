"""Queries over REST: asked, guarded, answered by a worker, downloaded, remembered."""

import csv
import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from governance.models import Run
from lake.sql.models import LakeQuery
from lake.sql.services import KEPT
from lake.tasks import run_query
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.services import resolve
from tests import lake_tables

QUERIES = "/api/v1/lake/queries"
JANUARY = "SELECT status, count(*) AS n, sum(amount) AS total FROM asked_orders WHERE year = 2024 GROUP BY ALL ORDER BY 1"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("table")]


def post(client: Client, sql: str, path: str = "", **more: Any) -> Any:
    return client.post(QUERIES + path, {"sql": sql, **more}, content_type="application/json")


def answered(client: Client, sql: str) -> str:
    """The address of the query, once a worker has run it."""
    run = post(client, sql).json()["run"]
    run_query(run)
    return f"{QUERIES}/{run}"


def test_a_query_is_taken_run_and_its_result_fetched(viewer: Client) -> None:
    taken = post(viewer, JANUARY)
    assert taken.status_code == 202
    run = taken.json()["run"]
    assert taken["Location"] == f"/api/v1/operations/{run}"
    assert viewer.get(taken["Location"]).json()["state"] == "queued"
    early = viewer.get(taken.json()["result"])
    assert (early.status_code, early.json()["code"]) == (409, "lake_result_not_ready")
    assert (early["Location"].rpartition("/")[0], early["Retry-After"]) == ("/api/v1/operations", "1")
    run_query(run)
    assert viewer.get(taken["Location"]).json()["state"] == "succeeded"
    result = viewer.get(taken.json()["result"]).json()
    assert [column["name"] for column in result["columns"]] == ["status", "n", "total"]
    paid = lake_tables.orders().filter(pl.col("year") == 2024, pl.col("status") == "paid")
    assert result["items"][0] == ["paid", paid.height, str(paid["amount"].sum())]
    assert (result["count"], result["truncated"]) == (3, False)


def test_the_actual_stands_beside_the_estimate_in_the_history(viewer: Client) -> None:
    answered(viewer, JANUARY)
    [query] = viewer.get(QUERIES).json()["items"]
    assert query["state"] == "succeeded"
    assert query["scanned_bytes"] == query["estimated_bytes"] > 0
    assert query["actual"]["partitions"] == query["estimate"]["scans"][0]["partitions"] == 31
    assert query["rows"] == 3


def test_a_result_is_paged_and_comes_as_csv_without_formulas(viewer: Client) -> None:
    sql = "SELECT '=1+1' AS formula, -amount AS owed FROM asked_orders WHERE year = 2024 AND day = 2 ORDER BY owed"
    address = answered(viewer, sql)
    page = viewer.get(f"{address}/result", {"page": 2, "page_size": 5}).json()
    assert (len(page["items"]), page["count"]) == (5, 12)
    download = viewer.get(f"{address}/result", {"format": "csv"})
    assert download["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(b"".join(download.streaming_content).decode())))
    assert rows[0] == ["formula", "owed"]
    assert rows[1] == ["'=1+1", "-95.00"]
    assert len(rows) == 13


def test_a_query_without_a_partition_filter_is_refused_and_nothing_is_kept(viewer: Client) -> None:
    answer = post(viewer, "SELECT * FROM asked_orders WHERE ordered_at >= '2024-01-30'")
    assert (answer.status_code, answer.json()["code"]) == (422, "lake_query_refused")
    assert (
        "Add to its conditions: year = 2024 AND month = 1 AND day BETWEEN 30 AND 31"
        in answer.json()["detail"]
    )
    assert not LakeQuery.objects.exists()
    assert not Run.objects.exists()


def test_an_estimate_says_what_it_would_cost_and_runs_nothing(viewer: Client) -> None:
    verdict = post(viewer, JANUARY, "/estimate").json()
    assert (verdict["allowed"], verdict["partitions"], verdict["partitions_total"]) == (True, 31, 62)
    assert verdict["cost_usd"] == "0.000050"
    assert verdict["estimate"]["scans"][0]["columns"] == ["status", "amount"]
    refused = post(viewer, "SELECT 1 FROM asked_orders", "/estimate").json()
    assert not refused["allowed"]
    assert "no filter on the partitions" in refused["refusal"]
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM read_text('/etc/passwd')", "lake_statement_not_allowed"),
        ("DROP TABLE asked_orders", "lake_statement_not_allowed"),
        ("SELECT nope FROM asked_orders WHERE year = 2024", "lake_query_invalid"),
        ("", "invalid_request"),
    ],
)
def test_what_cannot_be_asked_is_told_at_once(viewer: Client, sql: str, code: str) -> None:
    for path in ("", "/estimate"):
        answer = post(viewer, sql, path)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_query_that_fails_says_why(viewer: Client) -> None:
    address = answered(viewer, "SELECT CAST(order_id AS INTEGER) FROM asked_orders WHERE year = 2024")
    assert viewer.get(address).json()["state"] == "failed"
    result = viewer.get(f"{address}/result")
    assert result.status_code == 409
    assert "Could not convert" in result.json()["detail"]


def test_queries_and_results_are_their_owners_alone(client_of: Callable[..., Client]) -> None:
    address = answered(client_of("ann"), JANUARY)
    other = client_of("bob", "admin")
    assert other.get(QUERIES).json()["count"] == 0
    assert other.get(address).status_code == 404
    assert other.get(f"{address}/result").json()["code"] == "lake_query_not_found"


def test_who_may_ask() -> None:
    assert post(Client(), JANUARY).status_code == 401
    nobody = Client()
    nobody.force_login(User.objects.create_user("nobody"))
    for answer in (post(nobody, JANUARY), post(nobody, JANUARY, "/estimate"), nobody.get(QUERIES)):
        assert answer.status_code == 403


def test_athena_is_told_to_need_a_bucket(viewer: Client) -> None:
    answer = post(viewer, JANUARY, engine="athena")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_configured")
    assert "STORAGE_URL" in answer.json()["detail"]


def test_results_are_removed_after_their_time(viewer: Client) -> None:
    old = answered(viewer, JANUARY)
    key = LakeQuery.objects.get().result_key
    assert (settings.LAKEHOUSE_HOME / "storage" / key).exists()
    Run.objects.update(created_at=timezone.now() - KEPT * 2)
    answered(viewer, JANUARY)
    assert not (settings.LAKEHOUSE_HOME / "storage" / key).exists()
    assert "removed after its time" in viewer.get(f"{old}/result").json()["detail"]


def test_results_of_forgotten_queries_go_and_other_files_stay(viewer: Client) -> None:
    answered(viewer, JANUARY)
    folder = settings.LAKEHOUSE_HOME / "storage" / "queries"
    forgotten, strange = folder / f"{uuid4()}.parquet", folder / "notes.txt"
    for file in (forgotten, strange):
        file.write_bytes(b"x")
    address = answered(viewer, JANUARY)
    assert viewer.get(address).json()["state"] == "succeeded"
    assert not forgotten.exists()
    assert strange.exists()
    strange.unlink()


def test_a_task_that_comes_twice_runs_the_query_once(viewer: Client) -> None:
    address = answered(viewer, JANUARY)
    first = viewer.get(address).json()
    run_query(first["run"])
    assert viewer.get(address).json() == first


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_told(viewer: Client) -> None:
    from lakehouse_project.celery import app  # noqa: PLC0415

    with app.connection_for_read() as connection:
        connection.SimpleQueue("lake").clear()  # what other tests have asked for
    run = post(viewer, JANUARY).json()["run"]
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue("lake").get(timeout=5)
    assert message.headers["task"] == "lake.query"
    assert run in str(message.payload)
    message.ack()
    assert resolve(EventBus)
