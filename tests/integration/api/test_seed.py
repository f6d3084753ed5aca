"""Seeding over the API: a run to poll, and the same files as the command writes."""

from typing import Any

import pytest
from django.test import Client

from bronze.models import RawRecord, SourceFile
from bronze.tasks import load_received, seed_lake
from governance.services import enqueue
from lakehouse_project.auth import issue_token
from tests.accounts import member

pytestmark = pytest.mark.django_db


def caller(group: str) -> Client:
    member(group, group)
    return Client(headers={"Authorization": f"Token {issue_token(group)}"})


def seed(client: Client, body: Any) -> Any:
    return client.post("/api/v1/seed", body, content_type="application/json")


def test_a_seed_is_a_run_that_ends_with_its_files_received() -> None:
    engineer = caller("engineer")
    answer = seed(engineer, {"scale": 0.02, "seed": 7})
    assert answer.status_code == 202
    assert engineer.get(answer["Location"]).json()["state"] == "queued"

    seed_lake(answer.json()["id"], 0.02, 7)

    run = engineer.get(answer["Location"]).json()
    assert (run["state"], run["kind"]) == ("succeeded", "seed")
    assert run["counts"]["files"] == SourceFile.objects.count()


def test_seeding_again_changes_nothing() -> None:
    seed_lake(str(enqueue("seed").pk), 0.02, 7)
    load_received()
    before = set(RawRecord.objects.values_list("id", "revision"))
    assert before

    seed_lake(str(enqueue("seed").pk), 0.02, 7)
    load_received()

    assert set(RawRecord.objects.values_list("id", "revision")) == before


@pytest.mark.parametrize(
    ("body", "field"), [({"scale": 0}, "scale"), ({"scale": 101}, "scale"), ({"seed": -1}, "seed")]
)
def test_a_scale_or_seed_out_of_range_is_refused(body: Any, field: str) -> None:
    answer = seed(caller("engineer"), body)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


def test_a_viewer_may_not_seed() -> None:
    assert seed(caller("viewer"), {}).status_code == 403
