"""From a file or a row to gold and search, through real processes: web server, worker, clock and watcher."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from tests.e2e.conftest import HIRING
from tests.e2e.pipeline import Lakehouse
from tests.integration.gold.test_hiring_data import ABOVE_MEAN, BY_QUARTER, SHARED, VALID

pytestmark = pytest.mark.slow


def quarters(lakehouse: Lakehouse, year: int) -> list[tuple[Any, ...]]:
    rows = lakehouse.items("/gold/people/hires-by-quarter", year=year, page_size=10_000)
    return [(row["department"], row["job"], row["q1"], row["q2"], row["q3"], row["q4"]) for row in rows]


def above_mean(lakehouse: Lakehouse, year: int) -> list[tuple[Any, ...]]:
    rows = lakehouse.items("/gold/people/departments-above-mean", year=year)
    return [(row["id"], row["department"], row["hired"]) for row in rows]


def hires(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def test_gold_of_uploaded_files_is_what_duckdb_computes(running: Lakehouse) -> None:
    assert_gold_is_right(running, HIRING)


@pytest.mark.skipif(not SHARED.exists(), reason="The shared hiring data is not here.")
def test_gold_of_the_hiring_data_is_what_duckdb_computes(
    new_lakehouse: Callable[..., Lakehouse],
) -> None:
    lakehouse = new_lakehouse("worker", "web", "beat")
    for path in sorted(SHARED.glob("*.csv")):
        lakehouse.upload(path.name, path.read_bytes())
    files = f"read_csv('{SHARED}/hired_employees.csv', header = false, all_varchar = true)"
    ((read,),) = duckdb.connect().execute(f"SELECT count(*) FROM {files}").fetchall()
    lakehouse.wait_for(lambda: receipt(lakehouse, "hired_employees").get("read") == read, "hires are loaded")
    assert receipt(lakehouse, "hired_employees")["quarantined"] == 70
    lakehouse.wait_for(lambda: quarters(lakehouse, 2021) == judged(SHARED, BY_QUARTER), "gold has all hires")
    assert_gold_is_right(lakehouse, SHARED)


def assert_gold_is_right(lakehouse: Lakehouse, folder: Path) -> None:
    assert quarters(lakehouse, 2021) == judged(folder, BY_QUARTER)
    assert above_mean(lakehouse, 2021) == judged(folder, ABOVE_MEAN)


def judged(folder: Path, query: str) -> list[tuple[Any, ...]]:
    database = duckdb.connect()
    database.execute(VALID.format(folder))
    return database.execute(query, [2021]).fetchall()


def receipt(lakehouse: Lakehouse, dataset: str) -> dict[str, int]:
    files = lakehouse.items("/bronze/files", dataset=dataset, state="loaded")
    return files[0]["receipt"] if files else {}


def test_receipt_balances_and_incomplete_rows_are_named(running: Lakehouse) -> None:
    first = running.items("/bronze/files", dataset="hired_employees", state="loaded")[-1]["receipt"]
    assert first == {
        "read": 15, "inserted": 11, "updated": 0, "unchanged": 0, "duplicate": 0, "quarantined": 4,
    }  # fmt: skip
    record = running.get("/bronze/hired_employees/15")
    assert record["_record"]["status"] == "quarantined"
    assert [error["field"] for error in record["_record"]["errors"]] == ["job_id"]


def test_corrected_file_changes_gold(running: Lakehouse) -> None:
    running.upload("hires.csv", hires("3101,Ken Thompson,2031-02-01T00:00:00Z,1,1"), "hired_employees")
    running.wait_for(
        lambda: quarters(running, 2031) == [("Product Management", "Clerk", 1, 0, 0, 0)], "the hire is there"
    )
    running.upload("hires.csv", hires("3101,Ken Thompson,2031-08-01T00:00:00Z,2,1"), "hired_employees")
    running.wait_for(
        lambda: quarters(running, 2031) == [("Sales", "Clerk", 0, 0, 1, 0)], "the correction is in gold"
    )


def test_deleted_record_leaves_gold(running: Lakehouse) -> None:
    running.upload(
        "hires.csv",
        hires("3201,Dennis Ritchie,2032-02-01T00:00:00Z,1,1", "3202,Bjarne,2032-05-01T00:00:00Z,1,1"),
        "hired_employees",
    )
    running.wait_for(
        lambda: quarters(running, 2032) == [("Product Management", "Clerk", 1, 1, 0, 0)], "both are hired"
    )
    running.send("DELETE", "/bronze/hired_employees/3201")
    running.wait_for(
        lambda: quarters(running, 2032) == [("Product Management", "Clerk", 0, 1, 0, 0)], "one is left"
    )


def test_late_department_is_bound(running: Lakehouse) -> None:
    running.upload("hires.csv", hires("3301,Guido,2033-02-01T00:00:00Z,77,3"), "hired_employees")
    running.wait_for(
        lambda: quarters(running, 2033) == [("Unknown", "Data Engineer", 1, 0, 0, 0)], "the hire waits"
    )
    running.send("POST", "/bronze/departments", {"id": "77", "department": "Antarctica"})
    running.wait_for(
        lambda: quarters(running, 2033) == [("Antarctica", "Data Engineer", 1, 0, 0, 0)], "it is bound"
    )


def test_new_user_and_product_are_found(running: Lakehouse) -> None:
    running.send("POST", "/bronze/users", USER)
    running.send("POST", "/bronze/products", PRODUCT)
    running.wait_for(lambda: hits(running, "Quetzalcoatl", city="Utrecht") == ["E2E-1"], "the user is found")
    found = running.get("/search", q="Quetzalcoatl", entity="user", mode="keyword")
    assert found["facets"]["city"] == {"Utrecht": 1}
    assert hits(running, "Quetzalcoatl", city="Delft") == []
    running.wait_for(
        lambda: hits(running, "zeppelin", entity="product") == ["E2E-SKU"], "the product is found"
    )


def hits(lakehouse: Lakehouse, words: str, **filters: str) -> list[str]:
    found = lakehouse.items("/search", **{"q": words, "mode": "keyword", "entity": "user", **filters})
    return [hit["entity_id"] for hit in found]


USER = {
    "user_id": "E2E-1",
    "full_name": "Quetzalcoatl Jansen",
    "email": "q@example.org",
    "city": "Utrecht",
    "postal_code": "3511",
    "country": "NL",
    "created_at": "2024-01-01T00:00:00Z",
}
PRODUCT = {
    "sku": "E2E-SKU",
    "name": "Inflatable zeppelin",
    "description": "Flies through the room.",
    "category": "Toys",
    "price": "12.50",
    "currency": "USD",
}


def test_ingest_waits_for_gold_and_search(running: Lakehouse, tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    header = "user_id,full_name,email,city,postal_code,country,created_at"
    users.write_text(f"{header}\nE2E-2,Xochitl Vermeer,x@example.org,Haarlem,2011,NL,2024-01-01T00:00:00Z\n")
    hired = tmp_path / "hired_employees.csv"
    hired.write_bytes(hires("3401,Anders,2034-11-01T00:00:00Z,2,2"))
    done = running.command("ingest", users, hired, "--wait")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("1 read = 1 inserted") == 2
    assert quarters(running, 2034) == [("Sales", "Actuary", 0, 0, 0, 1)]
    assert hits(running, "Xochitl", city="Haarlem") == ["E2E-2"]


def test_drop_folder_end_to_end(running: Lakehouse) -> None:
    inbox = running.home / "inbox" / "hired_employees"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "late.csv").write_bytes(hires("3501,Larry,2035-05-01T00:00:00Z,3,1"))
    done = running.home / "inbox" / "done" / "late.csv"
    running.wait_for(done.exists, "the file is filed away")
    running.wait_for(
        lambda: quarters(running, 2035) == [("Legal, Risk", "Clerk", 0, 1, 0, 0)], "gold has the hire"
    )
    assert running.items("/bronze/files", dataset="hired_employees")[0]["name"]


def event_lines(count: int) -> Iterator[str]:
    yield "event_id,user_id,event_type,occurred_at,properties"
    for number in range(count):
        moment = f"2025-01-{number % 28 + 1:02}T{number % 24:02}:00:00Z"
        user = "" if number % 1000 == 0 else f"u{number % 500}"
        yield f'e{number},{user},login,{moment},"{{""n"": {number}}}"'


RECORDS = """
SELECT key, payload::text, status, errors::text, line FROM bronze_rawrecord WHERE dataset_id = 'events' ORDER BY key
"""
FACTS = "SELECT event_id, user_id_natural, occurred_at FROM silver_factevent ORDER BY event_id"
RECEIPT = """
SELECT rows_read, rows_inserted, rows_quarantined FROM bronze_sourcefile WHERE name = 'events.csv'
"""
WAITING = "SELECT FROM pg_locks WHERE relation = 'bronze_rawrecord'::regclass AND NOT granted"


def test_killed_worker_loses_and_doubles_nothing(
    running: Lakehouse, new_lakehouse: Callable[..., Lakehouse], tmp_path: Path
) -> None:
    events = tmp_path / "events.csv"
    events.write_text("\n".join(event_lines(5_000)))
    running.upload(events.name, events.read_bytes())
    disturbed = new_lakehouse("worker", "beat")
    with psycopg.connect(disturbed.database_url) as connection:
        connection.execute("LOCK TABLE bronze_rawrecord IN SHARE MODE")
        assert disturbed.command("ingest", events).returncode == 0
        disturbed.wait_for(lambda: disturbed.rows(WAITING), "the worker is about to write the records")
        disturbed.kill("worker")
    assert disturbed.rows("SELECT state FROM bronze_sourcefile") == [("received",)]
    assert disturbed.rows(RECORDS) == []
    disturbed.start("worker")
    disturbed.wait_for(lambda: len(disturbed.rows(FACTS)) == 4_995, "silver has the events")
    running.wait_for(lambda: len(running.rows(FACTS)) == 4_995, "silver has them where nothing happened")
    assert disturbed.rows(RECEIPT) == running.rows(RECEIPT) == [(5_000, 4_995, 5)]
    assert disturbed.rows(RECORDS) == running.rows(RECORDS)
    assert disturbed.rows(FACTS) == running.rows(FACTS)
