"""Raw records over REST: what holds in every version."""

from typing import Any

import pytest
from django.db import connection

from bronze.models import RawRecord
from tests.contract.api.versions import VersionClient
from tests.integration.api.client import assert_problem, rules, together
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")
USERS = "/bronze/users"
ONE = f"{USERS}/1001"


@pytest.fixture
def user(curator: VersionClient) -> dict[str, Any]:
    created = curator.send("POST", USERS, USER)
    assert created.status_code == 201, created.content
    return USER


def people(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [USER | {"user_id": str(number), "city": f"City {number % 3}"} | fields for number in range(count)]


def keys(items: list[Any]) -> list[str]:
    return [item["_record"]["key"] for item in items]


def add(curator: VersionClient, rows: list[Any], path: str = USERS) -> None:
    answer = curator.send("POST", f"{path}/batch?mode=atomic", rows)
    assert answer.status_code == 201, answer.content


# --- one record -----------------------------------------------------------------------------------------


def test_create_read_replace_change_delete_restore(curator: VersionClient) -> None:
    created = curator.send("POST", USERS, USER)
    assert (created.status_code, created["Location"]) == (201, curator.address(ONE))
    read = curator.at(created["Location"])
    assert {name: read.json()[name] for name in USER} == USER
    assert read["ETag"] == created["ETag"] == '"1"'
    assert curator.write("PUT", ONE, USER | {"city": "Bonn"}).json()["city"] == "Bonn"
    changed = curator.write("PATCH", ONE, {"city": "Ulm"})
    assert (changed.json()["city"], changed["ETag"]) == ("Ulm", '"3"')
    gone = curator.write("DELETE", ONE)
    assert (gone.status_code, gone.content) == (204, b"")
    assert_problem(curator.get(ONE), 404, "record_not_found")
    restored = curator.send("POST", f"{ONE}/restore", b"")
    assert (restored.status_code, restored.json()["city"]) == (200, "Ulm")


def test_a_row_that_breaks_rules_is_told_field_by_field(curator: VersionClient) -> None:
    answer = curator.send("POST", USERS, USER | {"email": "x", "city": None})
    body = assert_problem(answer, 422, "contract_violation")
    assert rules(body) == [("email", "pattern"), ("city", "required")]
    assert [error["pointer"] for error in body["errors"]] == ["/email", "/city"]


def test_sparse_fields(curator: VersionClient, user: Any) -> None:
    for found in (curator.get(ONE, fields="city").json(), *curator.items(USERS, fields="city")):
        assert set(found) == {"city", "_record"}
    assert_problem(curator.get(ONE, fields="shoe_size"), 400, "unknown_parameter")
    assert_problem(curator.get(USERS, fields="shoe_size"), 400, "unknown_parameter")


# --- revisions ------------------------------------------------------------------------------------------


BODIES = {"PUT": USER | {"city": "Bonn"}, "PATCH": {"city": "Bonn"}, "DELETE": b""}


@pytest.mark.parametrize("method", BODIES)
def test_the_revision_that_is_meant(curator: VersionClient, user: Any, method: str) -> None:
    stale = curator.send(method, ONE, BODIES[method], **{"If-Match": '"7"'})
    assert 'If-Match: "1"' in assert_problem(stale, 412, "precondition_failed")["detail"]
    assert_problem(
        curator.send(method, ONE, BODIES[method], **{"If-Match": "1"}), 400, "invalid_precondition"
    )
    assert RawRecord.objects.get().revision == 1
    seen = curator.get(ONE)["ETag"]
    assert curator.send(method, ONE, BODIES[method], **{"If-Match": seen}).status_code in (200, 204)
    assert RawRecord.objects.get().revision == 2


@pytest.mark.parametrize("method", BODIES)
def test_a_write_that_names_no_revision(curator: VersionClient, user: Any, method: str) -> None:
    answer = curator.send(method, ONE, BODIES[method])
    if curator.version.must_say_revision:
        assert "If-Match" in assert_problem(answer, 428, "precondition_required")["detail"]
        assert RawRecord.objects.get().revision == 1
    else:
        assert answer.status_code in (200, 204)


def test_what_the_caller_has_is_not_sent_again(curator: VersionClient, user: Any) -> None:
    same = curator.send("GET", ONE, b"", **{"If-None-Match": '"1"'})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", '"1"')
    curator.write("PATCH", ONE, {"city": "Bonn"})
    assert curator.send("GET", ONE, b"", **{"If-None-Match": '"1"'}).status_code == 200


# --- lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    "ordering", ["", "user_id", "-user_id", "city,-user_id", "-city", "-record_updated_at", "phone,city"]
)
def test_a_list_has_every_row_once_in_its_order(curator: VersionClient, ordering: str, size: int) -> None:
    rows = people(7)
    for number in (1, 4):
        rows[number]["phone"] = None
    add(curator, rows)
    query = {"ordering": ordering} if ordering else {}
    found = curator.items(USERS, size, **query)
    assert sorted(keys(found)) == sorted(row["user_id"] for row in rows)
    assert keys(found) == keys(curator.items(USERS, **query))


