"""The address: logins, methods, limits, and what hostile input gets."""

import time
from base64 import b64encode
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.test import Client

from governance.models import Run
from tests.accounts import member
from tests.integration.api.client import assert_problem
from tests.integration.graphql.client import ADDRESS, Graph, error_of

ASK = {"query": "{ __typename }"}
JSON = "application/json"


def post(client: Client, body: Any = ASK, **headers: str) -> Any:
    return client.generic("POST", ADDRESS, orjson.dumps(body), JSON, headers=headers)


# --- logins -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nobody_asks_without_a_login() -> None:
    for headers in ({}, {"Authorization": "Token nothing"}, {"Authorization": "Bearer a.b.c"}):
        assert_problem(post(Client(), **headers), 401, "not_authenticated")


@pytest.mark.django_db
def test_every_login_of_the_rest_api_is_good(viewer: Graph) -> None:
    assert post(viewer.api.client, **viewer.api.headers).status_code == 200
    User.objects.create_user("ada", password="a long enough one")
    basic = b64encode(b"ada:a long enough one").decode()
    assert post(Client(), Authorization=f"Basic {basic}").status_code == 200
    login = {"username": "ada", "password": "a long enough one"}
    pair = Client().post("/api/v1/auth/jwt", orjson.dumps(login), JSON).json()
    assert post(Client(), Authorization=f"Bearer {pair['access']}").status_code == 200


@pytest.mark.django_db
def test_a_session_needs_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("ada"))
    assert_problem(post(client), 403, "csrf_failed")
    client.get("/")
    client.get("/admin/login/")
    token = client.cookies["csrftoken"].value if "csrftoken" in client.cookies else _token(client)
    assert post(client, **{"X-CSRFToken": token}).json() == {"data": {"__typename": "Query"}}


def _token(client: Client) -> str:
    from django.middleware.csrf import _get_new_csrf_string  # noqa: PLC0415

    token: str = _get_new_csrf_string()
    client.cookies["csrftoken"] = token
    return token


# --- the request --------------------------------------------------------------------------------------------------


def test_only_json_is_taken_and_only_by_post(viewer: Graph) -> None:
    assert_problem(
        viewer.api.client.get(ADDRESS, {"query": "{ __typename }"}, headers=viewer.api.headers),
        405,
        "method_not_allowed",
    )
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ):
        assert_problem(viewer.post(ASK, content_type), 415, "unsupported_media_type")
    unknown = viewer.api.client.post(
        f"{ADDRESS}?query=x", orjson.dumps(ASK), JSON, headers=viewer.api.headers
    )
    assert_problem(unknown, 400, "unknown_parameter")


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"null",
        b'"{ __typename }"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b'{"query": 1}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "operationName": "Nothing"}',
        b'{"query": "query A { __typename } query B { __typename }"}',
        b'{"query": "subscription { __typename }"}',
        b'{"query": "type Query { a: Int }"}',
        b'{"query": ""}',
        b'{"query": "{ \xff }"}',
        b'{"query": "{ departments { nodes { nothing } } }"}',
        b'{"query": "{ departments { nodes } }"}',
        b'{"query": "query($first: Int!) { departments(first: $first) { nodes { key } } }"}',
        b'{"query": "query($first: Int!) { departments(first: $first) { nodes { key } } }", "variables": {"first": 1e400}}',
        b'{"query": "query($a: String!) { departments(after: $a) { nodes { key } } }", "variables": {"a": "\\ud800"}}',
        b'{"query": "query($a: String!) { departments(after: $a) { nodes { key } } }", "variables": {"a": "\\u0000"}}',
        b'{"query": "{ __typename }", "variables": {"a": ' + b"1" * 5000 + b"}}",
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 100 + b"]" * 100 + b"}}",
    ],
    ids=range(25),
)
def test_a_body_that_is_no_query_is_refused_with_a_reason(viewer: Graph, body: bytes) -> None:
    answer = viewer.post(body)
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "invalid_query"
    assert "data" not in answer.json()


def test_the_schema_describes_itself(viewer: Graph) -> None:
    from graphql import build_client_schema, get_introspection_query, print_schema  # noqa: PLC0415

    schema = build_client_schema(viewer.ask(get_introspection_query()))
    assert "orderLines" in print_schema(schema)


# --- limits -------------------------------------------------------------------------------------------------------


ROUND = "user { orderLines(first: 1) { nodes { %s } } }"


