"""Who gets in: every way to log in, and the form of what Django itself refuses. `test_authorization` asks every route."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from lakehouse_project.access.models import ApiToken
from lakehouse_project.auth import GROUPS, create_groups, issue_token
from tests.integration.api.client import Api, assert_problem, client_of
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

USERS = "/api/v1/bronze/users"


@pytest.mark.parametrize("scheme", ["Token", "token", "Bearer"])
def test_a_token(scheme: str) -> None:
    token = client_of("viewer").headers["Authorization"].split()[1]
    assert Client().get(USERS, headers={"Authorization": f"{scheme} {token}"}).status_code == 200
    assert Client().get(USERS, headers={"Authorization": f"{scheme} {token[:-1]}"}).status_code == 401
    assert Client().get(USERS, headers={"Authorization": scheme}).status_code == 401
    assert Client().get(USERS, headers={"Authorization": f"{scheme} ü"}).status_code == 401


def test_only_the_digest_of_a_token_is_stored() -> None:
    User.objects.create_user("ada")
    token = issue_token("ada")
    stored = " ".join(map(str, ApiToken.objects.values_list().get()))
    assert token not in stored
    assert token[20:] not in stored


def test_the_token_of_a_user_who_is_gone() -> None:
    viewer = client_of("viewer")
    User.objects.update(is_active=False)
    assert_problem(viewer.get("/users"), 401, "not_authenticated")


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


@pytest.fixture
def ada() -> User:
    user = User.objects.create_user("ada", password="correct horse")
    user.groups.add(Group.objects.get(name="curator"))
    return user


def test_basic(ada: User) -> None:
    login = basic("ada", "correct horse")
    assert Client().get(USERS, headers=login).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    row = valid_row("users")
    assert strict.post(USERS, row, "application/json", headers=login).status_code == 201
    assert Client().get(USERS, headers=login, secure=True, REMOTE_ADDR="10.0.0.9").status_code == 200
    assert_problem(
        Client().get(USERS, headers=login, REMOTE_ADDR="10.0.0.9"), 401, "not_authenticated"
    )  # in clear over the network
    for wrong in (basic("ada", "x"), basic("a\x00", "x"), {"Authorization": "Basic ?"}):
        assert_problem(Client().get(USERS, headers=wrong), 401, "not_authenticated")


def test_too_many_wrong_passwords(ada: User) -> None:
    for _ in range(6):
        response = Client().get(USERS, headers=basic("ada", "x"))
    assert_problem(response, 429, "too_many_attempts")
    assert_problem(Client().get(USERS, headers=basic("ada", "correct horse")), 429, "too_many_attempts")


def test_a_session_needs_its_csrf_token_to_write(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/login/")  # any page with a form gives the cookie
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(USERS).status_code == 200
    row = valid_row("users")
    assert_problem(client.post(USERS, row, "application/json"), 403, "csrf_failed")
    token = client.cookies["csrftoken"].value
    assert client.post(USERS, row, "application/json", headers={"X-CSRFToken": token}).status_code == 201


@pytest.mark.parametrize(
    "path",
    ["/api/", "/api", "/api/v1/nothing", "/api/v1/bronze/nothing/1", "/api/v2/x", "/api/v1/bronze/users/"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_addresses_that_do_not_exist(method: str, path: str) -> None:
    client = Client(enforce_csrf_checks=True)
    assert_problem(client.generic(method, path, b"{}", "application/json"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/users"), ("POST", "/users/1"), ("PUT", "/files")])
def test_methods_that_a_route_does_not_have(curator: Api, method: str, path: str) -> None:
    response = curator.send(method, path, {})
    assert_problem(response, 405, "method_not_allowed")
    assert "GET" in response["Allow"]


def test_a_host_that_is_not_ours(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["lake.example"]
    response = Client().get(USERS, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


def test_groups_and_their_rights() -> None:
    """They are there after `migrate`, which made this database."""
    rights = {
        group.name: {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
        for group in Group.objects.prefetch_related("permissions__content_type")
    }
    assert set(rights) == set(GROUPS)
    assert all("bronze.view_rawrecord" in own and "gold.view_citypayroll" in own for own in rights.values())
    assert {name for name, own in rights.items() if "bronze.change_rawrecord" in own} == {
        "curator",
        "engineer",
        "admin",
    }
    assert {name for name, own in rights.items() if "governance.view_personal_data" in own} == {
        "curator",
        "admin",
    }
    assert {name for name, own in rights.items() if "governance.view_secret_data" in own} == {"admin"}
    assert {name for name, own in rights.items() if "auth.add_user" in own} == {"admin"}
    assert not any(right.split(".")[1].startswith(("add", "change", "delete")) for right in rights["viewer"])


def test_groups_are_made_once() -> None:
    before = sorted(Group.objects.values_list("name", "permissions"))
    create_groups()
    assert sorted(Group.objects.values_list("name", "permissions")) == before
