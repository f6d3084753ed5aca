"""Service accounts: made, used and ended over REST, on the command line and in the admin, and never a login of a person."""

from io import StringIO
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client

from lakehouse_project.access import jwt, service_accounts
from lakehouse_project.access.models import ApiToken, ServiceAccount
from lakehouse_project.kernel.errors import InvalidInput
from tests.accounts import member
from tests.integration.api.client import assert_problem, client_of

pytestmark = pytest.mark.django_db

ACCOUNTS = "/api/v1/auth/service-accounts"
DATASETS = "/api/v1/bronze/datasets"
NEW = {"name": "nightly", "group": "engineer", "owner": "ada", "description": "Loads the orders"}


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada() -> dict[str, str]:
    """An administrator, by JSON Web Token."""
    return {"Authorization": f"Bearer {jwt.new_login(member('ada', 'admin')).access}"}


def send(method: str, path: str, headers: dict[str, str], body: Any = None) -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.generic(method, ACCOUNTS + path, orjson.dumps(body), "application/json", headers=headers)


def status_with(token: str) -> int:
    return Client().get(DATASETS, headers={"Authorization": f"Token {token}"}).status_code


def new_token(ada: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = send("POST", "/nightly/tokens", ada, {"name": "shop", **body})
    assert answer.status_code == 201, answer.content
    assert answer["Cache-Control"] == "no-store"
    made: dict[str, Any] = answer.json()
    return made


def test_from_the_beginning_to_the_end(ada: dict[str, str]) -> None:
    made = send("POST", "", ada, NEW)
    assert made.status_code == 201
    assert made["Location"] == f"{ACCOUNTS}/nightly"
    token = new_token(ada, expires_in_days=30)
    assert token["expiry"] is not None
    assert status_with(token["token"]) == 200
    assert send("GET", "/nightly", ada).json() == made.json()
    [listed] = send("GET", "/nightly/tokens", ada).json()["items"]
    assert listed["last_used_at"] is not None
    assert token["token"] not in str(listed)
    [account] = send("GET", "", ada).json()["items"]
    assert (account["groups"], account["owner"], account["ended_at"]) == (["engineer"], "ada", None)

    assert send("DELETE", "/nightly", ada).status_code == 204
    assert status_with(token["token"]) == 401
    assert send("GET", "/nightly", ada).json()["ended_at"] is not None
    assert_problem(send("POST", "/nightly/tokens", ada, {"name": "again"}), 409, "conflict")
    assert_problem(send("POST", "", ada, NEW), 409, "conflict")
    assert not ApiToken.objects.filter(user__username="nightly").exists()


def test_one_token_is_deleted_alone(ada: dict[str, str]) -> None:
    send("POST", "", ada, NEW)
    first, second = new_token(ada), new_token(ada)
    assert send("DELETE", f"/nightly/tokens/{first['id']}", ada).status_code == 204
    assert (status_with(first["token"]), status_with(second["token"])) == (401, 200)
    _token, others = service_accounts.tokens.create(User.objects.get(username="ada"), "own", None)
    other = ApiToken.objects.get(user__username="ada")
    assert_problem(send("DELETE", f"/nightly/tokens/{other.pk}", ada), 404, "not_found")
    assert status_with(others) == 200


def test_it_has_the_rights_of_its_group_and_no_other(ada: dict[str, str]) -> None:
    send("POST", "", ada, {**NEW, "group": "viewer"})
    headers = {"Authorization": f"Token {new_token(ada)['token']}"}
    row = {"id": "1", "department": "Sales"}
    answer = Client().post("/api/v1/bronze/departments", row, "application/json", headers=headers)
    assert_problem(answer, 403, "forbidden")
    assert_problem(send("GET", "", headers), 403, "forbidden")


def test_no_token_makes_an_account_or_a_token(ada: dict[str, str]) -> None:
    send("POST", "", ada, {**NEW, "group": "admin"})
    headers = {"Authorization": f"Token {new_token(ada)['token']}"}
    assert_problem(send("POST", "", headers, {**NEW, "name": "second"}), 403, "forbidden")
    assert_problem(send("POST", "/nightly/tokens", headers, {"name": "more"}), 403, "forbidden")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"owner": "nobody"}, "invalid_input"),
        ({"group": "nothing"}, "invalid_input"),
        ({"name": "a b"}, "invalid_request"),
        ({"name": ""}, "invalid_request"),
        ({"more": 1}, "invalid_request"),
    ],
)
def test_what_is_no_account(ada: dict[str, str], change: dict[str, Any], code: str) -> None:
    assert_problem(send("POST", "", ada, NEW | change), 422, code)
    assert not ServiceAccount.objects.exists()


