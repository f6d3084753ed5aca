"""Restricting a data set and opening it again, in REST and in the admin."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.models import Restriction
from tests.integration.api.client import assert_problem, client_of
from tests.integration.security.restricted import RESTRICT, Lake, restrict
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db


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
