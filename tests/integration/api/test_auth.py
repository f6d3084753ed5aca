"""Logging in: JSON Web Tokens, API tokens over REST, and the same rights whichever way."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import orjson
import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from lakehouse_project.access import jwt
from lakehouse_project.access.models import ApiToken, JwtLogin
from lakehouse_project.api import v1
from lakehouse_project.auth import issue_token
from tests.integration.api.client import assert_problem, together

pytestmark = pytest.mark.django_db

AUTH = "/api/v1/auth"
USERS = "/api/v1/bronze/users"
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada() -> User:
    return person("ada", "curator")


def person(name: str, group: str) -> User:
    user = User.objects.create_user(name, password=PASSWORD)
    user.groups.add(Group.objects.get(name=group))
    return user


def post(path: str, body: Any = None, **options: Any) -> Any:
    client = Client(enforce_csrf_checks=True)
    return client.post(AUTH + path, orjson.dumps(body), "application/json", **options)


def log_in(name: str = "ada", password: str = PASSWORD, **options: Any) -> Any:
    return post("/jwt", {"username": name, "password": password}, **options)


def refresh(token: str) -> Any:
    return post("/jwt/refresh", {"refresh": token})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(name: str = "ada") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()}


def status_with(access: str) -> int:
    return Client().get(USERS, headers=bearer(access)).status_code


def test_a_pair_for_a_password(ada: User) -> None:
    answer = log_in()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    pair = answer.json()
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 900)
    assert status_with(pair["access"]) == 200
    ada.refresh_from_db()
    assert ada.last_login is not None


def test_wrong_logins_look_alike(ada: User) -> None:
    person("gone", "viewer")
    User.objects.filter(username="gone").update(is_active=False)
    known, unknown, inactive = log_in(password="x"), log_in("nobody"), log_in("gone")
    bodies = [
        assert_problem(answer, 401, "wrong_login") | {"instance": ""} for answer in (known, unknown, inactive)
    ]
    assert bodies[0] == bodies[1] == bodies[2]
    assert "Bearer" in known["WWW-Authenticate"]
    assert_problem(log_in("a\x00"), 401, "wrong_login")


def test_passwords_are_refused_in_clear_over_a_network(ada: User) -> None:
    assert_problem(log_in(REMOTE_ADDR="10.0.0.9"), 403, "unsafe_connection")
    assert log_in(REMOTE_ADDR="10.0.0.9", secure=True).status_code == 200


def test_too_many_wrong_passwords_lock_every_way(ada: User) -> None:
    for name in ("ada", "nobody"):
        for _ in range(5):
            answer = log_in(name, "x")
        assert_problem(answer, 429, "too_many_attempts")
    assert_problem(log_in(), 429, "too_many_attempts")
    assert_problem(Client().get(USERS, headers=basic()), 429, "too_many_attempts")


def test_a_login_forgets_wrong_passwords(ada: User) -> None:
    for _ in range(3):
        for _ in range(3):
            log_in(password="x")
        assert log_in().status_code == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "ada"}, {"username": 1, "password": "x"}, {"username": "a" * 151, "password": "x"}, []],
)
def test_a_login_that_is_none(body: Any) -> None:
    assert_problem(post("/jwt", body), 422, "invalid_request")


def test_each_refresh_token_is_good_once(ada: User) -> None:
    first = log_in().json()
    second = refresh(first["refresh"]).json()
    third = refresh(second["refresh"]).json()
    assert len({first["refresh"], second["refresh"], third["refresh"]}) == 3
    assert [status_with(pair["access"]) for pair in (first, second, third)] == [200, 200, 200]


def test_a_replayed_refresh_token_ends_its_login_alone(ada: User) -> None:
    stolen, other = log_in().json(), log_in().json()
    thief = refresh(stolen["refresh"]).json()
    assert "before" in assert_problem(refresh(stolen["refresh"]), 401, "invalid_token")["detail"]
    assert_problem(refresh(thief["refresh"]), 401, "invalid_token")
    assert [status_with(pair["access"]) for pair in (stolen, thief, other)] == [401, 401, 200]
    assert refresh(other["refresh"]).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_refreshes_at_once_one_gets_through(ada: User) -> None:
    token = log_in().json()["refresh"]
    answers = together(lambda: refresh(token), lambda: refresh(token))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    assert not JwtLogin.objects.exists()


def test_logging_out_ends_the_access_token_too(ada: User) -> None:
    pair = log_in().json()
    assert post("/jwt/revoke", {"refresh": pair["refresh"]}).status_code == 204
    assert status_with(pair["access"]) == 401
    assert_problem(refresh(pair["refresh"]), 401, "invalid_token")
    assert post("/jwt/revoke", {"refresh": pair["refresh"]}).status_code == 204
    assert_problem(post("/jwt/revoke", {"refresh": pair["access"]}), 401, "invalid_token")


def test_tokens_expire(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwt, "LIFETIMES", dict.fromkeys(jwt.LIFETIMES, timedelta(minutes=-1)))
    old = log_in().json()
    monkeypatch.undo()
    assert status_with(old["access"]) == 401
    assert_problem(refresh(old["refresh"]), 401, "invalid_token")
    assert log_in().status_code == 200
    assert JwtLogin.objects.count() == 1  # what has expired goes with the next login


def forged(pair: dict[str, str], key: Any = None, algorithm: str = "HS256", **changes: Any) -> str:
    """The access token with other claims; signed with our own key unless another is given."""
    claims = pyjwt.decode(pair["access"], options={"verify_signature": False}) | changes
    claims = {name: claim for name, claim in claims.items() if claim is not None}
    return pyjwt.encode(claims, jwt._key() if key is None else key, algorithm=algorithm)


FORGERIES: dict[str, Callable[[dict[str, str]], str]] = {
    "no signature": lambda pair: forged(pair, key="", algorithm="none"),
    "signature cut off": lambda pair: pair["access"].rpartition(".")[0] + ".",
    "another algorithm": lambda pair: forged(pair, algorithm="HS512", key=jwt._key() * 2),
    "another key": lambda pair: forged(pair, key="x" * 32),
    "the secret key itself": lambda pair: forged(pair, key=configured.SECRET_KEY),
    "the claims of another": lambda pair: ".".join(
        (pair["access"].split(".")[0], forged(pair, sub="1").split(".")[1], pair["access"].split(".")[2])
    ),
    "a refresh token": lambda pair: pair["refresh"],
    "no expiry": lambda pair: forged(pair, exp=None),
    "from tomorrow": lambda pair: forged(pair, iat=timezone.now() + timedelta(days=1)),
    "another user": lambda pair: forged(pair, sub=str(User.objects.create_superuser("root").pk)),
    "an id that is none": lambda pair: forged(pair, sid="1"),
    "nothing": lambda _: "..",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_forged_tokens(ada: User, forgery: Callable[[dict[str, str]], str]) -> None:
    pair = log_in().json()
    assert status_with(forged(pair)) == 200
    assert_problem(Client().get(USERS, headers=bearer(forgery(pair))), 401, "not_authenticated")


def test_who_is_deactivated_is_out_at_once(ada: User) -> None:
    pair = log_in().json()
    User.objects.update(is_active=False)
    assert status_with(pair["access"]) == 401
    assert_problem(refresh(pair["refresh"]), 401, "invalid_token")


def test_another_password_ends_every_login(ada: User) -> None:
    pair = log_in().json()
    ada.set_password("battery staple")
    ada.save()
    assert status_with(pair["access"]) == 401
    assert_problem(refresh(pair["refresh"]), 401, "invalid_token")


def test_nothing_stored_is_a_key(ada: User) -> None:
    pair = log_in().json()
    created = post("/tokens", {"name": "import"}, headers=basic()).json()
    stored = f"{list(JwtLogin.objects.values_list())} {list(ApiToken.objects.values_list())}"
    for secret in (pair["refresh"], pair["access"], created["token"], created["token"][15:], PASSWORD):
        assert secret not in stored


# --- API tokens -------------------------------------------------------------------------------------


def create(**body: Any) -> dict[str, Any]:
    answer = post("/tokens", {"name": "import"} | body, headers=basic())
    assert answer.status_code == 201, answer.content
    assert answer["Cache-Control"] == "no-store"
    created: dict[str, Any] = answer.json()
    return created


def test_an_api_token(ada: User) -> None:
    created = create()
    assert created["token"].startswith(created["token_key"])
    assert created["expiry"] is None
    headers = {"Authorization": f"Token {created.pop('token')}"}
    assert created["last_used_at"] is None
    [listed] = Client().get(f"{AUTH}/tokens", headers=headers).json()["items"]
    assert listed.pop("last_used_at") is not None
    created.pop("last_used_at")
    assert listed == created


def test_an_api_token_expires(ada: User) -> None:
    token = create(expires_in_days=30)
    assert status_with(token["token"]) == 200
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert status_with(token["token"]) == 401


def test_a_rotated_token(ada: User) -> None:
    old = create(expires_in_days=30)
    ApiToken.objects.update(
        created=timezone.now() - timedelta(days=29), expiry=timezone.now() + timedelta(days=1)
    )
    answer = post(f"/tokens/{old['id']}/rotate", headers=basic())
    new = answer.json()
    assert (new["id"], new["name"]) == (old["id"], old["name"])
    assert [status_with(token["token"]) for token in (old, new)] == [401, 200]
    assert ApiToken.objects.get().expiry > timezone.now() + timedelta(days=29)


def test_a_deleted_token(ada: User) -> None:
    token = create()
    assert Client().delete(f"{AUTH}/tokens/{token['id']}", headers=basic()).status_code == 204
    assert status_with(token["token"]) == 401
    assert_problem(Client().delete(f"{AUTH}/tokens/{token['id']}", headers=basic()), 404, "not_found")


def test_tokens_of_others_are_not_there(ada: User) -> None:
    person("eve", "admin")
    token = create()
    assert Client().get(f"{AUTH}/tokens", headers=basic("eve")).json() == {"items": [], "count": 0}
    assert_problem(post(f"/tokens/{token['id']}/rotate", headers=basic("eve")), 404, "not_found")
    assert_problem(Client().delete(f"{AUTH}/tokens/{token['id']}", headers=basic("eve")), 404, "not_found")
    assert status_with(token["token"]) == 200


def test_a_token_cannot_change_tokens(ada: User) -> None:
    token = create()
    for headers in (bearer(token["token"]), {"Authorization": f"Token {token['token']}"}):
        assert_problem(post("/tokens", {"name": "heir"}, headers=headers), 403, "forbidden")
        assert_problem(post(f"/tokens/{token['id']}/rotate", headers=headers), 403, "forbidden")
        assert_problem(Client().delete(f"{AUTH}/tokens/{token['id']}", headers=headers), 403, "forbidden")
    assert post("/tokens", {"name": "heir"}, headers=bearer(log_in().json()["access"])).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "a\x00"},
        {"name": "x" * 101},
        {"name": "a", "expires_in_days": 0},
        {"name": "a", "user": 1},
    ],
)
def test_a_token_that_cannot_be(ada: User, body: Any) -> None:
    assert_problem(post("/tokens", body, headers=basic()), 422, "invalid_request")
    assert_problem(post("/tokens?x=1", {"name": "a"}, headers=basic()), 400, "unknown_parameter")


def test_a_session_needs_its_csrf_token_to_make_a_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/login/")
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    body = {"name": "browser"}
    assert_problem(client.post(f"{AUTH}/tokens", body, "application/json"), 403, "csrf_failed")
    csrf = {"X-CSRFToken": client.cookies["csrftoken"].value}
    assert client.post(f"{AUTH}/tokens", body, "application/json", headers=csrf).status_code == 201


# --- the same rights whichever way ---------------------------------------------------------------------


def ways(name: str) -> dict[str, Client]:
    browser = Client()
    browser.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    token = issue_token(name)
    return {
        "session": browser,
        "basic": Client(headers=basic(name)),
        "token": Client(headers={"Authorization": f"Token {token}"}),
        "bearer": Client(headers=bearer(token)),
        "jwt": Client(headers=bearer(log_in(name).json()["access"])),
    }


@pytest.mark.parametrize(("group", "expected"), [("viewer", [200, 403, 403]), ("curator", [200, 422, 404])])
def test_rights_do_not_depend_on_the_way(group: str, expected: list[int]) -> None:
    person("grace", group)
    answers = {
        way: [
            client.get(USERS).status_code,
            client.post(USERS, {}, "application/json").status_code,
            client.delete(f"{USERS}/nobody").status_code,
        ]
        for way, client in ways("grace").items()
    }
    assert answers == dict.fromkeys(answers, expected)


def test_changes_by_jwt_name_their_user(ada: User) -> None:
    from pghistory.models import Context  # noqa: PLC0415  its models need the apps

    from tests.unit.bronze.samples import valid_row  # noqa: PLC0415

    headers = bearer(log_in().json()["access"])
    row = valid_row("users")
    assert Client().post(USERS, row, "application/json", headers=headers).status_code == 201
    changed = Client().patch(
        f"{USERS}/{row['user_id']}", {"city": "Bonn"}, "application/json", headers=headers
    )
    assert changed.status_code == 200, changed.content
    assert Context.objects.filter(metadata__user=ada.pk).exists()


def test_the_description_knows_every_way() -> None:
    document = v1.get_openapi_schema()
    schemes = document["components"]["securitySchemes"]
    assert schemes["JwtAuth"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    assert schemes["BasicAuth"] == {"type": "http", "scheme": "basic"}
    assert set(schemes) == {"TokenAuth", "JwtAuth", "BasicAuth", "LoggedInSession"}
    assert {name for way in document["security"] for name in way} == set(schemes)
    assert "security" not in document["paths"]["/api/v1/auth/tokens"]["get"]
    assert document["paths"]["/api/v1/auth/jwt"]["post"]["security"] == []
