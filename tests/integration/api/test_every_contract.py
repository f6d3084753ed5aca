"""Every contract over REST, with rows that polyfactory makes from it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bronze.contracts import CONTRACTS
from lakehouse_project.auth import issue_token
from tests.factories import row

ORDER = ("users", "departments", "jobs", "products", *CONTRACTS)
"""What others refer to comes first."""


@pytest.fixture
def client(db: None) -> Client:
    User.objects.create_superuser("root", password="a-long-password")
    return Client(headers={"Authorization": f"Token {issue_token('root')}"})


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(f"/api/v1{path}", body, content_type="application/json")


def test_a_row_of_every_contract_is_created_read_changed_and_deleted(client: Client) -> None:
    made = {}
    for dataset in dict.fromkeys(ORDER):
        sent = row(dataset)
        answer = post(client, f"/bronze/{dataset}", sent)
        assert answer.status_code == 201, (dataset, answer.json())
        made[dataset] = answer["Location"]
        read = client.get(answer["Location"]).json()
        assert {name: read[name] for name in sent} == sent
        assert read["_record"]["status"] == "valid"
    for location in reversed(made.values()):
        assert client.delete(location).status_code == 204
        assert client.get(location).status_code == 404


@pytest.mark.parametrize("dataset", CONTRACTS)
def test_a_row_without_a_required_field_is_refused_by_name(client: Client, dataset: str) -> None:
    required = [field.name for field in CONTRACTS[dataset].fields if field.required]
    sent = row(dataset)
    del sent[required[-1]]
    answer = post(client, f"/bronze/{dataset}", sent)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert required[-1] in [
        error["field"] for error in answer.json()["errors"] if error["code"] == "required"
    ]
