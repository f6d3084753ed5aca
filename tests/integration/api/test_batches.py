"""Batches over REST: 1 to 1000 rows, all or none, or those that are good."""

from typing import Any

import pytest

from bronze.models import RawRecord
from tests.integration.api.client import Api, assert_problem
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")
BANK = valid_row("user_bank_info")
JOB = valid_row("employment_info")


def users(*keys: Any) -> list[dict[str, Any]]:
    return [USER | {"user_id": str(key)} for key in keys]


def numbers(count: int) -> list[dict[str, Any]]:
    return users(*range(count))


def found(body: dict[str, Any]) -> list[tuple[int, str, str]]:
    """(row, pointer, code) of the errors of a problem."""
    return [(error["row"], error["pointer"], error["code"]) for error in body["errors"]]


def statuses(answer: Any) -> list[int]:
    return [result["status"] for result in answer.json()["results"]]


@pytest.mark.parametrize("body", [users(1, 2, 3), {"rows": users(1, 2, 3)}])
def test_rows_are_added(curator: Api, body: Any) -> None:
    answer = curator.post("/users/batch", body)
    assert answer.status_code == 201
    assert answer.json() == {
        "created": 3,
        "replaced": 0,
        "deleted": 0,
        "failed": 0,
        "results": [
            {"row": row, "status": 201, "key": str(row + 1), "revision": 1, "errors": []} for row in range(3)
        ],
    }
    read = curator.get("/users/2").json()
    assert {name: read[name] for name in USER} == USER | {"user_id": "2"}


def test_a_thousand_rows(curator: Api) -> None:
    assert curator.post("/users/batch", numbers(1000)).json()["created"] == 1000
    assert curator.put("/users/batch", numbers(1000)).json()["replaced"] == 1000
    assert curator.send("DELETE", "/users/batch", list(range(1000))).json()["deleted"] == 1000
    assert RawRecord.objects.filter(status="deleted").count() == 1000


@pytest.mark.parametrize("count", [0, 1001])
@pytest.mark.parametrize("mode", ["atomic", "partial"])
def test_no_row_or_too_many(curator: Api, count: int, mode: str) -> None:
    for method in ("POST", "PUT"):
        body = assert_problem(
            curator.send(method, f"/users/batch?mode={mode}", numbers(count)), 422, "batch_size"
        )
        assert "1 to 1000 rows" in body["detail"]
    keys = [str(key) for key in range(count)]
    assert_problem(curator.send("DELETE", f"/users/batch?mode={mode}", keys), 422, "batch_size")
    assert not RawRecord.objects.exists()


def test_every_error_of_every_row_is_named_and_nothing_is_written(curator: Api) -> None:
    rows = users(1, 2, 3, 1)
    rows[1] |= {"email": "x", "city": None}
    rows[2] = 7  # type: ignore[call-overload]
    body = assert_problem(curator.post("/users/batch", rows), 422, "batch_refused")
    assert found(body) == [
        (1, "/1/email", "pattern"),
        (1, "/1/city", "required"),
        (2, "/2", "not_an_object"),
        (3, "/3/user_id", "duplicate_key"),
    ]
    assert "3 of 4 rows" in body["detail"]
    assert not RawRecord.objects.exists()
