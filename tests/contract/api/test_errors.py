"""What is refused by every version, each time as a problem with the id of the request."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from lakehouse_project.kernel.errors import LakehouseError, TransientError
from lakehouse_project.problems import status_of
from tests.contract.api.versions import VersionClient
from tests.integration.api.client import assert_problem
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USERS = "/bronze/users"
SEED = "/seed"
"""A route that reads its body by a schema; that of records reads it by itself."""


@pytest.mark.parametrize("path", [USERS, SEED])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON: Expecting property name"),
        (b'{"a": 1,}', "line 1, column 9"),
        (b"\xff\xfe{}", "not UTF-8 (byte 0)"),
        (b"[" * 100_000, "nested"),
    ],
)
def test_a_body_that_cannot_be_read(curator: VersionClient, path: str, body: bytes, said: str) -> None:
    assert said in assert_problem(curator.send("POST", path, body), 400, "malformed_body")["detail"]


@pytest.mark.parametrize("path", [USERS, SEED])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/csv", "application/xml"])
def test_a_body_of_another_type(curator: VersionClient, path: str, kind: str) -> None:
    answer = curator.send("POST", path, {}, **{"Content-Type": kind})
    assert "application/json" in assert_problem(answer, 415, "unsupported_media_type")["detail"]


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",  # as `curl -d` says
        "",
    ],
)
def test_types_that_are_json(curator: VersionClient, kind: str) -> None:
    answer = curator.send("POST", USERS, valid_row("users"), **{"Content-Type": kind})
    assert answer.status_code == 201, answer.content


def test_a_body_that_is_too_large(curator: VersionClient) -> None:
    body = b'{"id": 1, "department": "' + b"x" * 17_000_000 + b'"}'
    detail = assert_problem(curator.send("POST", "/bronze/departments", body), 413, "body_too_large")[
        "detail"
    ]
    assert curator.address("/bronze/files") in detail


def test_a_body_that_does_not_fit_its_schema(curator: VersionClient) -> None:
    body = assert_problem(curator.send("POST", SEED, {"scale": "much"}), 422, "invalid_request")
    assert [error["pointer"] for error in body["errors"]] == ["/scale"]


def test_a_body_without_its_length(curator: VersionClient) -> None:
    answer = curator.client.post(
        curator.address(USERS), headers=curator.headers | {"Transfer-Encoding": "chunked"}, CONTENT_LENGTH=""
    )
    assert_problem(answer, 411, "length_required")


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_an_address_does_not_have(curator: VersionClient, method: str) -> None:
    answer = curator.send(method, USERS, b"")
    assert_problem(answer, 405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_without_a_login(curator: VersionClient) -> None:
    answer = Client().get(curator.address(USERS))
    assert curator.address("/auth/jwt") in assert_problem(answer, 401, "not_authenticated")["detail"]
    assert "Token" in answer["WWW-Authenticate"]


def test_the_description_of_the_api_tells_programs_that_their_login_is_not_good(
    curator: VersionClient,
) -> None:
    address, page = curator.address("/openapi.json"), curator.address("/docs")
    for headers in ({"Authorization": "Token nonsense"}, {}):
        answer = Client().get(address, headers=headers)
        assert curator.address("/auth/jwt") in assert_problem(answer, 401, "not_authenticated")["detail"]
        assert "Token" in answer["WWW-Authenticate"]
    assert Client().get(page)["Location"] == f"/login/?next={page}"  # people


def test_head_is_get_without_the_body(curator: VersionClient) -> None:
    assert curator.send("POST", USERS, valid_row("users")).status_code == 201
    one = f"{USERS}/{valid_row('users')['user_id']}"
    got, head = curator.get(one), curator.send("HEAD", one, b"")
    assert (head.status_code, head["ETag"], head["Content-Type"]) == (200, got["ETag"], got["Content-Type"])
    assert head.content == b""
    assert curator.send("HEAD", f"{USERS}/nobody", b"").status_code == 404
    assert curator.send("HEAD", SEED, b"").status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_without_the_permission_nothing_else_is_told(viewer: VersionClient, method: str) -> None:
    assert_problem(viewer.send(method, f"{USERS}/1001", {}), 403, "forbidden")
    assert_problem(viewer.send("POST", USERS, {}), 403, "forbidden")


def test_addresses_that_are_not_there(curator: VersionClient) -> None:
    body = assert_problem(curator.get("/nothing/here"), 404, "not_found")
    assert curator.address("/docs") in body["detail"]
    assert_problem(curator.get(f"{USERS}/nobody"), 404, "record_not_found")


@pytest.mark.parametrize("name", ["v0", "v3", "v99"])
def test_a_version_that_is_not_there(curator: VersionClient, name: str) -> None:
    body = assert_problem(curator.at(f"/api/{name}/bronze/users"), 404, "not_found")
    assert body["detail"] == f"There is no version {name} of the API. There are v1 and v2."


def test_the_id_of_a_request_is_in_header_problem_and_log(
    curator: VersionClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = curator.get(f"{USERS}/nobody")
    body = assert_problem(answer, 404, "record_not_found")
    assert body["instance"].removeprefix("urn:uuid:") == answer["X-Request-ID"]
    events: list[Any] = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert answer["X-Request-ID"] in {event.get("request_id") for event in events}


def test_answers_in_json_are_no_page(curator: VersionClient) -> None:
    for answer in (curator.get(USERS), curator.get(f"{USERS}/nobody")):
        assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def kinds_of(error: type[LakehouseError]) -> Iterator[type[LakehouseError]]:
    yield error
    for kind in error.__subclasses__():
        yield from kinds_of(kind)


def test_what_may_work_later_is_no_fault_of_the_caller() -> None:
    assert {status_of(kind("busy")) for kind in kinds_of(TransientError)} == {409, 503, 507}
