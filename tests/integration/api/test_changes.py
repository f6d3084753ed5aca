"""Changes of many records, fields that nobody knows, and deleted records that come back."""

from typing import Any

import pytest

from bronze.models import RawRecord
from tests.integration.api.client import Api, assert_problem, rules
from tests.integration.bronze.intake import Intake
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")


@pytest.fixture
def users(curator: Api) -> None:
    rows = [USER | {"user_id": key} for key in ("1", "2", "3")]
    assert curator.post("/users/batch", rows).status_code == 201


def city(key: str) -> Any:
    return RawRecord.objects.get(key=key).effective["city"]


def test_some_fields_of_many(curator: Api, users: None) -> None:
    rows = [{"user_id": "1", "city": "Bonn"}, {"_key": "2", "city": "Ulm", "phone": None, "_revision": 1}]
    answer = curator.patch("/users/batch", rows)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["changed"], [row["revision"] for row in answer.json()["results"]]) == (2, [2, 2])
    assert [city(key) for key in "123"] == ["Bonn", "Ulm", "Berlin"]
    record = RawRecord.objects.get(key="1")
    assert (record.patch, record.payload["city"], record.status) == ({"city": "Bonn"}, "Berlin", "valid")
    again = curator.patch("/users/batch", rows[:1]).json()
    assert again["results"][0]["revision"] == 2


def test_all_or_none(curator: Api, users: None) -> None:
    rows = [{"user_id": "1", "city": "Bonn"}, {"user_id": "2", "country": "XX"}]
    assert rules(assert_problem(curator.patch("/users/batch", rows), 422, "batch_refused")) == [
        ("country", "country")
    ]
    assert city("1") == "Berlin"


def test_what_is_wrong_with_each(curator: Api, users: None) -> None:
    rows = [
        {"user_id": "1", "city": "Bonn"},
        {"user_id": "2", "_revision": 7, "city": "Bonn"},
        {"user_id": "9", "city": "Bonn"},
        {"city": "Bonn"},
        {"user_id": "3", "citi": "Bonn"},
        "no row",
        {"_key": "1", "city": "Ulm"},
    ]
    result = curator.patch("/users/batch?mode=partial", rows).json()
    assert [row["status"] for row in result["results"]] == [200, 412, 404, 422, 422, 422, 422]
    assert result["results"][4]["errors"][0]["message"] == "citi is no field of users; did you mean city?"
    assert (city("1"), result["failed"]) == ("Bonn", 6)


def test_secrets_are_sealed(curator: Api, admin: Api) -> None:
    curator.post("/users", USER)
    curator.post("/user_bank_info", valid_row("user_bank_info"))
    changed = admin.patch(
        "/user_bank_info/batch", [{"user_id": "1001", "account_number": "DE02120300000000202051"}]
    )
    assert changed.json()["changed"] == 1
    assert RawRecord.objects.get(dataset="user_bank_info").patch["account_number"].startswith("aes-siv:")
    assert admin.get("/user_bank_info/1001").json()["account_number"] == "DE02120300000000202051"


def test_viewers_change_nothing(viewer: Api) -> None:
    assert_problem(viewer.patch("/users/batch", []), 403, "forbidden")
    assert_problem(viewer.post("/users/1/restore", {}), 403, "forbidden")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("emial", "did you mean email?"),
        ("id", "did you mean user_id?"),
        ("Full Name", "full_name?"),
        ("xyzzy", "users"),
    ],
)
def test_a_misspelled_field_is_told(curator: Api, name: str, hint: str) -> None:
    sent = [curator.post("/users", USER | {name: "x"}), curator.post("/users/batch", [USER | {name: "x"}])]
    curator.post("/users", USER)
    sent += [curator.put("/users/1001", USER | {name: "x"}), curator.patch("/users/1001", {name: "x"})]
    sent.append(curator.put("/users/batch", [USER | {name: "x"}]))
    for answer in sent:
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (name, "unknown_field")
        assert hint in error["message"]


def test_columns_of_files_stay_and_may_be_sent_again(curator: Api, intake: Intake) -> None:
    intake.rows("users", USER | {"nickname": "Ada"})
    assert curator.patch("/users/1001", {"nickname": "Countess"}).json()["nickname"] == "Countess"
    whole = curator.get("/users/1001").json()
    body = assert_problem(curator.put("/users/1001", whole), 422, "contract_violation")
    assert "leave it out" in body["errors"][0]["message"]
    del whole["_record"]
    assert curator.put("/users/1001", whole).json()["nickname"] == "Countess"
    assert curator.put("/users/batch", [whole | {"city": "Bonn"}]).status_code == 200


def test_a_deleted_record_comes_back(curator: Api, users: None) -> None:
    curator.patch("/users/1", {"city": "Bonn"})
    assert_problem(curator.post("/users/1/restore", {}), 409, "record_exists")
    curator.delete("/users/1")
    back = curator.post("/users/1/restore", {})
    assert (back.status_code, back.json()["city"], back.json()["_record"]["status"]) == (200, "Bonn", "valid")
    assert back["ETag"] == curator.get("/users/1")["ETag"]
    assert_problem(curator.post("/users/77/restore", {}), 404, "record_not_found")
    assert curator.delete("/datasets/users/records/2").status_code == 204
    assert curator.post("/datasets/users/records/2/restore", {}).status_code == 200


def test_it_does_not_come_back_without_what_it_names(curator: Api) -> None:
    curator.post("/users", USER)
    curator.post("/employment_info", valid_row("employment_info"))
    curator.delete("/employment_info/5001")
    curator.delete("/users/1001")
    assert_problem(curator.post("/employment_info/5001/restore", {}), 422, "contract_violation")
    assert RawRecord.objects.get(key="5001").status == "deleted"


def test_a_key_that_looks_like_the_address(curator: Api) -> None:
    curator.post("/users", USER | {"user_id": "a/restore"})
    assert curator.get("/users/a/restore").json()["user_id"] == "a/restore"
    assert curator.patch("/users/a/restore", {"city": "Bonn"}).json()["city"] == "Bonn"
    assert curator.delete("/users/a/restore").status_code == 204
    assert curator.post("/users/a/restore/restore", {}).status_code == 200
