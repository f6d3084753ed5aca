"""Batches over REST: 1 to 1000 rows, all or none, or those that are good."""

from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from bronze.models import RawRecord
from bronze.repositories import RawRecords
from tests.integration.api.client import BRONZE, Api, assert_problem, client_of, together
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
        "changed": 0,
        "deleted": 0,
        "failed": 0,
        "results": [
            {"row": row, "status": 201, "key": str(row + 1), "revision": 1, "errors": []} for row in range(3)
        ],
    }
    read = curator.get("/users/2").json()
    assert {name: read[name] for name in USER} == USER | {"user_id": "2"}


def test_rows_as_curl_sends_them(curator: Api) -> None:
    """Its `-d` calls everything a form."""
    answer = curator.client.generic(
        "POST",
        f"{BRONZE}/departments/batch",
        b'[{"id": 3, "department": "Legal"}, {"id": 4, "department": "Finance"}]',
        "application/x-www-form-urlencoded",
        headers=curator.headers | {"Idempotency-Key": "1"},
    )
    assert statuses(answer) == [201, 201]


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


def test_keys_that_are_taken(curator: Api) -> None:
    curator.post("/users", USER | {"user_id": "2", "city": "Ulm"})
    body = assert_problem(curator.post("/users/batch", users(1, 2, 3)), 409, "batch_conflict")
    assert found(body) == [(1, "/1/user_id", "record_exists")]
    rows = users(1, 2, 3)
    rows[2]["country"] = "XX"
    body = assert_problem(curator.post("/users/batch", rows), 422, "batch_refused")
    assert [code for _row, _pointer, code in found(body)] == ["record_exists", "country"]
    assert RawRecord.objects.get().revision == 1


def test_the_good_rows_of_a_batch(curator: Api) -> None:
    curator.post("/users", USER | {"user_id": "2"})
    rows = users(1, 2, 3, 1, 5)
    rows[2]["email"] = "x"
    answer = curator.post("/users/batch?mode=partial", rows)
    assert answer.status_code == 207
    body = answer.json()
    assert statuses(answer) == [201, 409, 422, 422, 201]
    assert [result["row"] for result in body["results"]] == [0, 1, 2, 3, 4]
    assert [result["key"] for result in body["results"]] == ["1", "2", "3", "1", "5"]
    assert [result["revision"] for result in body["results"]] == [1, None, None, None, 1]
    assert [error["pointer"] for error in body["results"][2]["errors"]] == ["/2/email"]
    assert (body["created"], body["failed"]) == (2, 3)
    assert set(RawRecord.objects.values_list("key", flat=True)) == {"1", "2", "5"}


def test_a_partial_batch_without_a_good_row(curator: Api) -> None:
    answer = curator.post("/users/batch?mode=partial", [{}, 1, None, [], "x"])
    assert (answer.status_code, statuses(answer)) == (207, [422] * 5)
    assert not RawRecord.objects.exists()


def test_rows_are_added_or_replaced(curator: Api) -> None:
    curator.post("/users/batch", users(1, 2, 3))
    RawRecord.objects.filter(key="2").update(patch={"city": "Ulm"}, errors=[{"message": "old"}])
    curator.delete("/users/3")
    before = RawRecord.objects.get(key="1").revision
    answer = curator.put("/users/batch", [row | {"city": "Bonn"} for row in users(2, 3, 4)] + users(1))
    assert (answer.status_code, statuses(answer)) == (200, [200, 201, 201, 200])
    seen = {item["user_id"]: item for item in curator.get("/users").json()["items"]}
    assert {key: item["city"] for key, item in seen.items()} == {
        "1": "Berlin",
        "2": "Bonn",
        "3": "Bonn",
        "4": "Bonn",
    }
    assert [item["_record"]["errors"] for item in seen.values()] == [[]] * 4
    assert RawRecord.objects.get(key="1").revision == before  # the same again is no new revision
    for result in answer.json()["results"]:
        assert result["revision"] == seen[result["key"]]["_record"]["revision"]


def test_references_are_checked(curator: Api) -> None:
    curator.post("/users/batch", users(1, 2))
    rows = [
        JOB | {"employment_id": key, "user_id": user}
        for key, user in [(1, "1"), (2, 2), (3, "9"), (4, " 1 ")]
    ]
    body = assert_problem(curator.post("/employment_info/batch", rows), 422, "batch_refused")
    assert found(body) == [(2, "/2/user_id", "reference")]
    assert statuses(curator.post("/employment_info/batch?mode=partial", rows)) == [201, 201, 422, 201]


