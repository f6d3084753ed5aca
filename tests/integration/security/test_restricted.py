"""A restricted data set: for whoever is in none of its groups nothing of it is there, whichever way they ask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bronze.domain import ReceivedFile
from bronze.errors import UnknownDataset
from bronze.models import Dataset, Document, RawRecord, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import LoadDocuments
from governance.models import Restriction, Run
from governance.services import enqueue
from lakehouse_project.exports.tasks import write_export
from lakehouse_project.kernel.services import resolve
from search.services import ProjectChanges
from tests.integration.api.client import Api, assert_problem, client_of
from tests.integration.bronze.intake import Intake
from tests.openapi.samples import Operation, apis, operations
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

RESTRICT = "/api/v1/bronze/datasets/{}/restriction"
SECRET = "Zyx-Unmistakable"
"""Stands in every row, name and text of what is restricted."""
KEY = "4711"
TAUGHT = ("users", "stations", "documents")


@dataclass
class Lake:
    """What is in the lake: ids of the file, the document and the run of the restricted data sets."""

    file: int
    document: str
    run: str


@pytest.fixture
def intake(tmp_path: Any) -> Intake:
    return Intake(tmp_path)


@pytest.fixture
def lake(intake: Intake) -> Lake:
    """Data in three data sets, two of them with routes by name alone, that only curators see."""
    admin = client_of("admin")
    about = {"name": "stations", "title": f"Stations {SECRET}", "key_fields": ["station"]}
    assert admin.post("/datasets", about).status_code == 201
    assert admin.post("/datasets/stations/records", {"station": KEY, "place": SECRET}).status_code == 201
    row = {**valid_row("users"), "user_id": KEY, "full_name": SECRET}
    assert admin.post("/users", row).status_code == 201
    bad = {**row, "user_id": "4712", "country": "nowhere"}
    broken = intake.load(f"users {SECRET}.ndjson", orjson.dumps(bad), "users")
    text = documents_of(intake, f"{SECRET} is all that it says. " * 3)
    run = enqueue("ingest", dataset="users", name=SECRET)
    for name in TAUGHT:
        restrict(admin, name, ["curator"])
    return Lake(broken.id, text.sha256, str(run.pk))


def documents_of(intake: Intake, content: str) -> ReceivedFile:
    received = intake.receive(f"{SECRET}.txt", content, "documents")
    resolve(LoadDocuments)(received.id)
    return resolve(SourceFiles).get(received.id)


def restrict(admin: Api, name: str, groups: Sequence[str]) -> Any:
    answer = admin.client.put(
        RESTRICT.format(name), {"groups": groups}, "application/json", headers=admin.headers
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def stored() -> Any:
    """All that a write could change."""
    return (
        list(RawRecord.everything.order_by("id").values_list("id", "revision", "status")),
        list(SourceFile.everything.order_by("id").values_list("id", "state")),
        list(Document.everything.values_list("sha256", "is_deleted", "user_id", "status")),
        list(
            Dataset.everything.order_by("name").values_list("name", "title", "duplicate_keys", "deleted_at")
        ),
    )


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


def graph(caller: Api, query: str, name: str = "") -> Any:
    body = {"query": query.replace("NAME", name).replace("KEY", KEY)}
    answer = caller.client.post("/graphql/", body, "application/json", headers=caller.headers).json()
    for error in answer.get("errors", ()):
        del error["extensions"]["instance"]
    return answer


def test_a_file_that_was_asked_for_before_is_not_written(lake: Lake) -> None:
    admin, engineer = client_of("admin"), client_of("engineer")
    restrict(admin, "stations", ["engineer"])
    for source in ("bronze/stations", "bronze/datasets/stations/records"):
        waiting = export(engineer, source)
        restrict(admin, "stations", [])
        write_export(waiting)
        run = Run.objects.get(pk=waiting)
        assert (run.state, "There is no list" in run.message) == ("failed", True)
        assert SECRET not in run.message
        restrict(admin, "stations", ["engineer"])


@pytest.mark.parametrize("source", ["bronze/stations", "bronze/datasets/stations/records"])
def test_a_file_that_was_written_before_is_not_there(lake: Lake, source: str) -> None:
    """What somebody has asked for of other data sets is."""
    admin, engineer = client_of("admin"), client_of("engineer")
    restrict(admin, "stations", ["engineer"])
    written, other = export(engineer, source), export(engineer, "bronze/jobs")
    write_export(written)
    write_export(other)
    result = engineer.client.get(f"/api/v1/operations/{written}/result", headers=engineer.headers)
    assert SECRET.encode() in result.getvalue()
    restrict(admin, "stations", [])
    for path in ("", "/result"):
        answer = engineer.client.get(f"/api/v2/operations/{written}{path}", headers=engineer.headers)
        assert_problem(answer, 404, "operation_not_found")
    listed = engineer.client.get("/api/v1/operations", headers=engineer.headers).json()["items"]
    assert [item["id"] for item in listed] == [other]


def export(caller: Api, source: str) -> str:
    body = {"source": source, "format": "ndjson"}
    answer = caller.client.post("/api/v1/exports", body, "application/json", headers=caller.headers)
    assert answer.status_code == 202, answer.content
    found: str = answer.json()["id"]
    return found


def test_a_list_that_is_sent_as_a_file_is_that_of_who_asked(lake: Lake) -> None:
    """Its rows are read when the request itself is over."""
    admin, engineer = client_of("admin"), client_of("engineer")
    restrict(admin, "stations", ["engineer"])
    address = "/api/v1/bronze/datasets/stations/records?format=ndjson"
    answer = engineer.client.get(address, headers=engineer.headers)
    assert SECRET.encode() in answer.getvalue()
    late = engineer.client.get(address, headers=engineer.headers)
    restrict(admin, "stations", [])
    del late.wsgi_request.__dict__["hidden_datasets"]
    with pytest.raises(UnknownDataset):
        late.getvalue()


def test_the_search_does_not_find_it(lake: Lake) -> None:
    resolve(ProjectChanges)()
    friend, stranger = client_of("curator"), client_of("viewer")

    def found(caller: Api, path: str = "", **query: str) -> Any:
        return caller.client.get(f"/api/v1/search{path}", {"q": SECRET, **query}, headers=caller.headers)

    assert SECRET in found(friend).content.decode()
    hits = found(stranger).json()
    assert "document" not in {hit["entity"] for hit in hits["items"]}
    assert "document" not in hits["facets"]["entity"]
    assert found(stranger, entity="document").json()["count"] == 0
    assert found(stranger, "/documents").json()["count"] == 0
    similar = f"/document/{lake.document}/similar"
    assert_problem(
        stranger.client.get(f"/api/v1/search{similar}", headers=stranger.headers),
        404,
        "record_not_found",
    )


def test_the_pages_and_the_admin_do_not_show_it(lake: Lake) -> None:
    resolve(ProjectChanges)()
    record = RawRecord.everything.get(dataset="stations")
    addresses = [
        "/",
        f"/found/document/{lake.document}",
        f"/found/user/{KEY}/",
        f"/search/?q={SECRET}",
        "/admin/",
        "/admin/bronze/dataset/",
        "/admin/bronze/dataset/stations/change/",
        "/admin/bronze/rawrecord/",
        "/admin/bronze/rawrecord/?dataset__name__exact=stations",
        f"/admin/bronze/rawrecord/{record.pk}/change/",
        "/admin/bronze/sourcefile/",
        f"/admin/bronze/sourcefile/{lake.file}/change/",
        "/admin/bronze/document/",
        f"/admin/bronze/document/{lake.document}/change/",
        "/admin/bronze/rawrecord/quarantine/",
        "/admin/bronze/rawrecord/quarantine/?dataset=users",
        "/admin/search/searchdocument/",
        "/admin/governance/run/",
        f"/admin/governance/run/{lake.run}/change/",
    ]
    shown = {group: {path: page(group, path) for path in addresses} for group in ("engineer", "curator")}
    assert [
        path for path, text in shown["engineer"].items() if SECRET in text.replace(f"q={SECRET}", "")
    ] == [path for path in addresses if f"q={SECRET}" in path and echoed(shown["engineer"][path])]
    assert sum(SECRET in text for text in shown["curator"].values()) > len(addresses) / 2


def echoed(text: str) -> bool:
    """What was asked for stands in the search field alone."""
    return text.count(SECRET) > 0 and f'value="{SECRET}"' in text


def page(group: str, path: str) -> str:
    user, made = User.objects.get_or_create(username=f"staff-{group}", defaults={"is_staff": True})
    if made:
        user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(path, follow=True)
    assert answer.status_code < 500
    return answer.content.decode()


def test_data_stay_whole_for_those_who_do_not_see_them() -> None:
    """A record that hidden ones need is not deleted, and one that names a hidden record is good."""
    admin, stranger = client_of("admin"), client_of("engineer")
    for name in ("users", "user_bank_info"):
        assert admin.post(f"/{name}", valid_row(name)).status_code == 201
    key = valid_row("user_bank_info")["user_id"]
    restrict(admin, "user_bank_info", [])
    assert_problem(stranger.delete(f"/users/{key}"), 409, "record_in_use")
    restrict(admin, "user_bank_info", ["engineer"])
    restrict(admin, "users", [])
    assert stranger.put(f"/user_bank_info/{key}", valid_row("user_bank_info")).status_code == 200


MADE_OF_IT = (
    "/silver/employments",
    "/silver/employers",
    "/gold/people/city-payroll",
    "/gold/sales/customer-360",
)
MADE_OF_OTHERS = ("/silver/users", "/gold/people/users-by-postal-code", "/gold/sales/daily-revenue")


def test_what_is_made_of_it_is_refused_as_what_may_not_be_seen() -> None:
    admin, stranger, friend = (client_of(group) for group in ("admin", "engineer", "curator"))
    waiting = export(stranger, "gold/people/city-payroll")
    restrict(admin, "employment_info", ["curator"])
    for version in ("v1", "v2"):
        for path in MADE_OF_IT:
            answer = stranger.client.get(f"/api/{version}{path}", headers=stranger.headers)
            assert_problem(answer, 403, "forbidden")
            assert "which none of your groups gives you" in answer.json()["detail"]
            assert friend.client.get(f"/api/{version}{path}", headers=friend.headers).status_code == 200
        for path in MADE_OF_OTHERS:
            assert stranger.client.get(f"/api/{version}{path}", headers=stranger.headers).status_code == 200
    asked = graph(
        stranger, "{ cityPayroll { totalCount } employments { totalCount } dailyRevenue { totalCount } }"
    )
    assert {error["extensions"]["code"] for error in asked["errors"]} == {"forbidden"}
    assert (asked["data"]["cityPayroll"], asked["data"]["dailyRevenue"]) == (None, {"totalCount": 0})
    write_export(waiting)
    assert Run.objects.get(pk=waiting).state == "failed"
    home = page("engineer", "/")
    assert ("city-payroll" in home, "daily-revenue" in home) == (False, True)
    assert "city-payroll" in page("curator", "/")
    assert "/admin/gold/citypayroll/" not in page("engineer", "/admin/")


def test_restricting_and_opening(lake: Lake) -> None:
    admin, engineer = client_of("admin"), client_of("engineer")
    path = RESTRICT.format("departments")
    assert admin.client.get(path, headers=admin.headers).json()["groups"] is None
    assert restrict(admin, "departments", ["curator", "curator"])["groups"] == ["curator"]
    assert engineer.get("/departments").status_code == 404
    assert admin.client.delete(path, headers=admin.headers).status_code == 204
    assert engineer.get("/departments").status_code == 200
    wrong = admin.client.put(path, {"groups": ["none"]}, "application/json", headers=admin.headers)
    assert_problem(wrong, 422, "invalid_input")
    absent = admin.client.put(
        RESTRICT.format("nothing"), {"groups": []}, "application/json", headers=admin.headers
    )
    assert_problem(absent, 404, "unknown_dataset")
    events = Restriction.pgh_event_models["insert"].objects.filter(name="departments").order_by("pgh_id")
    assert [event.pgh_label for event in events] == ["insert", "delete"]


def test_a_group_that_is_gone_opens_nothing(lake: Lake) -> None:
    Group.objects.get(name="curator").delete()
    assert client_of("engineer").get("/users").status_code == 404


def test_one_query_in_a_request_decides() -> None:
    viewer = client_of("viewer")
    viewer.get("/departments")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        viewer.get("/departments")
    assert sum("governance_restriction" in query["sql"] for query in queries) == 1


def test_in_the_admin() -> None:
    client = Client()
    client.force_login(
        User.objects.create_superuser("root"), backend="django.contrib.auth.backends.ModelBackend"
    )
    place = "/admin/governance/restriction/"
    made = client.post(f"{place}add/", {"name": "users", "groups": ["curator"]})
    assert made["Location"] == place
    assert Restriction.objects.get().groups == ["curator"]
    assert client.post(f"{place}users/change/", {"groups": []}).status_code == 302
    assert "administrators alone" in client.get(place).content.decode()
    assert client_of("curator").get("/users").status_code == 404
