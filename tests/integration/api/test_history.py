"""Dry run, undo, history and conflicts over REST."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bronze.models import RawRecord, SourceFile
from bronze.services import EditRecord
from bronze.tasks import load_file
from lakehouse_project.kernel.services import resolve
from tests.integration.api.client import BRONZE, Api, assert_problem
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

JOBS = b"id,job\n1,Clerk\n2,Recruiter\n"


def sent(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def load(api: Api, name: str, content: bytes) -> int:
    (file,) = api.upload(file=sent(name, content), dataset=name.split(".", maxsplit=1)[0]).json()["items"]
    load_file(file["id"])
    return int(file["id"])


def preview(api: Api, name: str, content: bytes) -> Any:
    return api.client.post(f"{BRONZE}/files/preview", {"file": sent(name, content)}, headers=api.headers)


def users(**values: str) -> bytes:
    row = valid_row("users") | values
    return "\n".join([",".join(row), ",".join(str(row[name]) for name in row)]).encode() + b"\n"


def test_preview(curator: Api) -> None:
    load(curator, "jobs.csv", JOBS)
    response = preview(curator, "jobs.csv", b"id,job\n1,Cook\n3,\n")
    assert response.status_code == 200
    seen = response.json()
    assert (seen["receipt"]["updated"], seen["receipt"]["quarantined"]) == (1, 1)
    assert [row["status"] for row in seen["rows"]] == ["valid", "quarantined"]
    assert seen["updates"][0]["changes"] == [{"field": "job", "old": "Clerk", "new": "Cook"}]
    assert SourceFile.objects.count() == 1
    assert RawRecord.objects.get(key="1").payload["job"] == "Clerk"


def test_a_preview_masks_personal_data(api: Any, curator: Api) -> None:
    load(curator, "users.csv", users(full_name="Ada Lovelace"))
    changed = users(full_name="Grace Hopper")
    for group, old, new in (("engineer", "A•••", "G•••"), ("curator", "Ada Lovelace", "Grace Hopper")):
        seen = preview(api(group), "users.csv", changed).json()
        assert seen["rows"][0]["fields"]["full_name"] == new
        assert seen["updates"][0]["changes"] == [{"field": "full_name", "old": old, "new": new}]


def test_a_preview_is_of_one_file_and_needs_the_right(curator: Api, viewer: Api) -> None:
    both = {"file": [sent("jobs.csv", JOBS), sent("b.csv", JOBS)]}
    response = curator.client.post(f"{BRONZE}/files/preview", both, headers=curator.headers)
    assert_problem(response, 422, "invalid_input")
    assert_problem(preview(viewer, "jobs.csv", JOBS), 403, "forbidden")
    assert_problem(preview(curator, "a.png", b"\x89PNG\r\n\x1a\n" + bytes(9)), 415, "unsupported_file_type")


def test_undo(curator: Api, viewer: Api) -> None:
    file = load(curator, "jobs.csv", JOBS)
    curator.patch("/jobs/2", {"job": "Cook"})
    assert curator.get(f"/files/{file}/undo").json()["removed"]["count"] == 1
    assert_problem(viewer.send("POST", f"/files/{file}/undo"), 403, "forbidden")
    response = curator.send("POST", f"/files/{file}/undo")
    assert response.status_code == 200
    undone = response.json()
    assert [record["key"] for record in undone["removed"]["records"]] == ["1"]
    (left,) = undone["left"]["records"]
    assert (left["key"], left["user"].split("-")[0], left["reason"]) == ("2", "curator", "api")
    assert undone["file"]["state"] == "undone"
    assert_problem(curator.send("POST", f"/files/{file}/undo"), 409, "file_not_loaded")
    assert_problem(curator.send("POST", "/files/0/undo"), 404, "file_not_found")
    assert curator.upload(file=sent("jobs.csv", JOBS)).status_code == 202


def test_history_and_restore(curator: Api, viewer: Api) -> None:
    load(curator, "jobs.csv", JOBS)
    curator.patch("/jobs/1", {"job": "Cook"})
    page = viewer.get("/history", dataset="jobs", key="1").json()
    assert [(entry["revision"], entry["reason"], entry["changed"]) for entry in page["items"]][-2:] == [
        (2, "api", ["job"]),
        (1, f"load of file {SourceFile.objects.get().pk}", []),
    ]
    assert page["items"][-2]["user"].startswith("curator")
    assert_problem(viewer.send("POST", "/history/restore?dataset=jobs&key=1&revision=1"), 403, "forbidden")
    restored = curator.send("POST", "/history/restore?dataset=jobs&key=1&revision=1").json()
    assert (restored["job"], restored["_record"]["status"]) == ("Clerk", "valid")
    missing = curator.send("POST", "/history/restore?dataset=jobs&key=1&revision=99")
    assert_problem(missing, 404, "revision_not_found")
    assert_problem(viewer.get("/history", dataset="jobs", key="9"), 404, "record_not_found")
    assert_problem(viewer.get("/history", dataset="none", key="9"), 404, "unknown_dataset")


def test_history_masks_personal_data(curator: Api, viewer: Api) -> None:
    load(curator, "users.csv", users(full_name="Ada Lovelace", user_id="1"))
    curator.patch("/users/1", {"full_name": "Grace Hopper"})
    shown = {
        name: [
            entry["fields"]["full_name"]
            for entry in api.get("/history", dataset="users", key="1").json()["items"]
        ]
        for name, api in {"viewer": viewer, "curator": curator}.items()
    }
    assert (shown["viewer"][0], shown["viewer"][-1]) == ("G•••", "A•••")
    assert (shown["curator"][0], shown["curator"][-1]) == ("Grace Hopper", "Ada Lovelace")


def test_a_deleted_record_has_its_history_and_comes_back(curator: Api) -> None:
    curator.post("/jobs", {"id": 1, "job": "Clerk"})
    curator.delete("/jobs/1")
    page = curator.get("/history", dataset="jobs", key="1").json()
    assert [entry["status"] for entry in page["items"]] == ["deleted", "valid"]
    curator.send("POST", "/history/restore?dataset=jobs&key=1&revision=1")
    assert curator.get("/jobs/1").json()["job"] == "Clerk"


def test_a_conflict_is_shown_and_settled(curator: Api) -> None:
    load(curator, "jobs.csv", JOBS)
    resolve(EditRecord)(RawRecord.objects.get(key="1").pk, {"job": "Cook"})
    load(curator, "jobs.csv", b"id,job\n1,Baker\n")
    shown = curator.get("/jobs/1").json()["_record"]["conflict"]
    assert shown == {"job": {"received_before": "Clerk", "received_now": "Baker", "patched": "Cook"}}
    address = "/history/conflict?dataset=jobs&key=1&field=job&keep=received"
    settled = curator.send("POST", address).json()
    assert (settled["job"], settled["_record"]["conflict"]) == ("Baker", {})
    assert_problem(curator.send("POST", address), 404, "conflict_not_found")


def test_keys_that_look_like_routes_stay_keys(curator: Api) -> None:
    curator.post("/products", valid_row("products") | {"sku": "A/history"})
    assert curator.get("/products/A/history").json()["sku"] == "A/history"
    assert curator.get("/history", dataset="products", key="A/history").json()["count"] == 1