def test_references_take_one_query_for_all_rows(curator: Api, django_assert_max_num_queries: Any) -> None:
    curator.post("/users/batch", numbers(100))
    rows = [JOB | {"employment_id": key, "user_id": str(key)} for key in range(100)]
    with django_assert_max_num_queries(22):
        assert curator.post("/employment_info/batch", rows).status_code == 201
    with django_assert_max_num_queries(22):
        assert curator.put("/employment_info/batch", rows).status_code == 200


def test_records_are_deleted(curator: Api) -> None:
    curator.post("/users/batch", users(1, 2, 3))
    curator.post("/employment_info", JOB | {"user_id": "2"})
    body = assert_problem(curator.send("DELETE", "/users/batch", {"keys": ["1", 2]}), 409, "batch_conflict")
    assert (found(body), "1 in employment_info" in body["errors"][0]["message"]) == (
        [(1, "/1", "record_in_use")],
        True,
    )
    body = assert_problem(curator.send("DELETE", "/users/batch", ["1", "9", "1"]), 422, "batch_refused")
    assert found(body) == [(1, "/1", "record_not_found"), (2, "/2", "duplicate_key")]
    assert not RawRecord.objects.filter(status="deleted").exists()

    answer = curator.send("DELETE", "/users/batch?mode=partial", ["1", "2", "9", 3, None, "a\x00"])
    assert (answer.status_code, statuses(answer)) == (207, [200, 409, 404, 200, 422, 422])
    assert set(RawRecord.objects.filter(status="deleted").values_list("key", flat=True)) == {"1", "3"}
    assert_problem(curator.send("DELETE", "/users/batch", ["1"]), 422, "batch_refused")
    assert statuses(curator.post("/users/batch", users(1))) == [201]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b'{"city": "\\u0000"}', "nul_character"),
        (b'{"city": "\\ud800"}', "lone_surrogate"),
        (b'{"x": NaN}', "number"),
        (b'{"x": 1e99999}', "number"),
        (b'{"x": ' + b"[" * 64 + b"]" * 64 + b"}", "too_deep"),
        (b'{"x": ' + b"[" * 300 + b"]" * 300 + b"}", "too_deep"),
    ],
)
def test_a_row_that_cannot_be_stored_is_named(curator: Api, row: bytes, said: str) -> None:
    good = b'{"id": 1, "department": "\\u00fc\\ud83d\\ude00 \\\\u0000"}'
    body = b"[" + good + b", " + row + b"]"
    answer = curator.post("/departments/batch?mode=partial", body)
    assert statuses(answer) == [201, 422]
    assert answer.json()["results"][1]["errors"][0]["code"] == said
    assert curator.get("/departments/1").json()["department"] == "ü😀 \\u0000"
    problem = assert_problem(curator.put("/departments/batch", body), 422, "batch_refused")
    assert {error["row"] for error in problem["errors"]} == {1}


@pytest.mark.parametrize("body", [b"{}", b"1", b'"x"', b'{"rows": {}}', b'{"rows": [], "x": 1}'])
def test_bodies_that_are_no_batch(curator: Api, body: bytes) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert_problem(curator.send(method, "/users/batch", body), 422, "invalid_input")


@pytest.mark.parametrize("body", [b"", b"{", b"[{}", b"[" * 100_000, b"\xff"])
def test_bodies_that_are_no_json(curator: Api, body: bytes) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert_problem(curator.send(method, "/users/batch", body), 400, "malformed_body")


def test_no_digit_of_a_number_is_lost(curator: Api) -> None:
    body = b"""[{"sku": "S", "name": "n", "description": "d", "category": "c", "currency": "EUR",
                 "price": 9999999999999999.99}]"""
    assert curator.post("/products/batch", body).status_code == 201
    assert '"price": 9999999999999999.99' in RawRecords().text_of("products", "S")


def test_parameters(curator: Api) -> None:
    assert_problem(curator.post("/users/batch?mode=some", users(1)), 422, "invalid_request")
    assert_problem(curator.post("/users/batch?x=1", users(1)), 400, "unknown_parameter")


