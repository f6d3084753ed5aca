"""Data sets in the admin: described, looked at, changed, deleted."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bronze.models import Dataset, RawRecord
from tests.integration.bronze.intake import Intake

pytestmark = pytest.mark.django_db

PAGE = "/admin/bronze/dataset/"
VISITS = {
    "name": "visits",
    "title": "Visits",
    "description": "",
    "key_fields": "visit_id",
    "described": "visited_at, datetime, internal, required, When it was\nguest, text, personal\n",
    "duplicate_keys": "last_wins",
}


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="a-long-password"))
    return client


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_data_set_is_described_changed_and_deleted(client: Client, intake: Intake) -> None:
    assert client.post(f"{PAGE}add/", VISITS).status_code == 302
    intake.load("visits.csv", "visit_id,visited_at,guest\n1,2024-05-17,Ada\n")
    shown = text(client.get(f"{PAGE}visits/change/"))
    assert "visited_at, datetime, internal, required, When it was" in shown
    assert "100%" in shown
    assert client.post(f"{PAGE}visits/change/", VISITS | {"title": "Guests"}).status_code == 302
    row = Dataset.objects.get(name="visits")
    assert (row.title, row.key_fields, row.fields[1]["classification"]) == (
        "Guests",
        ["visit_id"],
        "personal",
    )

    kept = client.post(f"{PAGE}visits/change/", VISITS | {"key_fields": ""})
    assert "cannot change" in text(kept)
    confirm = text(client.get(f"{PAGE}visits/delete/"))
    assert "1 records become tombstones" in confirm
    assert client.post(f"{PAGE}visits/delete/", {"post": "yes"}).status_code == 302
    assert RawRecord.objects.get().status == "deleted"
    assert "visits/change" not in text(client.get(PAGE))
    assert client.get(f"/admin/bronze/rawrecord/{RawRecord.objects.get().pk}/change/").status_code == 200
    assert client.post(f"{PAGE}add/", VISITS).status_code == 302


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": "Visits"}, "lower-case"),
        ({"name": "users"}, "already"),
        ({"described": "a, number"}, "Line 1"),
        ({"described": "visit_id, text, secret"}, "part of the key"),
    ],
)
def test_what_is_wrong_is_said(client: Client, change: dict[str, str], reason: str) -> None:
    answer = client.post(f"{PAGE}add/", VISITS | change)
    assert answer.status_code == 200
    assert reason in text(answer)
    assert not Dataset.objects.filter(name="visits").exists()


def test_of_a_contract_the_policy_alone_is_set(client: Client) -> None:
    assert (
        client.post(f"{PAGE}users/change/", {"duplicate_keys": "quarantine", "title": "x"}).status_code == 302
    )
    row = Dataset.objects.get(name="users")
    assert (row.duplicate_keys, row.title) == ("quarantine", "Users")
    assert client.get(f"{PAGE}users/delete/").status_code == 403
    assert client.get(f"{PAGE}documents/change/").status_code == 200
    assert client.get(PAGE).status_code == 200
