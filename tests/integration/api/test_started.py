"""Every route that starts work answers alike, and the operation tells what becomes of it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bronze.models import Document, SourceFile
from bronze.tasks import extract_wanted, load_file, load_received
from gold.tasks import run as run_gold
from governance.models import Run
from lakehouse_project.auth import issue_token
from silver.tasks import run as run_silver
from tests.integration.api.client import Api, assert_problem, client_of
from tests.integration.api.test_files import JOBS, sent

pytestmark = pytest.mark.django_db


def operation(api: Api, answer: Any) -> Any:
    """The state of the operation that an answer names."""
    assert answer.status_code == 202, answer.content
    assert answer["Retry-After"] == "1"
    assert answer["Location"].startswith("/api/v1/operations/")
    return api.client.get(answer["Location"], headers=api.headers)


def cancel(api: Api, answer: Any) -> None:
    assert api.client.post(f"{answer['Location']}/cancel", headers=api.headers).status_code == 200


def post(api: Api, path: str, body: Any, **headers: str) -> Any:
    return api.client.post(f"/api/v1{path}", body, "application/json", headers=api.headers | headers)


def test_an_upload_is_an_operation_that_ends_with_its_receipt(curator: Api) -> None:
    answer = curator.upload(file=sent("jobs.csv", JOBS))
    assert operation(curator, answer).json()["state"] == "queued"
    file = SourceFile.objects.get()
    load_file(file.pk)
    told = operation(curator, answer)
    assert (told.status_code, told["Location"]) == (303, f"/api/v1/bronze/files/{file.pk}")
    assert (told.json()["state"], told.json()["counts"]["read"]) == ("succeeded", file_rows())
    assert Run.objects.filter(kind="ingest").count() == 1


def file_rows() -> int:
    return SourceFile.objects.get().rows_read


def test_a_load_that_is_cancelled_before_it_begins_keeps_nothing_and_can_be_tried_again(curator: Api) -> None:
    answer = curator.upload(file=sent("jobs.csv", JOBS))
    cancel(curator, answer)
    load_received()
    file = SourceFile.objects.get()
    assert (file.state, file.rows_read) == ("failed", 0)
    assert "cancelled" in file.error
    assert operation(curator, answer).json()["state"] == "cancelled"
    again = curator.post(f"/files/{file.pk}/retry", {})
    load_received()
    assert operation(curator, again).json()["state"] == "succeeded"
    assert SourceFile.objects.get().state == "loaded"


def test_documents_that_are_loaded_together_are_told_one_by_one(curator: Api) -> None:
    answers = [
        curator.upload(file=sent(f"note-{n}.txt", f"Note {n} about nothing.\n".encode())) for n in (1, 2)
    ]
    load_received()
    assert [operation(curator, answer).json()["state"] for answer in answers] == ["succeeded"] * 2


def test_the_text_of_a_document_read_anew_is_an_operation(curator: Api) -> None:
    curator.upload(file=sent("note.txt", b"A note about nothing.\n"))
    load_received()
    sha256 = Document.objects.get().pk
    answer = curator.post(f"/documents/{sha256}/extract", {})
    extract_wanted()
    told = operation(curator, answer)
    assert (told.json()["state"], told["Location"]) == ("succeeded", f"/api/v1/bronze/documents/{sha256}")
    unwanted = curator.post(f"/documents/{sha256}/extract", {})
    cancel(curator, unwanted)
    extract_wanted()
    document = curator.get(f"/documents/{sha256}").json()
    assert document["status"] == "ok"
    assert "cancelled" in document["message"]


@pytest.mark.parametrize("layer", ["silver", "gold"])
def test_a_layer_is_rebuilt(api: Any, layer: str) -> None:
    engineer = api("engineer")
    wanted = {"step": "rebuild", "layer": layer}
    answer = post(engineer, "/pipeline/runs", wanted)
    assert operation(engineer, answer).json()["inputs"] == {"layer": layer}
    assert post(engineer, "/pipeline/runs", wanted)["Location"] == answer["Location"], "it waits already"
    (run_silver if layer == "silver" else run_gold)(answer.json()["id"], everything=True)
    assert operation(engineer, answer).json()["state"] == "succeeded"


def test_a_stage_is_started(api: Any) -> None:
    engineer = api("engineer")
    answer = post(engineer, "/pipeline/runs", {"step": "refine"}, **{"Idempotency-Key": "one"})
    run_silver(answer.json()["id"], everything=False)
    assert operation(engineer, answer).json()["state"] == "succeeded"
    again = post(engineer, "/pipeline/runs", {"step": "refine"}, **{"Idempotency-Key": "one"})
    assert (again["Location"], again["Idempotency-Replayed"]) == (answer["Location"], "true")


@pytest.mark.parametrize("group", ["viewer", "curator"])
def test_the_pipeline_is_started_by_engineers(group: str) -> None:
    assert_problem(post(client_of(group), "/pipeline/runs", {"step": "refine"}), 403, "forbidden")


@pytest.mark.parametrize(
    "body", [{"step": "rebuild"}, {"step": "refine", "layer": "gold"}, {"step": "erase"}, {}]
)
def test_what_makes_no_sense_is_refused(api: Any, body: Any) -> None:
    assert_problem(post(api("engineer"), "/pipeline/runs", body), 422, "invalid_request")
    assert not Run.objects.exists()


def test_administrators_see_the_runs_that_the_pipeline_starts_itself() -> None:
    Run.objects.create(kind="refine")
    User.objects.create_superuser("root")
    admin = Client(headers={"Authorization": f"Token {issue_token('root')}"})
    assert admin.get("/api/v1/operations").json()["count"] == 1
