"""Routes of the published tables."""

from typing import Any

import pytest
from django.test import Client

from governance.models import Run
from lake.tasks import run
from tests.integration.api.client import client_of

pytestmark = pytest.mark.django_db(transaction=True)


LAKE = "/api/v1/lake"


class Caller:
    """Of the routes below `/api/v1/lake`."""

    def __init__(self, group: str) -> None:
        self._api = client_of(group)

    def get(self, path: str) -> Any:
        return self._api.client.get(LAKE + path, headers=self._api.headers)

    def publish(self, body: Any) -> Any:
        return self._api.client.post(
            f"{LAKE}/publish", body, content_type="application/json", headers=self._api.headers
        )


def published() -> None:
    from lake.services import PublishLake  # noqa: PLC0415
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415

    resolve(PublishLake)()


def test_tables_their_columns_and_partitions() -> None:
    published()
    viewer = Caller("viewer")
    page = viewer.get("/tables?page_size=1000").json()
    names = [each["name"] for each in page["items"]]
    assert page["count"] == len(names) == len(set(names))
    assert {"order_lines", "events", "hires", "employments", "daily_revenue", "customer_360"} <= set(names)
    table = viewer.get("/tables/order_lines").json()
    columns = {each["name"]: each["type"] for each in table["columns"]}
    assert columns["amount"] == "decimal(18,2)"
    assert list(columns)[-3:] == table["partition_by"] == ["year", "month", "day"]
    assert viewer.get("/tables/order_lines/partitions").json() == {"items": [], "count": 0}


def test_what_is_not_there() -> None:
    answer = Caller("viewer").get("/tables/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_table")
    assert "lake tables" in answer.json()["detail"]
    assert Caller("viewer").get("/tables?pages=1").status_code == 400


@pytest.mark.parametrize("path", ["tables", "tables/order_lines", "tables/order_lines/partitions"])
def test_nobody_looks_without_a_login(client: Client, path: str) -> None:
    assert client.get(f"{LAKE}/{path}").status_code == 401


def test_publishing_is_an_operation_for_those_who_may() -> None:
    body = {"everything": True}
    assert Caller("viewer").publish(body).status_code == 403
    answer = Caller("engineer").publish(body)
    assert answer.status_code == 202
    operation = answer.json()
    assert answer["Location"].endswith(operation["id"])
    assert Caller("engineer").publish(body).json()["id"] == operation["id"]
    run(operation["id"], everything=True)
    assert Run.objects.get(pk=operation["id"]).state == "succeeded"
