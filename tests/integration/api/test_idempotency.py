"""`Idempotency-Key`: a request that is sent again is answered again, and done once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from bronze.models import RawRecord
from governance.idempotency import KEPT
from governance.models import StoredAnswer
from tests.integration.api.client import Api, assert_problem, client_of, together
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")
BANK = valid_row("user_bank_info")
KEY = "a0b1c2d3"


def post(client: Api, path: str, body: Any, key: str = KEY) -> Any:
    return client.send("POST", path, body, **{"Idempotency-Key": key})


def is_replay(answer: Any) -> bool:
    return bool(answer.get("Idempotency-Replayed") == "true")


@pytest.mark.parametrize(
    ("path", "body"),
    [("/users", USER), ("/users/batch", [USER]), ("/users/batch?mode=partial", [USER, {"user_id": "x"}])],
)
def test_the_same_request_again_is_the_same_answer(curator: Api, path: str, body: Any) -> None:
    first = post(curator, path, body)
    curator.patch("/users/1001", {"city": "Bonn"})
    again = post(curator, path, body)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert [again.get(name) for name in ("ETag", "Location")] == [
        first.get(name) for name in ("ETag", "Location")
    ]
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert RawRecord.objects.get().revision == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/users", USER | {"city": "Bonn"}),
        ("/users/batch", [USER]),
        ("/users?x=1", USER),
        ("/departments", USER),
    ],
)
def test_another_request_with_the_key_is_refused(curator: Api, path: str, body: Any) -> None:
    post(curator, "/users", USER)
    problem = assert_problem(post(curator, path, body), 422, "idempotency_key_reused")
    assert "POST /api/v1/bronze/users" in problem["detail"]
    assert RawRecord.objects.count() == 1


def test_a_key_belongs_to_its_user(curator: Api, admin: Api) -> None:
    assert post(curator, "/users", USER).status_code == 201
    assert_problem(post(admin, "/users", USER), 409, "record_exists")


def test_a_request_that_failed_is_tried_again(curator: Api) -> None:
    assert_problem(post(curator, "/user_bank_info", BANK), 422, "contract_violation")
    assert not StoredAnswer.objects.exists()
    curator.post("/users", USER)
    answer = post(curator, "/user_bank_info", BANK)
    assert (answer.status_code, is_replay(answer)) == (201, False)


def test_without_the_right_to_write_nothing_is_replayed(curator: Api) -> None:
    post(curator, "/users", USER)
    User.objects.get(username__startswith="curator").groups.clear()
    assert_problem(post(curator, "/users", USER), 403, "forbidden")


def test_a_stored_answer_hides_what_the_tables_hide(admin: Api) -> None:
    admin.post("/users", USER)
    first = post(admin, "/user_bank_info", BANK)
    assert first.json()["account_number"] == BANK["account_number"]
    assert post(admin, "/user_bank_info", BANK).content == first.content
    stored = " ".join(str(value) for value in StoredAnswer.objects.values_list().get())
    body = bytes(StoredAnswer.objects.get().body)
    assert BANK["account_number"] not in stored
    assert BANK["account_number"].encode() not in body
    assert KEY not in stored


def test_an_answer_is_kept_for_a_day(curator: Api) -> None:
    post(curator, "/users", USER)
    post(curator, "/users", USER | {"user_id": "2"}, "other")
    StoredAnswer.objects.update(created_at=timezone.now() - KEPT + timedelta(minutes=1))
    assert is_replay(post(curator, "/users", USER))
    StoredAnswer.objects.update(created_at=timezone.now() - KEPT - timedelta(minutes=1))
    post(curator, "/users", USER | {"user_id": "3"}, "third")
    assert StoredAnswer.objects.count() == 1
    assert_problem(post(curator, "/users", USER), 409, "record_exists")


def test_after_a_change_of_the_secret_key_nothing_is_done_twice(curator: Api, settings: Any) -> None:
    post(curator, "/users", USER)
    stored = StoredAnswer.objects.get()
    settings.SECRET_KEY = "another"
    assert_problem(post(curator, "/users", USER), 409, "record_exists")
    assert StoredAnswer.objects.get() == stored


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "schlüssel"])
def test_keys_that_are_none(curator: Api, key: str) -> None:
    assert_problem(post(curator, "/users", USER, key), 422, "invalid_input")
    assert not RawRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_the_same_time_with_one_key() -> None:
    """Each of many times one is done, and the other waits for nothing: it is told, or gets the answer again."""
    headers = client_of("curator").headers
    for turn in range(10):
        rows = [USER | {"user_id": f"{turn}-{row}"} for row in range(50)]
        answers = together(
            *[lambda rows=rows, turn=turn: post(Api(headers), "/users/batch", rows, f"k{turn}")] * 2
        )
        done = [answer for answer in answers if answer.status_code == 201]
        assert [is_replay(answer) for answer in done].count(False) == 1
        for answer in answers:
            if answer not in done:
                assert_problem(answer, 409, "idempotency_key_in_use")
                assert answer["Retry-After"] == "1"
        assert is_replay(post(Api(headers), "/users/batch", rows, f"k{turn}"))
    assert RawRecord.objects.count() == 500
    assert set(RawRecord.objects.values_list("revision", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_while_the_first_request_runs_the_second_is_told_so() -> None:
    headers = client_of("curator").headers
    with transaction.atomic():
        assert post(Api(headers), "/users", USER).status_code == 201
        (answer,) = together(lambda: post(Api(headers), "/users", USER))
        assert_problem(answer, 409, "idempotency_key_in_use")
    assert is_replay(post(Api(headers), "/users", USER))
