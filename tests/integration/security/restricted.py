"""A lake with restricted data sets, for tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.contrib.auth.models import Group, User
from django.test import Client

from bronze.domain import ReceivedFile
from bronze.models import Dataset, Document, RawRecord, SourceFile
from bronze.repositories import SourceFiles
from bronze.services import LoadDocuments
from governance.services import enqueue
from lakehouse_project.kernel.services import resolve
from tests.integration.api.client import Api, client_of
from tests.integration.bronze.intake import Intake
from tests.unit.bronze.samples import valid_row

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


def fill(intake: Intake) -> Lake:
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


def graph(caller: Api, query: str, name: str = "") -> Any:
    body = {"query": query.replace("NAME", name).replace("KEY", KEY)}
    answer = caller.client.post("/graphql/", body, "application/json", headers=caller.headers).json()
    for error in answer.get("errors", ()):
        del error["extensions"]["instance"]
    return answer


def export(caller: Api, source: str) -> str:
    body = {"source": source, "format": "ndjson"}
    answer = caller.client.post("/api/v1/exports", body, "application/json", headers=caller.headers)
    assert answer.status_code == 202, answer.content
    found: str = answer.json()["id"]
    return found


def page(group: str, path: str) -> str:
    user, made = User.objects.get_or_create(username=f"staff-{group}", defaults={"is_staff": True})
    if made:
        user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(path, follow=True)
    assert answer.status_code < 500
    return answer.content.decode()