def test_personal_and_secret_values_are_not_in_answers(curator: Api, api: Any) -> None:
    engineer = api("engineer")
    account = "GB82WEST12345698765432"  # messages show the example of the contract
    rows = users(1, 2)
    rows[1]["email"] = "ada.without.at"
    sent = [
        engineer.post("/users/batch?mode=partial", rows),
        engineer.post("/users/batch", rows),
        engineer.post(
            "/user_bank_info/batch?mode=partial",
            [BANK | {"user_id": "1", "account_number": account}, BANK | {"account_number": "?!"}],
        ),
    ]
    for answer in sent:
        for value in ("Ada", "without", account, "?!"):
            assert value not in answer.content.decode()
    assert engineer.get("/users/1").json()["full_name"] == "A•••"
    assert account not in str(RawRecord.objects.get(dataset="user_bank_info").payload)


@pytest.mark.parametrize(
    ("group", "allowed"),
    [("viewer", False), ("curator", True), ("engineer", True), ("admin", True), (None, False)],
)
def test_who_may_write(api: Any, group: str | None, allowed: bool) -> None:
    client = api(group)
    answers = [
        client.post("/users/batch", users(1)),
        client.put("/users/batch", users(1, 2)),
        client.send("DELETE", "/users/batch", ["1"]),
    ]
    if allowed:
        assert [answer.status_code for answer in answers] == [201, 200, 200]
    else:
        for answer in answers:
            assert_problem(answer, 403, "forbidden")


@pytest.mark.parametrize(("right", "allowed"), [("add_rawrecord", "POST"), ("delete_rawrecord", "DELETE")])
def test_replacing_needs_both_rights(api: Any, right: str, allowed: str) -> None:
    client = api(None)
    User.objects.get(username__startswith="None").user_permissions.add(Permission.objects.get(codename=right))
    for method in ("POST", "PUT", "DELETE"):
        answer = client.send(method, "/users/batch", users(1) if method != "DELETE" else ["1"])
        assert (answer.status_code == 403) is (method != allowed)


def test_a_record_whose_key_is_batch(curator: Api) -> None:
    created = curator.post("/users", USER | {"user_id": "batch"})
    assert created["Location"].endswith("/users/batch")
    assert curator.get("/users/batch").json()["user_id"] == "batch"
    assert curator.patch("/users/batch", [{"user_id": "batch", "city": "Bonn"}]).json()["changed"] == 1
    assert curator.send("DELETE", "/users/batch", ["batch"]).status_code == 200
    assert_problem(curator.get("/users/batch"), 404, "record_not_found")


@pytest.mark.django_db(transaction=True)
def test_batches_with_the_same_keys_in_other_orders_do_not_block_each_other() -> None:
    headers = client_of("curator").headers
    rows = users(*range(200))
    for turn in range(6):
        here = [row | {"city": f"A{turn}"} for row in rows]
        there = [row | {"city": f"B{turn}"} for row in reversed(rows)]
        calls = [partial(Api(headers).put, "/users/batch", body) for body in (here, there, here)]
        assert [answer.status_code for answer in together(*calls)] == [200] * 3
    assert len(set(RawRecord.objects.values_list("payload__city", flat=True))) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_batches_that_add_the_same_rows_one_does() -> None:
    headers = client_of("curator").headers
    calls = [partial(Api(headers).post, "/users/batch", rows) for rows in (numbers(300), numbers(300)[::-1])]
    answers = sorted(together(*calls), key=lambda answer: answer.status_code)
    assert answers[0].status_code == 201
    assert len(assert_problem(answers[1], 409, "batch_conflict")["errors"]) == 300


@pytest.mark.django_db(transaction=True)
def test_a_user_is_not_deleted_while_a_batch_refers_to_it() -> None:
    headers = client_of("curator").headers
    for turn in range(6):
        keys = [f"{turn}-{number}" for number in range(50)]
        Api(headers).post("/users/batch", users(*keys))
        jobs = [JOB | {"employment_id": f"{turn}{row:03}", "user_id": key} for row, key in enumerate(keys)]
        add, delete = together(
            partial(Api(headers).post, "/employment_info/batch", jobs),
            partial(Api(headers).send, "DELETE", "/users/batch", keys[::-1]),
        )
        assert (add.status_code, delete.status_code) in ((201, 409), (422, 200))


def test_a_member_that_is_there_twice_is_refused(curator: Api) -> None:
    body = b'[{"id": 1, "department": "Sales", "department": "Staff"}]'
    found = assert_problem(curator.send("POST", "/departments/batch", body), 422, "invalid_input")
    assert found["errors"][0]["code"] == "repeated_name"