def test_numbers_and_days_are_ordered_as_such(curator: VersionClient, user: Any) -> None:
    jobs = [
        valid_row("employment_info", employment_id=str(number)) | {"salary": salary, "start_date": day}
        for number, (salary, day) in enumerate(
            [
                ("9000.00", "2020-02-01"),
                ("65000", "2021-03-01"),
                ("120000.5", "2019-12-31"),
                ("65000.00", "2021-03-02"),
            ]
        )
    ]
    add(curator, jobs, "/bronze/employment_info")
    of = "/bronze/employment_info"
    assert keys(curator.items(of, 1, ordering="salary,employment_id")) == ["0", "1", "3", "2"]
    assert keys(curator.items(of, 1, ordering="-start_date")) == ["3", "1", "0", "2"]
    assert keys(curator.items(of, 1, salary__gte="65000", ordering="-salary")) == ["2", "1", "3"]
    assert keys(curator.items(of, start_date__lt="2020-01-01")) == ["2"]


def test_filters_narrow_every_part_of_a_list(curator: VersionClient) -> None:
    add(curator, people(9))
    assert keys(curator.items(USERS, 2, city="City 1")) == ["1", "4", "7"]
    assert keys(curator.items(USERS, 2, city__in="City 0,City 2", user_id__gt="3")) == ["5", "6", "8"]
    assert keys(curator.items(USERS, 2, record_status="deleted")) == []


def test_rows_that_come_meanwhile_hide_no_others(curator: VersionClient) -> None:
    add(curator, people(6))
    seen = []
    for number, part in enumerate(curator.version.parts(curator, USERS, 2, {})):
        seen += keys(part.json()["items"])
        if number < 3:
            add(curator, [USER | {"user_id": f"new {number}"}])
    assert len(seen) == len(set(seen))
    assert {str(number) for number in range(6)} <= set(seen)


@pytest.mark.parametrize(
    "query",
    [{"shoe_size": 1}, {"city__like": "B"}, {"ordering": "shoe_size"}, {"fields": "shoe_size"}],
)
def test_what_a_list_does_not_know(curator: VersionClient, query: dict[str, Any]) -> None:
    assert_problem(curator.get(USERS, **query), 400, "unknown_parameter")


def test_values_that_do_not_fit_a_filter(curator: VersionClient) -> None:
    answer = curator.get("/bronze/employment_info", salary__gt="much", start_date="May")
    assert {field for field, _rule in rules(assert_problem(answer, 422, "invalid_input"))} == {
        "salary__gt",
        "start_date",
    }


@pytest.mark.parametrize("path", ["", "/1001", "/batch", "/1001/restore"])
def test_an_unknown_parameter_is_refused_everywhere(curator: VersionClient, user: Any, path: str) -> None:
    for method in {"": ["GET", "POST"], "/batch": ["POST", "PUT", "PATCH", "DELETE"]}.get(path, ["POST"]):
        answer = curator.send(method, f"{USERS}{path}?shoe=9", {}, **{"If-Match": "*"})
        if answer.status_code != 405:
            assert_problem(answer, 400, "unknown_parameter")


# --- batches --------------------------------------------------------------------------------------------


