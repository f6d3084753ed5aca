"""Lists beside those of raw records: every item once, however many fit into a part."""

from typing import Any

import pytest

from governance.models import Run
from lakehouse_project.kernel.slices import SliceQuery
from silver.models import DimJob
from tests.contract.api.versions import VERSIONS, VersionClient, client_of
from tests.integration.api.client import assert_problem
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def jobs() -> None:
    DimJob.objects.bulk_create(DimJob(job_id=number, title=f"Job {number % 3}") for number in range(1, 8))


def test_runs_are_listed_newest_first(curator: VersionClient) -> None:
    runs = [Run.objects.create(kind="seed") for _ in range(5)]
    expected = [str(run.pk) for run in reversed(runs)]
    assert [run["id"] for run in curator.items("/runs", 2, kind="seed")] == expected


@pytest.mark.parametrize("size", [1, 4])
def test_the_star_schema(viewer: VersionClient, jobs: None, size: int) -> None:
    rows = viewer.items("/silver/jobs", size, ordering="-title", job_id__gt=0, fields="title,job_id")
    assert [(row["title"], row["job_id"]) for row in rows] == [
        (f"Job {number % 3}", number) for number in (2, 5, 1, 4, 7, 3, 6)
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/bronze/files",
        "/bronze/documents",
        "/silver/dates",
        "/gold/people/city-payroll",
        "/gold/sales/top-spenders",
        "/gold/sales/revenue-by-currency",
        "/gold/people/hires-by-quarter?year=2021",
        "/governance/quality",
        "/auth/tokens",
        "/operations",
        "/search",
    ],
)
def test_a_list_that_is_short(viewer: VersionClient, path: str) -> None:
    answer = viewer.at(viewer.address(path))
    body = answer.json()
    assert answer.status_code == 200, body
    assert body.get("next") is None
    assert isinstance(body["items"], list)
    more = "&" if "?" in path else "?"
    assert_problem(viewer.at(viewer.address(f"{path}{more}shoe=9")), 400, "unknown_parameter")


def test_revisions_of_a_record(curator: VersionClient) -> None:
    curator.send("POST", "/bronze/users", valid_row("users"))
    for city in ("Bonn", "Ulm", "Köln"):
        curator.write("PATCH", "/bronze/users/1001", {"city": city})
    found = curator.items("/bronze/history", 3, dataset="users", key="1001")
    assert [revision["revision"] for revision in found] == [4, 3, 2, 1]


def test_addresses_in_answers_are_of_the_same_version(curator: VersionClient) -> None:
    answer = curator.send("POST", "/seed", {"scale": 0.01})
    assert answer["Location"].startswith(curator.address("/operations/"))


# --- what cursors are for -------------------------------------------------------------------------------


@pytest.fixture
def second() -> VersionClient:
    return client_of(VERSIONS[1], "curator")


@pytest.fixture
def users(second: VersionClient) -> list[str]:
    rows = [valid_row("users", user_id=str(number)) for number in range(6)]
    assert second.send("POST", "/bronze/users/batch", rows).json()["created"] == 6
    return [row["user_id"] for row in rows]


def cursor_of(answer: Any) -> str:
    return str(answer.json()["next"]).rsplit("cursor=", 1)[1].split("&")[0]


def test_a_cursor_is_good_for_its_own_list_alone(second: VersionClient, users: Any) -> None:
    cursor = cursor_of(second.get("/bronze/users", limit=2, ordering="email"))
    assert second.get("/bronze/users", cursor=cursor, ordering="email", limit=5).status_code == 200
    for path, query in (
        ("/bronze/users", {}),
        ("/bronze/users", {"ordering": "-email"}),
        ("/bronze/users", {"ordering": "email", "city": "Berlin"}),
        ("/bronze/products", {}),
    ):
        assert_problem(second.get(path, cursor=cursor, **query), 400, "invalid_cursor")


@pytest.mark.parametrize("cursor", ["", "x", "é", "=" * 9, "A" * 8000])
def test_what_is_no_cursor(second: VersionClient, cursor: str) -> None:
    assert_problem(second.get("/bronze/users", cursor=cursor), 400, "invalid_cursor")


@pytest.mark.parametrize(
    "path", ["/bronze/users", "/silver/jobs", "/operations", "/bronze/files", "/lake/tables"]
)
def test_no_cursor_has_a_nul_character(second: VersionClient, path: str) -> None:
    refused = second.get(path, cursor="\x00")
    assert_problem(refused, refused.status_code, refused.json()["code"])
    assert refused.status_code in (400, 422)


def test_a_cursor_shows_nothing(second: VersionClient, users: Any) -> None:
    import base64  # noqa: PLC0415

    cursor = cursor_of(second.get("/bronze/users", limit=2, ordering="email"))
    address = second.get("/bronze/users/1").json()["email"]
    assert address.encode() not in base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))


def test_rows_are_counted_when_asked_for(second: VersionClient, users: Any) -> None:
    assert second.get("/bronze/users", limit=2).json()["count"] is None
    assert second.get("/bronze/users", limit=2, with_count="true").json()["count"] == 6


@pytest.mark.parametrize("limit", [0, 1001, "x"])
def test_limits_that_make_no_sense(second: VersionClient, limit: Any) -> None:
    assert_problem(second.get("/bronze/users", limit=limit), 422, "invalid_request")
    assert SliceQuery().limit == 50


def test_rows_that_go_meanwhile_hide_no_others(second: VersionClient, users: list[str]) -> None:
    first = second.get("/bronze/users", limit=3)
    for gone in ("0", "2", "4"):
        assert second.write("DELETE", f"/bronze/users/{gone}").status_code == 204
    rest = second.at(first.json()["next"]).json()
    assert ([item["user_id"] for item in rest["items"]], rest["next"]) == (["3", "5"], None)
