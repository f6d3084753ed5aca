"""A restricted data set: for whoever is in none of its groups no route of REST and GraphQL tells of it or changes it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.client import Api, assert_problem, client_of
from tests.integration.security.restricted import KEY, SECRET, TAUGHT, Lake, graph, stored
from tests.openapi.samples import Operation, apis, operations

pytestmark = pytest.mark.django_db


AIMS: dict[str, Any] = {"name": "stations", "dataset": "stations", "key": KEY, "entity": "document"}
"""Parameters that name what is restricted, beside the ids of the lake."""


def aimed(operation: Operation, lake: Lake) -> Iterator[dict[str, Any]]:
    """The parameters by which an operation names something restricted; nothing where it names none."""
    names = {each["name"] for each in operation.spec.get("parameters", ())}
    known = AIMS | {"file_id": lake.file, "sha256": lake.document, "run_id": lake.run}
    if operation.id == "similar":
        yield {"entity": "document", "key": lake.document}
    elif named := {name: known[name] for name in names & known.keys()}:
        yield named
        if "dataset" in named:
            yield {**named, "dataset": "users"}


def is_of_records(operation: Operation) -> bool:
    return "/bronze/" in operation.path and operation.id.endswith(("_users", "_of_dataset"))


SAFE = ("log_in", "refresh_login", "log_out")


@pytest.mark.parametrize("version", list(apis()))
@pytest.mark.parametrize("group", ["viewer", "engineer"])
def test_no_route_tells_or_changes_anything(lake: Lake, version: str, group: str) -> None:
    stranger = client_of(group)
    before = stored()
    for operation in operations(apis()[version]):
        if is_of_records(operation):
            continue  # asked below, one by one
        for known in [*aimed(operation, lake), {}] if operation.id not in SAFE else ():
            if operation.method != "GET" and not known:
                continue
            answer = operation.send(stranger.client, stranger.headers, **known)
            shown = answer.getvalue() if answer.streaming else answer.content
            assert SECRET.encode() not in shown, (operation.id, known)
            assert answer.status_code < 500 or answer.json()["code"] == "not_configured", operation.id
    assert stored() == before


@pytest.mark.parametrize("group", ["viewer", "engineer"])
def test_records_are_not_there(lake: Lake, group: str) -> None:
    stranger = client_of(group)
    headers = stranger.headers | {"If-Match": "*"}
    before = stored()
    for version in apis():
        for operation in operations(apis()[version]):
            if not is_of_records(operation):
                continue
            answer = operation.send(stranger.client, headers, dataset="stations", key=KEY)
            is_read = operation.method == "GET"
            assert answer.status_code == (404 if is_read or group == "engineer" else 403), operation.id
            missing = operation.send(stranger.client, headers, dataset="stations", key="absent")
            assert missing.status_code == answer.status_code
            assert told(missing, "absent") == told(answer, KEY), operation.id
    assert stored() == before


def told(answer: Any, key: str) -> tuple[str, str]:
    """Code and detail of a problem, whatever the key."""
    body = answer.json()
    return body["code"], body["detail"].replace(key, "KEY")


def test_it_is_as_if_it_had_never_been(lake: Lake) -> None:
    """The answer for what is restricted is the answer for what does not exist."""
    stranger = client_of("engineer")
    for restricted, absent in (("stations", "nothing"), ("users", "nothing")):
        one, other = stranger.get(f"/datasets/{restricted}"), stranger.get(f"/datasets/{absent}")
        assert (one.status_code, other.status_code) == (404, 404)
        assert (
            one.content.replace(restricted.encode(), b"")[:60]
            == other.content.replace(absent.encode(), b"")[:60]
        )
        assert f"'{restricted}'" not in other.json()["detail"]
        assert restricted not in other.json()["detail"].partition("Known:")[2]
    listed = {entry["name"] for entry in stranger.get("/datasets").json()}
    assert "departments" in listed
    assert not listed & set(TAUGHT)


def test_files_of_it_are_refused(lake: Lake) -> None:
    stranger = client_of("engineer")
    before = stored()
    answers = [
        upload(stranger, b"station,place\n1,x\n", name="stations.csv", dataset="stations"),
        upload(stranger, b"station,place\n1,x\n", name="x.csv", dataset="stations"),
        upload(stranger, b"Some text that is a document.", name="x.txt", dataset="documents"),
        upload(stranger, b"Some text that is a document.", name="x.txt"),
    ]
    assert [answer.status_code for answer in answers if answer.status_code < 400] == []
    assert stored() == before
    assert_problem(
        stranger.client.post("/api/v1/seed", {}, "application/json", headers=stranger.headers),
        403,
        "forbidden",
    )


def upload(caller: Api, content: bytes, **query: str) -> Any:
    path = "/api/v1/bronze/files?" + "&".join(f"{name}={value}" for name, value in query.items())
    return caller.client.post(path, content, "application/octet-stream", headers=caller.headers)


@pytest.mark.parametrize("group", ["curator", "admin"])
def test_who_is_in_its_groups_sees_it(lake: Lake, group: str) -> None:
    """And so do administrators, who decide."""
    friend = client_of(group)
    assert friend.get(f"/datasets/stations/records/{KEY}").json()["place"] == SECRET
    assert friend.get(f"/users/{KEY}").status_code == 200
    assert friend.get(f"/files/{lake.file}").status_code == 200
    assert friend.get(f"/files/{lake.file}/rejected").status_code == 200
    assert friend.get(f"/documents/{lake.document}/pages").status_code == 200
    assert set(TAUGHT[:2]) <= {entry["name"] for entry in friend.get("/datasets").json()}
    assert friend.patch(f"/datasets/stations/records/{KEY}", {"place": "there"}).status_code == 200


def test_graphql_does_not_tell_it(lake: Lake) -> None:
    """What names a restricted data set is answered as what names one that there is not."""
    stranger, friend = client_of("engineer"), client_of("curator")
    asked = (
        '{ records(dataset: "NAME", first: 5) { nodes { key fields } } }',
        '{ quarantine(dataset: "NAME") { total reasons { rule } files { name } } }',
        'mutation { deleteRecords(dataset: "NAME", keys: ["KEY"]) { deleted } }',
        'mutation { changeRecords(dataset: "NAME", rows: [{station: "KEY"}]) { changed } }',
    )
    before = stored()
    for query in asked:
        one, absent = (graph(stranger, query, name) for name in ("stations", "nothing"))
        assert [error["extensions"]["code"] for error in one["errors"]] == ["unknown_dataset"], query
        assert str(one).replace("stations", "") == str(absent).replace("nothing", ""), query
    assert SECRET not in str(graph(stranger, "{ runs { nodes { kind inputs } } }"))
    assert SECRET in str(graph(friend, "{ runs { nodes { kind inputs } } }"))
    assert stored() == before
    assert SECRET in str(graph(friend, asked[0], "stations"))