def test_a_service_account_answers_for_nobody(ada: dict[str, str]) -> None:
    send("POST", "", ada, NEW)
    assert_problem(send("POST", "", ada, {**NEW, "name": "b", "owner": "nightly"}), 422, "invalid_input")


def test_it_never_logs_in_with_a_password(ada: dict[str, str]) -> None:
    """Not even with one that somebody has set."""
    send("POST", "", ada, NEW)
    user = User.objects.get(username="nightly")
    assert not user.has_usable_password()
    user.set_password("correct horse")
    user.is_staff = True
    user.save()
    form = {"username": "nightly", "password": "correct horse"}
    assert Client().post("/login/", form).status_code == 200  # the form again
    assert Client().post("/admin/login/", form).status_code == 200
    assert_problem(Client().post("/api/v1/auth/jwt", form, "application/json"), 401, "wrong_login")


def test_who_did_it_is_kept(ada: dict[str, str]) -> None:
    send("POST", "", ada, NEW)
    new_token(ada)
    send("DELETE", "/nightly", ada)
    events = ServiceAccount.pgh_event_models["insert"].objects.order_by("pgh_id")
    assert [(event.pgh_label, event.ended_at is None) for event in events] == [
        ("insert", True),
        ("update", False),
    ]
    by = User.objects.get(username="ada").pk
    assert {event.pgh_context.metadata["user"] for event in events} == {by}
    of_tokens = ApiToken.pgh_event_models["insert"].objects.filter(name="shop").order_by("pgh_id")
    assert [event.pgh_label for event in of_tokens] == ["insert", "delete"]


def test_on_the_command_line() -> None:
    member("ada", "admin")
    out = StringIO()
    about = ("--group", "viewer", "--owner", "ada", "--description", "Reads the marts")
    call_command("service_account", "create", "reader", *about, "--days", "1", stdout=out)
    assert status_with(out.getvalue().splitlines()[-1]) == 200
    call_command("service_account", "token", "reader", stdout=(second := StringIO()))
    call_command("service_account", "list", stdout=(listed := StringIO()))
    assert listed.getvalue() == "reader  viewer  2 tokens  ada: Reads the marts\n"
    call_command("service_account", "end", "reader", stdout=StringIO())
    assert status_with(second.getvalue().strip()) == 401
    with pytest.raises(InvalidInput, match="no group"):
        call_command(
            "service_account", "create", "x", "--group", "none", "--owner", "ada", "--description", "x"
        )


def test_in_the_admin() -> None:
    root = User.objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    place = "/admin/access/serviceaccount/"
    form = {
        "name": "nightly",
        "group": Group.objects.get(name="viewer").pk,
        "owner": root.pk,
        "description": "x",
    }
    assert client.post(f"{place}add/", form).status_code == 302
    account = service_accounts.named("nightly")
    assert "There is a user of that name" in client.post(f"{place}add/", form).content.decode()
    _token, clear = service_accounts.new_token("nightly", "shop", None)
    page = client.get(f"{place}{account.pk}/change/")
    assert page.status_code == 200
    assert clear not in page.content.decode()
    chosen = {"action": "end", "_selected_action": [account.pk]}
    assert client.post(place, chosen).status_code == 302
    assert status_with(clear) == 401
    assert "nightly" in client.get(place).content.decode()
    for events in ("serviceaccountevent", "apitokenevent"):
        page = client.get(f"/admin/access/{events}/").content.decode()
        assert "nightly" in page
        assert "root" in page


def test_the_admin_is_for_administrators(ada: dict[str, str]) -> None:
    user = member("cleo", "curator")
    user.is_staff = True
    user.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/access/serviceaccount/").status_code == 403


def test_tokens_of_people_are_not_among_them(ada: dict[str, str]) -> None:
    client_of("viewer")
    assert_problem(send("GET", "/ada", ada), 404, "not_found")
    assert_problem(send("GET", "/ada/tokens", ada), 404, "not_found")