def mixed() -> list[Any]:
    """Good, bad, good, and a key that is there already."""
    good = people(2)
    return [good[0], USER | {"user_id": "9", "email": "x"}, good[1], USER, "no row"]


def test_a_batch_of_all_or_nothing(curator: VersionClient, user: Any) -> None:
    body = assert_problem(curator.send("POST", f"{USERS}/batch?mode=atomic", mixed()), 422, "batch_refused")
    assert {error["row"] for error in body["errors"]} >= {1, 4}
    assert RawRecord.objects.count() == 1


def test_a_batch_of_those_that_are_good(curator: VersionClient, user: Any) -> None:
    answer = curator.send("POST", f"{USERS}/batch?mode=partial", mixed())
    assert answer.status_code == 207
    body = answer.json()
    assert [(row["row"], row["status"], row["key"]) for row in body["results"]] == [
        (0, 201, "0"),
        (1, 422, "9"),
        (2, 201, "1"),
        (3, 409, "1001"),
        (4, 422, None),
    ]
    assert (body["created"], body["failed"]) == (2, 3)
    assert body["results"][1]["errors"][0]["pointer"] == "/1/email"
    assert sorted(RawRecord.objects.values_list("key", flat=True)) == ["0", "1", "1001"]


def test_a_batch_that_does_not_say(curator: VersionClient, user: Any) -> None:
    answer = curator.send("POST", f"{USERS}/batch", mixed())
    assert answer.status_code == {"atomic": 422, "partial": 207}[curator.version.mode]
    assert RawRecord.objects.count() == {"atomic": 1, "partial": 3}[curator.version.mode]


def test_batches_that_replace_change_and_delete(curator: VersionClient, user: Any) -> None:
    rows = [USER | {"city": "Bonn"}, *people(1)]
    put = curator.send("PUT", f"{USERS}/batch", {"rows": rows}).json()
    assert (put["replaced"], put["created"]) == (1, 1)
    changes = [
        {"user_id": "1001", "city": "Ulm", "_revision": 2},
        {"user_id": "0", "city": "Ulm", "_revision": 9},
    ]
    patched = curator.send("PATCH", f"{USERS}/batch?mode=partial", changes).json()
    assert [row["status"] for row in patched["results"]] == [200, 412]
    deleted = curator.send("DELETE", f"{USERS}/batch?mode=partial", ["1001", "nobody"]).json()
    assert [row["status"] for row in deleted["results"]] == [200, 404]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("count", [0, 1001])
def test_a_batch_of_no_row_or_too_many(curator: VersionClient, method: str, count: int) -> None:
    rows = [str(number) if method == "DELETE" else {} for number in range(count)]
    assert_problem(curator.send(method, f"{USERS}/batch", rows), 422, "batch_size")


def test_a_batch_of_a_thousand(curator: VersionClient) -> None:
    rows = [{"id": number, "department": f"D{number}"} for number in range(1000)]
    assert curator.send("POST", "/bronze/departments/batch", rows).json()["created"] == 1000


# --- sent again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [USERS, f"{USERS}/batch"])
def test_a_request_that_is_sent_again_is_done_once(curator: VersionClient, path: str) -> None:
    body = USER if path == USERS else [USER]
    first, again = (curator.send("POST", path, body, **{"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert (again["Idempotency-Replayed"], first.get("Idempotency-Replayed")) == ("true", None)
    assert RawRecord.objects.count() == 1
    other = curator.send("POST", path, USER | {"user_id": "2"}, **{"Idempotency-Key": "k"})
    assert_problem(other, 422, "idempotency_key_reused")


@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_being_answered(curator: VersionClient) -> None:
    def send() -> Any:
        return curator.send("POST", USERS, USER, **{"Idempotency-Key": "k"})

    with connection.cursor() as cursor:  # another request of the same caller holds the key
        from governance.idempotency import _digest  # noqa: PLC0415

        lookup = _digest("lookup", f"{curator.user.pk}:k".encode()).hex()
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"idempotency:{lookup}"])
        try:
            (answer,) = together(send)
        finally:
            cursor.execute("SELECT pg_advisory_unlock_all()")
    assert_problem(answer, 409, "idempotency_key_in_use")
    assert send().status_code == 201