def deep(rounds: int) -> str:
    inner = "id"
    for _ in range(rounds):
        inner = ROUND % inner
    return f"{{ orderLines(first: 1) {{ nodes {{ {inner} }} }} }}"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("{ " + " ".join(f"a{n}: __typename" for n in range(51)) + " }", "51 aliases. The limit is 50"),
        ("{ " + " ".join(f"a{n}: __typename" for n in range(10_000)) + " }", "token"),
        ("{ " + "__typename " * 501 + "}", "501 fields. The limit is 500"),
        (deep(4), "nested deeper than 12 levels"),
        (deep(330), "nested too deeply"),
        ("{ a " * 20_000, "nested"),
        ("{ a " * 1_000 + "}" * 1_000, "nested"),
        ("{" + "... {" * 900 + "__typename" + "}" * 901, "nested"),
        ("{ departments(where: " + "[" * 4_000 + ") { nodes { key } } }", "nested"),
        (
            "{ orderLines(first: 1000) { nodes { " + "user { orderLines(first: 100) { nodes { id } } } } } }",
            "costs 102,000",
        ),
        ("{ " + " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(11)) + " }", "costs 11,000"),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            "introspection",
        ),
        ("#" * 600_000 + "\n{ __typename }", "500000 code points"),
        ("#\n" * 2_000 + "{ __typename }", "comment"),
        ("{ ...a } fragment a on Query { ...a }", "fragment"),
        (
            "{ ...f0 } "
            + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
            + " fragment f60 on Query { __typename }",
            "61 fragments. The limit is 50",
        ),
    ],
    ids=range(16),
)
def test_a_query_beyond_a_limit_is_refused_at_once(viewer: Graph, query: str, told: str) -> None:
    begun = time.process_time()
    answer = viewer.send(query)
    assert time.process_time() - begun < 2
    assert answer.status_code == 400
    assert told in error_of(answer)["message"]


def test_a_page_size_in_a_variable_counts_as_well(viewer: Graph) -> None:
    query = """query($n: Int! = 1000) {
        orderLines(first: $n) { nodes { user { orderLines(first: 100) { nodes { id } } } } } }"""
    assert "costs 102,000" in viewer.refused(query)["message"]
    assert "costs 10,200" in viewer.refused(query, n=100)["message"]
    assert viewer.ask(query, n=50)["orderLines"]["nodes"] == []


def test_fragments_count_where_they_are_spread(viewer: Graph) -> None:
    query = """{ orderLines(first: 200) { nodes { user { ...bought } } } }
        fragment bought on DimUser { orderLines(first: 100) { nodes { id } } }"""
    assert "costs 20,400" in viewer.refused(query)["message"]


def test_many_equal_fields_are_merged_in_time(viewer: Graph) -> None:
    begun = time.process_time()
    answer = viewer.send("{ departments { nodes { " + "name " * 490 + "} } }")
    assert answer.json()["data"] == {"departments": {"nodes": [{"name": "(unknown)"}]}}
    assert time.process_time() - begun < 5


def test_a_huge_list_is_refused_before_it_is_read(viewer: Graph) -> None:
    query = 'query($rows: [RawRow!]!) { records(dataset: "jobs") { nodes { key } } }'
    answer = viewer.send(query, rows=[0] * 1_000_000)
    assert "more than 10,000 values" in error_of(answer)["message"]
    body = orjson.dumps({"query": "{ __typename }", "variables": {"text": "x" * 17_000_000}})
    assert_problem(viewer.post(body), 413, "body_too_large")


# --- search and runs ----------------------------------------------------------------------------------------------


def test_search_is_that_of_the_rest_api(viewer: Graph) -> None:
    query = """{ search(q: "sales", entity: ["department"], mode: KEYWORD, pageSize: 5) {
        count engine degraded facets hits { entity entityId title matched score explanation { keyword meaning } } } }"""
    found, rest = (
        viewer.ask(query)["search"],
        viewer.rest("/search", q="sales", entity="department", mode="keyword", page_size=5),
    )
    assert (found["count"], found["engine"], found["facets"]) == (
        rest["count"],
        rest["engine"],
        rest["facets"],
    )
    assert found["hits"] == []
    wrong = viewer.refused('{ search(filter: {eq: {field: "nothing", value: 1}}) { count } }')
    assert wrong["status"] in (400, 422)
    assert viewer.refused("{ search(pageSize: 0) { count } }")["errors"][0]["field"] == "page_size"


def test_runs_are_listed_newest_first(viewer: Graph) -> None:
    Run.objects.create(kind="refine", state="succeeded")
    Run.objects.create(kind="marts", state="failed", message="no")
    query = """query($s: RunState, $k: String) {
        runs(state: $s, kind: $k) { totalCount nodes { id kind state counts createdAt } } }"""
    assert [run["kind"] for run in viewer.ask(query)["runs"]["nodes"]] == ["marts", "refine"]
    assert viewer.ask(query, s="FAILED")["runs"]["totalCount"] == 1
    assert viewer.ask(query, k="refine")["runs"]["nodes"][0]["state"] == "succeeded"


def test_a_fault_of_ours_is_not_shown(viewer: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    from governance.repositories import Runs  # noqa: PLC0415

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Runs, "rows", broken)
    answer = viewer.send("{ runs { totalCount } departments { totalCount } }")
    assert answer.status_code == 200
    assert answer.json()["data"] == {"runs": None, "departments": {"totalCount": 1}}
    assert (error_of(answer)["code"], error_of(answer)["status"]) == ("internal_error", 500)
    assert "secret" not in answer.content.decode()
