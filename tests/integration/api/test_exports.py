"""Lists as files: in every format the same rows, values and masks as the list itself."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from django.contrib.auth.models import User
from pyarrow import ipc

from bronze.models import RawRecord
from governance.models import Run
from governance.operations.results import ResultFiles
from governance.services import enqueue
from lakehouse_project.exports.services import WriteExport
from lakehouse_project.exports.sources import sources
from lakehouse_project.exports.tasks import write_export
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular import answers
from tests.integration.api.client import Api, assert_problem, client_of, rules
from tests.integration.bronze.intake import Intake

pytestmark = pytest.mark.django_db

USERS = [
    {
        "user_id": str(number),
        "full_name": name,
        "email": f"{number}@example.org",
        "city": city,
        "postal_code": "53111",
        "country": "DE",
        "created_at": "2024-05-17T18:20:00Z",
        "nickname": nickname,
        "tags": ["a", number],
    }
    for number, name, city, nickname in (
        (1, 'Ada "the" Long', "Bonn", '=HYPERLINK("x")'),
        (2, "Bo\nShort", "Köln, West", ""),
        (3, "Çelik", "", None),
        (4, "\\N", "-Bonn", "'=1"),
    )
]


@pytest.fixture
def users(intake: Intake) -> None:
    """Four valid users, with fields that the contract does not know, and one in quarantine."""
    intake.rows("users", *USERS, USERS[0] | {"user_id": "5", "email": "nobody", "more": 1.25})


@pytest.fixture
def officer() -> Api:
    """Somebody who sees personal data in clear."""
    return client_of("curator")


def list_of(api: Api, source: str, query: str = "") -> list[Any]:
    answer = api.client.get(f"/api/v1/{source}?page_size=1000&{query}", headers=api.headers)
    assert answer.status_code == 200, answer.content
    items: list[Any] = answer.json()["items"]
    return items


def direct(api: Api, source: str, to: str, query: str = "") -> bytes:
    answer = api.client.get(f"/api/v1/{source}?format={to}&{query}", headers=api.headers)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def ask(api: Api, source: str, to: str = "csv", **more: Any) -> Any:
    body = {"source": source, "format": to, **more}
    return api.client.post("/api/v1/exports", body, "application/json", headers=api.headers)


def by_worker(api: Api, source: str, to: str, **more: Any) -> bytes:
    asked = ask(api, source, to, **more)
    assert asked.status_code == 202, asked.content
    write_export(asked.json()["id"])
    told = api.client.get(asked["Location"], headers=api.headers)
    assert (told.status_code, told.json()["state"]) == (303, "succeeded"), told.content
    return b"".join(api.client.get(told["Location"], headers=api.headers).streaming_content)


def flat(item: dict[str, Any], names: list[str]) -> list[Any]:
    """A row of the list as columns of texts."""
    about = {f"_record_{name}": value for name, value in item.get("_record", {}).items()}
    return [text(({**item, **about}).get(name)) for name in names]


def text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, separators=(", ", ": "))


READERS: dict[str, Callable[[bytes], pl.DataFrame]] = {
    "csv": lambda content: pl.read_csv(content, infer_schema=False, empty_string_is_null=False),
    "parquet": lambda content: pl.read_parquet(io.BytesIO(content)),
    "arrow": lambda content: pl.DataFrame(ipc.open_stream(content).read_all()),
}


@pytest.mark.parametrize("group", ["viewer", "curator"])
@pytest.mark.parametrize(("way", "to"), [(direct, "ndjson"), (by_worker, "ndjson"), (by_worker, "json")])
def test_objects_are_those_of_the_list(users: None, group: str, way: Any, to: str) -> None:
    api = client_of(group)
    content = way(api, "bronze/users", to)
    found = json.loads(content) if to == "json" else [json.loads(line) for line in content.splitlines()]
    listed = list_of(api, "bronze/users")
    assert found == listed
    assert [list(each) for each in found] == [list(each) for each in listed], "in the same order"
    assert (found[0]["email"] == "1@example.org") == (group == "curator")


@pytest.mark.parametrize("group", ["viewer", "curator"])
@pytest.mark.parametrize("way", [direct, by_worker])
@pytest.mark.parametrize("to", ["parquet", "arrow"])
def test_columns_are_the_fields_of_the_list(users: None, group: str, way: Any, to: str) -> None:
    api = client_of(group)
    frame = READERS[to](way(api, "bronze/users", to))
    listed = list_of(api, "bronze/users")
    assert frame.columns[:3] == ["user_id", "full_name", "email"]
    assert set(frame.columns) >= {"nickname", "tags", "more", "_record_id", "_record_errors"}
    plain = [name for name in frame.columns if name not in ("_record_errors", "more")]
    assert [[text(value) for value in row] for row in frame.select(plain).iter_rows()] == [
        flat(item, plain) for item in listed
    ]
    assert [json.loads(errors) for errors in frame["_record_errors"]] == [
        item["_record"]["errors"] for item in listed
    ]
    assert frame["more"].to_list() == [None, None, None, None, "1.25" if group == "curator" else "1•••"]


def test_duckdb_reads_what_it_shall(users: None, officer: Api, tmp_path: Path) -> None:
    listed = sorted(item["city"] for item in list_of(officer, "bronze/users"))
    for to, read in (("parquet", "read_parquet"), ("ndjson", "read_json"), ("csv", "read_csv")):
        path = tmp_path / f"users.{to}"
        path.write_bytes(by_worker(officer, "bronze/users", to))
        rows = duckdb.sql(f"SELECT coalesce(city, '') FROM {read}('{path}') ORDER BY 1").fetchall()
        assert [re.sub("^'", "", city) for (city,) in rows] == listed


def test_what_a_spreadsheet_would_run_is_neutralised_and_comes_back(users: None, officer: Api) -> None:
    frame = READERS["csv"](direct(officer, "bronze/users", "csv"))
    assert frame["nickname"].to_list() == ['\'=HYPERLINK("x")', "", "", "''=1", '\'=HYPERLINK("x")']
    assert frame["city"].to_list()[3] == "'-Bonn"
    back = [value and re.sub(r"^'('*[=+\-@\t\r])", r"\1", value) for value in frame["nickname"]]
    assert back == [item.get("nickname") or "" for item in list_of(officer, "bronze/users")]


def test_names_of_fields_are_neutralised_as_well(users: None, intake: Intake, officer: Api) -> None:
    intake.rows("users", USERS[1] | {'=HYPERLINK("y")': "x"})
    first = next(csv.reader(direct(officer, "bronze/users", "csv").decode().splitlines()))
    assert '\'=HYPERLINK("y")' in first
    assert not [name for name in first if name[0] in "=+-@"]


def test_a_number_is_no_formula(intake: Intake, officer: Api) -> None:
    line = {
        "order_id": "A",
        "line_number": 1,
        "user_id": "1",
        "ordered_at": "2024-05-17T18:20:00Z",
        "status": "paid",
    }
    intake.rows(
        "order_lines", line | {"currency": "USD", "sku": "-5", "quantity": "-2", "unit_price": "-12.50"}
    )
    frame = READERS["csv"](direct(officer, "bronze/order_lines", "csv"))
    assert frame.select("sku", "quantity", "unit_price").row(0) == ("'-5", "-2", "-12.50")


def test_filters_fields_and_order_are_those_of_the_list(users: None, officer: Api) -> None:
    query = "city__startswith=B&record_status=valid"
    listed = list_of(officer, "bronze/users", f"{query}&ordering=-user_id&fields=city,user_id")
    content = by_worker(
        officer, "bronze/users", "csv", filters=query, fields=["city", "user_id"], ordering=["-user_id"]
    )
    assert content.decode() == "city,user_id\n" + "".join(
        f"{row['city']},{row['user_id']}\n" for row in listed
    )
    objects = by_worker(officer, "bronze/users", "ndjson", filters=f"{query}&fields=city&ordering=user_id")
    assert [json.loads(line) for line in objects.splitlines()] == list_of(
        officer, "bronze/users", f"{query}&fields=city&ordering=user_id"
    )


def test_deleted_records_are_there_only_if_asked_for(users: None, officer: Api) -> None:
    RawRecord.objects.filter(key="1").update(status="deleted")
    assert b"1@example.org" not in direct(officer, "bronze/users", "csv", "fields=email")
    assert (
        direct(officer, "bronze/users", "csv", "fields=email&record_status=deleted")
        == b"email\n1@example.org\n"
    )


def test_secrets_are_shown_to_those_who_may_see_them(intake: Intake) -> None:
    account = {"user_id": "1", "bank_name": "Bank", "account_number": "DE89370400440532013000"}
    intake.rows("user_bank_info", account | {"routing_code": "DEUTDEFF", "account_type": "checking"})
    for group, seen in (("admin", "DE89370400440532013000"), ("curator", "•••"), ("viewer", "•••")):
        api = client_of(group)
        for to in ("csv", "ndjson"):
            assert f"{seen}".encode() in direct(api, "bronze/user_bank_info", to, "fields=account_number")
        assert list_of(api, "bronze/user_bank_info")[0]["account_number"] == seen


def test_nobody_finds_by_a_filter_what_is_masked(users: None, viewer: Api) -> None:
    for query in ("email=1@example.org", "ordering=email"):
        answer = viewer.client.get(f"/api/v1/bronze/users?format=csv&{query}", headers=viewer.headers)
        assert_problem(answer, 400, "unknown_parameter")
        assert_problem(ask(viewer, "bronze/users", filters=query), 400, "unknown_parameter")


def test_a_data_set_that_was_described_at_run_time(curator: Api) -> None:
    described = {"name": "visits", "title": "Visits", "key_fields": ["id"], "fields": [{"name": "id"}]}
    assert curator.post("/datasets", described).status_code == 201
    row = b'{"id": "1", "seconds": 1.50, "page": {"path": "/"}}'
    assert curator.post("/datasets/visits/records", row).status_code == 201
    expected = list_of(curator, "bronze/datasets/visits/records")
    for source in ("bronze/visits", "bronze/datasets/visits/records"):
        assert [json.loads(line) for line in by_worker(curator, source, "ndjson").splitlines()] == expected
    frame = READERS["parquet"](direct(curator, "bronze/datasets/visits/records", "parquet"))
    assert frame.select("id", "page", "seconds").row(0) == ("1", '{"path": "/"}', "1.50")


def test_an_empty_list_is_an_empty_file(officer: Api) -> None:
    assert direct(officer, "bronze/jobs", "csv", "fields=id,job") == b"id,job\n"
    assert by_worker(officer, "bronze/jobs", "json") == b"[]\n"
    for to in ("parquet", "arrow"):
        frame = READERS[to](direct(officer, "bronze/jobs", to))
        assert (frame.height, frame.columns[:2]) == (0, ["id", "job"])


@pytest.mark.parametrize("to", ["csv", "ndjson", "parquet"])
def test_a_number_that_no_row_can_have_gives_an_empty_file(officer: Api, to: str) -> None:
    address = f"/api/v1/silver/users?location_id={1 << 70}&format={to}"
    answer = officer.client.get(address, headers=officer.headers)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 200
    if to == "parquet":
        assert pl.read_parquet(content).height == 0
    else:
        assert content.count(b"\n") == (to == "csv")


# --- asking -------------------------------------------------------------------------------------------------------


def test_the_answer_is_named_typed_and_measured(users: None, officer: Api) -> None:
    asked = ask(officer, "bronze/users", "csv", compression="gzip", fields=["user_id"])
    write_export(asked.json()["id"])
    file = officer.client.get(f"{asked['Location']}/result", headers=officer.headers)
    content = b"".join(file.streaming_content)
    assert gzip.decompress(content).splitlines() == [b"user_id", b"1", b"2", b"3", b"4", b"5"]
    assert (file["Content-Type"], int(file["Content-Length"])) == ("application/gzip", len(content))
    assert file["Content-Disposition"] == 'attachment; filename="users.csv.gz"'
    told = officer.client.get(asked["Location"], headers=officer.headers).json()
    assert (told["counts"], told["progress"]) == ({"rows": 5, "bytes": len(content)}, 1.0)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"source": "bronze/nothing"}, 404, "unknown_source"),
        ({"source": "search"}, 404, "unknown_source"),
        ({"source": "bronze/jobs", "filters": "town=Bonn"}, 400, "unknown_parameter"),
        ({"source": "bronze/jobs", "filters": "page=2"}, 400, "unknown_parameter"),
        ({"source": "bronze/jobs", "filters": "id__gt=x"}, 422, "invalid_input"),
        ({"source": "bronze/jobs", "filters": "record_status=gone"}, 422, "invalid_input"),
        ({"source": "bronze/jobs", "fields": ["town"]}, 400, "unknown_parameter"),
        ({"source": "bronze/jobs", "ordering": ["-town"]}, 400, "unknown_parameter"),
        ({"source": "silver/users", "filters": "format=csv"}, 400, "unknown_parameter"),
        ({"source": "gold/people/hires-by-quarter"}, 422, "invalid_input"),
        ({"source": "gold/people/hires-by-quarter", "filters": "year=x"}, 422, "invalid_input"),
        ({"source": "bronze/jobs", "format": "xlsx"}, 422, "invalid_request"),
        ({"source": "bronze/jobs", "format": "parquet", "compression": "gzip"}, 422, "already_compressed"),
        ({"source": "bronze/jobs", "limit": 3}, 422, "invalid_request"),
        ({}, 422, "invalid_request"),
    ],
)
def test_what_is_wrong_is_said_at_once(viewer: Api, body: Any, status: int, code: str) -> None:
    answer = viewer.client.post("/api/v1/exports", body, "application/json", headers=viewer.headers)
    assert_problem(answer, status, code)
    assert not Run.objects.exists()


def test_a_field_that_is_unknown_is_named(viewer: Api) -> None:
    body = assert_problem(ask(viewer, "bronze/jobs", fields=["town"]), 400, "unknown_parameter")
    assert rules(body) == [("fields", "unknown_field")]


def test_who_may_not_see_the_list_may_not_export_it(users: None) -> None:
    user = User.objects.create_user("eve")
    api = client_of(None)
    assert_problem(ask(api, "bronze/users"), 403, "forbidden")
    assert not user.has_perm("bronze.view_rawrecord")


def test_what_was_allowed_when_asked_is_asked_again_when_it_is_written(users: None, officer: Api) -> None:
    asked = ask(officer, "bronze/users", "csv")
    User.objects.update(is_active=False)
    write_export(asked.json()["id"])
    run = Run.objects.get(kind="export")
    assert (run.state, "permission" in run.message) == ("failed", True)
    assert not resolve(ResultFiles).path(str(run.pk)).exists()


def test_sent_again_with_the_same_key_it_is_written_once(users: None, officer: Api) -> None:
    headers = officer.headers | {"Idempotency-Key": "one"}
    body = {"source": "bronze/users"}
    first, again = (
        officer.client.post("/api/v1/exports", body, "application/json", headers=headers) for _ in range(2)
    )
    assert first["Location"] == again["Location"]
    assert Run.objects.filter(kind="export").count() == 1


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse_project.exports.tasks.resolve", limited)


def limited(kind: Any) -> Any:
    return WriteExport(max_bytes=100) if kind is WriteExport else resolve(kind)


def test_a_file_that_is_too_large_is_not_kept_and_the_setting_is_named(
    users: None, officer: Api, small: None
) -> None:
    run = enqueue("export", user_id=User.objects.get().pk, source="bronze/users")
    write_export(str(run.pk))
    run.refresh_from_db()
    assert (run.state, "EXPORT_MAX_MB" in run.message) == ("failed", True)
    assert not list(resolve(ResultFiles).folder.glob(f"{run.pk}*"))


def test_a_list_that_is_too_long_for_an_answer(
    users: None, officer: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "DIRECT_ROWS", 4)
    answer = officer.client.get("/api/v1/bronze/users?format=csv", headers=officer.headers)
    assert "POST /api/v1/exports" in assert_problem(answer, 422, "too_many_rows")["detail"]
    assert direct(officer, "bronze/users", "csv", "record_status=valid&fields=user_id").count(b"\n") == 4


def test_accept_asks_for_a_file_as_well(users: None, officer: Api) -> None:
    for accept in ("text/csv", "application/x-ndjson", "application/vnd.apache.parquet"):
        answer = officer.client.get("/api/v1/bronze/users", headers=officer.headers | {"Accept": accept})
        assert answer["Content-Type"].startswith(accept)
        assert b"".join(answer.streaming_content)
    browser = officer.headers | {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    assert officer.client.get("/api/v1/bronze/users", headers=browser).json()["count"] == 5


def test_what_can_be_exported_is_listed(viewer: Api) -> None:
    found = viewer.client.get("/api/v1/exports/sources", headers=viewer.headers).json()["items"]
    assert found == sources()
    assert {"bronze/users", "silver/order-lines", "gold/people/city-payroll"} <= set(found)
