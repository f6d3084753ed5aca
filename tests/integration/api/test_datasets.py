"""Data sets that are described at run time: created, filled, changed and deleted over REST."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bronze.models import Dataset, RawRecord
from bronze.repositories import RawRecords
from bronze.services import EditRecord, LoadFile, RecheckRecords
from lakehouse_project.kernel.services import resolve
from tests.integration.api.client import Api, assert_problem, at, rules
from tests.integration.bronze.intake import Intake, counts, records

pytestmark = pytest.mark.django_db

VISITS = {
    "name": "visits",
    "title": "Visits",
    "description": "Who came to see us.",
    "key_fields": ["visit_id"],
    "fields": [
        {"name": "visited_at", "type": "datetime", "required": True},
        {"name": "guest", "classification": "personal"},
        {"name": "badge", "classification": "secret"},
        {"name": "minutes", "type": "integer"},
    ],
}
VISIT = {
    "visit_id": "7",
    "visited_at": "2024-05-17T18:20:00Z",
    "guest": "Ada",
    "badge": "B-77",
    "minutes": "12",
}
ROWS = "/datasets/visits/records"


@pytest.fixture
def visits(curator: Api) -> dict[str, Any]:
    answer = curator.post("/datasets", VISITS)
    assert (answer.status_code, answer["Location"]) == (201, "/api/v1/bronze/datasets/visits")
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def clicks(curator: Api) -> None:
    """A data set of which nothing is described."""
    assert curator.post("/datasets", {"name": "clicks", "title": "Clicks"}).status_code == 201


def test_a_new_data_set_is_listed_with_its_fields(curator: Api, visits: dict[str, Any]) -> None:
    assert [field["name"] for field in visits["fields"]] == [
        "visit_id",
        "visited_at",
        "guest",
        "badge",
        "minutes",
    ]
    assert visits["fields"][0]["required"]
    assert (visits["key"], visits["is_open"], visits["duplicate_keys"]) == (["visit_id"], True, "last_wins")
    listed = {found["name"]: found for found in curator.get("/datasets").json()}
    assert listed["visits"]["title"] == "Visits"
    assert not listed["users"]["is_open"]


def test_rows_go_in_and_come_out(curator: Api, visits: dict[str, Any]) -> None:
    created = curator.post(ROWS, VISIT | {"mood": "good"})
    assert (created.status_code, created["Location"]) == (201, f"/api/v1/bronze{ROWS}/7")
    assert created.json()["mood"] == "good"
    assert_problem(curator.post(ROWS, VISIT), 409, "record_exists")
    body = assert_problem(
        curator.post(ROWS, VISIT | {"visit_id": "8", "minutes": "x"}), 422, "contract_violation"
    )
    assert rules(body) == [("minutes", "integer")]
    assert curator.patch(f"{ROWS}/7", {"minutes": 15}).json()["minutes"] == 15
    assert curator.put(f"{ROWS}/7", VISIT).json()["minutes"] == "12"
    stale = curator.send("PATCH", f"{ROWS}/7", {"minutes": 1}, **{"If-Match": '"1"'})
    assert_problem(stale, 412, "precondition_failed")
    batch = curator.post(f"{ROWS}/batch", [VISIT | {"visit_id": "9"}, VISIT | {"visit_id": "10"}])
    assert (batch.status_code, batch.json()["created"]) == (201, 2)
    assert curator.get(ROWS, minutes="12").json()["count"] == 3
    assert curator.delete(f"{ROWS}/7").status_code == 204
    assert curator.get(ROWS).json()["count"] == 2


def test_classes_of_described_fields_are_honoured(
    curator: Api, viewer: Api, admin: Api, visits: dict[str, Any]
) -> None:
    curator.post(ROWS, VISIT | {"note": "Ada again"})
    assert RawRecord.objects.get().payload["badge"].startswith("aes-siv:")
    seen = viewer.get(f"{ROWS}/7").json()
    assert (seen["guest"], seen["badge"], seen["note"], seen["minutes"]) == ("A•••", "•••", "A•••", "12")
    assert admin.get(f"{ROWS}/7").json()["badge"] == "B-77"
    assert_problem(viewer.get(ROWS, guest="Ada"), 400, "unknown_parameter")
    inferred = {found["name"]: found for found in viewer.get("/datasets/visits").json()["inferred"]}
    assert (inferred["guest"]["example"], inferred["badge"]["example"]) == ("A•••", "•••")
    assert (inferred["minutes"]["type"], inferred["minutes"]["filled"]) == ("integer", 1.0)


def test_without_key_fields_the_content_is_the_key(curator: Api, clicks: None) -> None:
    rows = "/datasets/clicks/records"
    made = curator.post(rows, {"page": "/a", "n": 1})
    key = made.json()["_record"]["key"]
    assert made.status_code == 201
    assert_problem(curator.post(rows, {"n": 1, "page": "/a"}), 409, "record_exists")
    assert curator.patch(f"{rows}/{at(key)}", {"n": 2}).json()["n"] == 2
    assert_problem(curator.put(f"{rows}/{at(key)}", {"page": "/b"}), 422, "contract_violation")
    result = curator.post(
        f"{rows}/batch?mode=partial", [{"page": "/c"}, {"page": "/c"}, {"page": "/d"}]
    ).json()
    assert (result["created"], result["failed"]) == (2, 1)
    assert curator.get(rows).json()["count"] == 3


EXACT = (
    b'{"n": 1, "v": 12345678901234567.89, "w": 0.10, "long": 123456789012345678901234567890, "in": [1.50]}'
)


def test_numbers_come_out_with_the_digits_they_came_in_with(
    curator: Api, clicks: None, intake: Intake
) -> None:
    rows = "/datasets/clicks/records"
    intake.load("x.ndjson", EXACT.replace(b'"n": 1', b'"n": 2') + b"\n", dataset="clicks")
    made = curator.send("POST", rows, EXACT)
    listed = curator.get(rows)
    for answer, times in ((made, 1), (listed, 2)):
        text = answer.content.decode().replace(" ", "")
        for digits in (
            '"v":12345678901234567.89,',
            '"w":0.10,',
            '"in":[1.50]',
            ":123456789012345678901234567890,",
        ):
            assert text.count(digits) == times, text
    pk = made.json()["_record"]["id"]
    admin = Client()
    admin.force_login(User.objects.create_superuser("root"))
    page = admin.get(f"/admin/bronze/rawrecord/{pk}/change/").content.decode()
    assert ">12345678901234567.89<" in page
    assert ">0.10<" in page


def test_an_edit_that_is_taken_back_leaves_every_digit(curator: Api, clicks: None) -> None:
    rows = "/datasets/clicks/records"
    record = curator.send("POST", rows, EXACT).json()["_record"]
    curator.send("PATCH", f"{rows}/{at(record['key'])}", b'{"w": 0.250, "n": 3}')
    edited = resolve(RawRecords).by_id([record["id"]])[0].fields
    assert str(edited["w"]) == "0.250"
    resolve(EditRecord)(record["id"], {"w": edited["w"]})
    assert '"w": 0.250' in RawRecords().text_of("clicks", record["key"])
    back = resolve(EditRecord)(record["id"], {})
    assert (str(back.fields["w"]), str(back.fields["v"])) == ("0.10", "12345678901234567.89")


@pytest.mark.parametrize(
    ("row", "rule"), [({}, "empty"), ({"": 1}, "field_name"), ({" ": 1, "n": 1}, "field_name")]
)
def test_a_row_that_names_nothing_is_refused(
    curator: Api, clicks: None, row: dict[str, Any], rule: str
) -> None:
    rows = "/datasets/clicks/records"
    body = assert_problem(curator.post(rows, row), 422, "contract_violation")
    assert [error["code"] for error in body["errors"]] == [rule]
    result = curator.post(f"{rows}/batch?mode=partial", [row, {"n": 1}]).json()
    assert (result["created"], result["failed"]) == (1, 1)
    assert curator.get(rows).json()["count"] == 1


def test_a_data_set_without_a_row_is_listed_all_the_same(curator: Api) -> None:
    """As one that is deleted between the two queries of the listing."""
    Dataset.objects.filter(name="departments").delete()
    answer = curator.get("/datasets")
    assert answer.status_code == 200
    (found,) = (found for found in answer.json() if found["name"] == "departments")
    assert found["duplicate_keys"] == "last_wins"
    assert curator.get("/datasets/departments").json()["duplicate_keys"] == "last_wins"


@pytest.mark.parametrize(
    ("dataset", "name", "content", "expected"),
    [
        ("visits", "export.csv", "visit_id,visited_at\n1,2024-05-17\n2,2024-05-18\n", {"1", "2"}),
        (None, "visits-2024.csv", "Visit ID;visited at;x\n1;2024-05-17;\n", {"1"}),
        (None, "visits.json", '[{"visit_id": 1, "visited_at": "2024-05-17", "deep": {"a": [1]}}]', {"1"}),
        ("visits", "x.ndjson", '{"visit_id": "a", "visited_at": "2024-05-17"}\n', {"a"}),
    ],
)
@pytest.mark.usefixtures("visits")
def test_files_are_loaded(
    intake: Intake, dataset: str | None, name: str, content: str, expected: set[str]
) -> None:
    file = intake.load(name, content, dataset)
    assert (file.dataset, file.state) == ("visits", "loaded"), file.error
    assert set(records("visits")) == expected


def test_a_file_is_uploaded_as_it_is(curator: Api, clicks: None) -> None:
    content = b"page,at\n/a,1\n/b,2\n/a,1\n"
    sent = curator.upload(file=SimpleUploadedFile("export.csv", content), dataset="clicks")
    resolve(LoadFile)(sent.json()["items"][0]["id"])
    assert curator.get("/datasets/clicks/records").json()["count"] == 2
    found = curator.get("/datasets/clicks").json()
    assert [(field["name"], field["type"]) for field in found["inferred"]] == [
        ("at", "integer"),
        ("page", "text"),
    ]
    assert found["counts"] == {"records": 2, "quarantined": 0, "files": 1, "waiting": 0}


def test_bad_rows_are_quarantined(intake: Intake, visits: dict[str, Any]) -> None:
    file = intake.load(
        "visits.csv", "visit_id,visited_at,minutes\n1,2024-05-17,x\n,2024-05-17,1\n2,2024-05-17,1\n"
    )
    assert counts(file) == {"read": 3, "inserted": 1, "quarantined": 2}


def test_a_header_without_the_key_is_refused(intake: Intake, visits: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="lacks visit_id"):
        intake.load("visits.csv", "id,visited_at\n1,2024-05-17\n")


def test_numbered_columns_where_there_is_no_header(intake: Intake, clicks: None) -> None:
    intake.load("clicks.csv", "1,Ada\n2,Bob\n")
    names = {row["column_1"]: row["column_2"] for row in records("clicks").values()}
    assert names == {"1": "Ada", "2": "Bob"}


def test_a_file_of_no_data_set_says_how_to_create_one(curator: Api) -> None:
    sent = curator.upload(file=SimpleUploadedFile("x.csv", b"a,b\nc,d\n"))
    assert "POST /api/v1/bronze/datasets" in assert_problem(sent, 422, "unrecognised_dataset")["detail"]
    assert (
        "POST /api/v1/bronze/datasets"
        in assert_problem(curator.get("/datasets/visits"), 404, "unknown_dataset")["detail"]
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"name": "Visits"}, "slug"),
        ({"name": "users"}, "reserved"),
        ({"name": "orders"}, "reserved"),
        ({"name": "documents"}, "reserved"),
        ({"key_fields": ["guest"]}, "classification"),
        ({"key_fields": ["visit_id", "Visit ID"]}, "duplicate"),
        ({"fields": [{"name": "_x"}]}, "name"),
    ],
)
def test_bad_descriptions(curator: Api, change: dict[str, Any], rule: str) -> None:
    code = "dataset_exists" if change.get("name") in ("users", "documents") else "bad_description"
    body = assert_problem(
        curator.post("/datasets", VISITS | change), 409 if code == "dataset_exists" else 422, code
    )
    assert code == "dataset_exists" or rule in [error["code"] for error in body["errors"]]
    assert not Dataset.objects.filter(name="visits").exists()


def test_a_change_of_the_description(curator: Api, visits: dict[str, Any]) -> None:
    changed = curator.patch("/datasets/visits", {"title": "Guests", "duplicate_keys": "quarantine"}).json()
    assert (changed["title"], changed["duplicate_keys"], changed["key"]) == (
        "Guests",
        "quarantine",
        ["visit_id"],
    )
    assert len(changed["fields"]) == 5
    assert curator.patch("/datasets/visits", {"key_fields": []}).json()["key"] == []


def test_key_and_secrets_stay_once_there_are_records(curator: Api, visits: dict[str, Any]) -> None:
    curator.post(ROWS, VISIT)
    assert_problem(curator.patch("/datasets/visits", {"key_fields": []}), 409, "dataset_in_use")
    assert_problem(curator.patch("/datasets/visits", {"fields": []}), 409, "dataset_in_use")
    curator.delete(f"{ROWS}/7")
    assert_problem(curator.patch("/datasets/visits", {"key_fields": []}), 409, "dataset_in_use")


def test_what_the_code_says_stays(curator: Api) -> None:
    assert_problem(curator.patch("/datasets/users", {"title": "People"}), 409, "dataset_fixed")
    assert (
        curator.patch("/datasets/users", {"duplicate_keys": "quarantine"}).json()["duplicate_keys"]
        == "quarantine"
    )
    assert_problem(curator.delete("/datasets/users"), 409, "dataset_fixed")
    assert_problem(curator.delete("/datasets/documents"), 404, "unknown_dataset")


def test_deleting(curator: Api, intake: Intake, visits: dict[str, Any]) -> None:
    content = "visit_id,visited_at\n1,2024-05-17\n2,2024-05-17\n"
    intake.load("visits.csv", content)
    body = assert_problem(curator.delete("/datasets/visits"), 409, "dataset_in_use")
    assert "2 records" in body["detail"]
    assert curator.delete("/datasets/visits?with_records=true").status_code == 204
    assert_problem(curator.get("/datasets/visits"), 404, "unknown_dataset")
    assert_problem(curator.get(ROWS), 404, "unknown_dataset")
    assert curator.post("/datasets", VISITS).status_code == 201
    assert curator.get(ROWS).json()["count"] == 0
    file = intake.load("visits.csv", content)
    assert counts(file) == {"read": 2, "updated": 2}


def test_deleting_what_never_had_anything_leaves_nothing(curator: Api, visits: dict[str, Any]) -> None:
    assert curator.delete("/datasets/visits").status_code == 204
    assert not Dataset.objects.filter(name="visits").exists()


def test_viewers_look_only(viewer: Api) -> None:
    for answer in (
        viewer.post("/datasets", VISITS),
        viewer.patch("/datasets/users", {}),
        viewer.delete("/datasets/users"),
    ):
        assert_problem(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "odd",
    [
        {"name": "a\x00b"},
        {"name": "visits\n"},
        {"title": "x\x00"},
        {"description": "\x00"},
        {"fields": [{"name": "a", "description": "\x00"}]},
        {"fields": [{"name": "a\n"}]},
        {"key_fields": ["k" * 1000]},
    ],
)
def test_texts_that_cannot_be_stored_are_refused(curator: Api, odd: dict[str, Any]) -> None:
    assert curator.post("/datasets", VISITS | odd).status_code == 422
    assert not Dataset.objects.filter(name__startswith="visits").exists()


def test_a_field_that_becomes_personal_is_masked_in_older_errors_too(
    curator: Api, viewer: Api, intake: Intake
) -> None:
    curator.post("/datasets", VISITS)
    intake.load("visits.csv", "visit_id,visited_at,minutes\n1,2024-05-17,unknown\n", "visits")
    about = curator.get("/datasets/visits/records/1").json()["_record"]
    assert [error["value"] for error in about["errors"]] == ["unknown"]
    fields = [
        field | {"classification": "personal"} for field in VISITS["fields"] if field["name"] == "minutes"
    ]
    curator.patch(
        "/datasets/visits", {"fields": [f for f in VISITS["fields"] if f["name"] != "minutes"] + fields}
    )
    assert "unknown" not in viewer.get("/datasets/visits/records/1").content.decode()
    assert "unknown" not in viewer.get("/history", dataset="visits", key="1").content.decode()
    assert "unknown" in curator.get("/datasets/visits/records/1").content.decode()


def test_objects_are_no_texts_and_stay_none_when_checked_again(curator: Api, intake: Intake) -> None:
    body = assert_problem(curator.post("/jobs", {"id": 8100, "job": {"x": 1}}), 422, "contract_violation")
    assert rules(body) == [("job", "text")]
    intake.load("jobs.ndjson", '{"id": 8101, "job": ["x"]}\n{"id": 8102, "job": "[x]"}\n', dataset="jobs")
    bad = RawRecord.objects.get(key="8101")
    assert (bad.status, RawRecord.objects.get(key="8102").status) == ("quarantined", "valid")
    resolve(RecheckRecords)([bad.pk])
    bad.refresh_from_db()
    assert bad.status == "quarantined"
    assert resolve(EditRecord)(bad.pk, {"job": "Cook"}).status == "valid"
    assert resolve(EditRecord)(bad.pk, {}).status == "quarantined"
