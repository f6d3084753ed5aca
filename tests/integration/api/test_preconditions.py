"""ETag, If-Match and If-None-Match of single records."""

import pytest

from bronze.models import RawRecord
from tests.integration.api.client import Api, assert_problem
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USER = valid_row("users")
STALE = ['"2"', 'W/"1"', '"x"', '"-1"', '"2", "3"', '"１"', '"' + "9" * 50 + '"']


@pytest.fixture
def user(curator: Api) -> None:
    assert curator.post("/users", USER)["ETag"] == '"1"'


def write(curator: Api, method: str, if_match: str) -> object:
    body = {"PUT": USER | {"city": "Bonn"}, "PATCH": {"city": "Bonn"}, "DELETE": b""}[method]
    return curator.send(method, "/users/1001", body, **{"If-Match": if_match})


@pytest.mark.parametrize("if_match", STALE)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_record_that_is_not_the_one_seen_stays(
    curator: Api, user: None, method: str, if_match: str
) -> None:
    body = assert_problem(write(curator, method, if_match), 412, "precondition_failed")
    assert 'If-Match: "1"' in body["detail"]
    assert (curator.get("/users/1001").json()["city"], RawRecord.objects.get().revision) == ("Berlin", 1)


@pytest.mark.parametrize("if_match", ["1", "", "garbage", "**"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_is_no_tag_is_not_called_stale(curator: Api, user: None, method: str, if_match: str) -> None:
    body = assert_problem(write(curator, method, if_match), 400, "invalid_precondition")
    assert "has no ETag" in body["detail"]
    assert RawRecord.objects.get().revision == 1


@pytest.mark.parametrize("if_match", ['"1"', "*", '"7", "1"', ' "1" '])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_the_record_that_was_seen_is_written(curator: Api, user: None, method: str, if_match: str) -> None:
    assert write(curator, method, if_match).status_code in (200, 204)  # type: ignore[attr-defined]
    assert RawRecord.objects.get().revision == 2


def test_a_second_writer_does_not_undo_what_the_first_one_did(curator: Api, user: None) -> None:
    seen = curator.get("/users/1001")["ETag"]
    first = curator.send("PATCH", "/users/1001", {"city": "Bonn"}, **{"If-Match": seen})
    second = curator.send("PATCH", "/users/1001", {"city": "Ulm"}, **{"If-Match": seen})
    assert_problem(second, 412, "precondition_failed")
    again = curator.send("PATCH", "/users/1001", {"city": "Ulm"}, **{"If-Match": first["ETag"]})
    assert (again.status_code, again["ETag"]) == (200, '"3"')


def test_a_record_that_is_missing_is_404_whatever_was_expected(curator: Api) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        for if_match in ("*", '"1"'):
            assert_problem(write(curator, method, if_match), 404, "record_not_found")


def test_a_record_that_is_created_again_has_a_new_tag(curator: Api, user: None) -> None:
    curator.delete("/users/1001")
    assert curator.post("/users", USER)["ETag"] == '"3"'
    assert_problem(write(curator, "PUT", '"1"'), 412, "precondition_failed")


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", '"7", "1"'])
def test_what_the_caller_has_is_not_sent_again(curator: Api, user: None, tag: str) -> None:
    def get() -> object:
        return curator.send("GET", "/users/1001", b"", **{"If-None-Match": tag})

    same = get()
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", '"1"')  # type: ignore[attr-defined,index]
    curator.patch("/users/1001", {"city": "Bonn"})
    assert get().status_code == (304 if tag == "*" else 200)  # type: ignore[attr-defined]


def test_not_modified_is_no_way_around_rights(curator: Api, api: object, user: None) -> None:
    stranger = api(None)  # type: ignore[operator]
    response = stranger.send("GET", "/users/1001", b"", **{"If-None-Match": '"1"'})
    assert_problem(response, 403, "forbidden")
