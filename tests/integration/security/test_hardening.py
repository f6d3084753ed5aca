"""What attackers try first: headers, cookies, guesses at users, secrets in logs, injection, addresses, sizes."""

import base64
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from lakehouse_project.access import jwt
from lakehouse_project.settings import PASSWORD_HASHERS
from tests.accounts import member
from tests.integration.api.client import Api, assert_problem, client_of
from tests.openapi.samples import Operation, apis, operations
from tests.unit.bronze.samples import valid_row

pytestmark = pytest.mark.django_db

PASSWORD = "Zx-correct-horse-9"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def root(quick: None) -> Client:
    """An administrator in a browser."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root", password=PASSWORD), backend=BACKEND)
    return client


# --- headers ------------------------------------------------------------------------------------------------------

ANSWERS: dict[str, Callable[[Client], Any]] = {
    "page": lambda client: client.get("/"),
    "login": lambda _: Client().get("/login/"),
    "admin": lambda client: client.get("/admin/"),
    "admin list": lambda client: client.get("/admin/bronze/rawrecord/"),
    "not found": lambda client: client.get("/nothing"),
    "redirect": lambda _: Client().get("/"),
    "health": lambda _: Client().get("/healthz"),
    "api": lambda client: client.get("/api/v1/bronze/datasets"),
    "api docs": lambda client: client.get("/api/v1/docs"),
    "api document": lambda client: client.get("/api/v1/openapi.json"),
    "api error": lambda _: Client().get("/api/v1/bronze/datasets"),
    "csv": lambda client: client.get("/api/v1/gold/people/city-payroll?format=csv"),
    "csrf": lambda client: client.post("/login/", {}),
    "wrong host": lambda _: Client().get("/api/v1/bronze/datasets", headers={"Host": "evil.example"}),
    "no length": lambda client: client.post("/", headers={"Transfer-Encoding": "chunked"}, CONTENT_LENGTH=""),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_has_the_headers(root: Client, kind: str) -> None:
    answer = ANSWERS[kind](root)
    policy = {part.split()[0]: part.split()[1:] for part in answer["Content-Security-Policy"].split(";")}
    assert policy["frame-ancestors"] == ["'none'"]
    assert "'unsafe-inline'" not in policy.get("script-src", policy["default-src"])
    assert not any("http" in source or source == "*" for sources in policy.values() for source in sources)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in answer
    assert "Strict-Transport-Security" not in answer


def test_no_other_origin_may_read_the_api() -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = Client().options("/api/v1/bronze/datasets", headers=asked)
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_behind_tls(settings: Any, root: Client) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    form = {"username": "root", "password": PASSWORD}
    answer = client.post("/login/", form, headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 302
    assert "max-age=31536000" in answer["Strict-Transport-Security"]
    session, csrf = client.cookies["sessionid"], client.cookies["csrftoken"]
    assert all(cookie["secure"] and cookie["samesite"] == "Lax" for cookie in (session, csrf))
    assert session["httponly"]


@pytest.mark.parametrize(
    "page", ["/", "/login/", "/admin/", "/admin/bronze/rawrecord/quarantine/", "/search/"]
)
def test_no_page_has_a_script_within_it(root: Client, page: str) -> None:
    """Which the policy would not let run."""
    html = root.get(page, follow=True).content.decode()
    for tag in html.split("<script")[1:]:
        head = tag.partition(">")[0]
        assert "src=" in head or "application/json" in head, tag[:200]
    for handler in (" onclick=", " onchange=", " onload=", " onsubmit=", "javascript:"):
        assert handler not in html


# --- who exists ---------------------------------------------------------------------------------------------------


def tries(name: str) -> dict[str, Any]:
    """A wrong password by every way in."""
    form = {"username": name, "password": "wrong"}
    basic = base64.b64encode(f"{name}:wrong".encode()).decode()
    return {
        "form": Client().post("/login/", form),
        "admin": Client().post("/admin/login/", form),
        "basic": Client().get("/api/v1/bronze/datasets", headers={"Authorization": f"Basic {basic}"}),
        "jwt": Client().post("/api/v1/auth/jwt", form, "application/json"),
    }


def seen(answer: Any, name: str) -> tuple[int, str]:
    text = answer.content.decode().replace(name, "NAME")
    lines = [line for line in text.splitlines() if "csrf" not in line.lower()]
    return answer.status_code, "\n".join(lines).partition('"instance"')[0]


def test_no_answer_tells_who_exists(quick: None) -> None:
    User.objects.create_user("someone", password=PASSWORD)
    User.objects.create_user("retired", password=PASSWORD, is_active=False)
    answers = {name: tries(name) for name in ("someone", "retired", "nobody0")}
    for way in ("form", "admin", "basic", "jwt"):
        known, gone, unknown = (seen(every[way], name) for name, every in answers.items())
        assert known == gone == unknown, way


def test_no_answer_takes_longer_for_who_exists(settings: Any) -> None:
    """With the hasher of the product: half a second of it would be seen through any noise."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    User.objects.create_user("someone", password=PASSWORD)
    took: dict[str, list[float]] = {"someone": [], "nobody": []}
    for _ in range(2):
        for name, times in took.items():
            started = time.process_time()
            Client().post("/api/v1/auth/jwt", {"username": name, "password": "x"}, "application/json")
            times.append(time.process_time() - started)
    known, unknown = (statistics.fmean(times) for times in took.values())
    assert 0.5 < known / unknown < 2


def test_every_way_in_counts_towards_the_same_lock(quick: None) -> None:
    User.objects.create_user("someone", password=PASSWORD)
    assert [answer.status_code for answer in tries("someone").values()] == [200, 200, 401, 401]
    last = tries("someone")
    assert {answer.status_code for answer in last.values()} == {429}
    assert all(int(answer["Retry-After"]) == 900 for answer in last.values())
    right = {"username": "someone", "password": PASSWORD}
    assert Client().post("/login/", right).status_code == 429
    assert (
        Client().post("/login/", right, REMOTE_ADDR="10.0.0.9").status_code == 302
    )  # its owner elsewhere gets in


# --- logs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_log_has_a_secret(quick: None, capfd: Any, caplog: Any, level: str) -> None:
    caplog.set_level(level)
    user = member("ada", "admin")
    user.set_password(PASSWORD)
    user.save()
    pair = jwt.new_login(user)
    api = client_of("admin")
    token = api.headers["Authorization"].split()[1]
    browser = Client()
    secrets = [PASSWORD, pair.access, pair.refresh, token, "Zx-wrong-1", "Zx-4111-9", "Zx-who@example.org"]
    browser.post("/login/", {"username": "ada", "password": PASSWORD})
    secrets += [browser.cookies["sessionid"].value, browser.cookies["csrftoken"].value]
    browser.get("/")
    Client().post("/login/", {"username": "ada", "password": "Zx-wrong-1"})
    for password in (PASSWORD, "Zx-wrong-1"):
        body = {"username": "ada", "password": password}
        Client().post("/api/v1/auth/jwt", body, "application/json")
        coded = base64.b64encode(f"ada:{password}".encode()).decode()
        secrets.append(coded)
        Client().get("/api/v1/bronze/users", headers={"Authorization": f"Basic {coded}"})
    Client().post("/api/v1/auth/jwt/refresh", {"refresh": pair.refresh}, "application/json")
    Client().post("/api/v1/auth/jwt/refresh", {"refresh": pair.refresh}, "application/json")
    Client().get("/api/v1/bronze/users", headers={"Authorization": f"Bearer {pair.access}"})
    api.get("/users", email="Zx-who@example.org", nothing="1")
    api.post("/user_bank_info", {**valid_row("user_bank_info"), "account_number": "Zx-4111-9"})
    logged = capfd.readouterr()
    everything = logged.out + logged.err + caplog.text
    assert "request_finished" in everything
    assert [secret for secret in secrets if secret in everything] == []


# --- injection ----------------------------------------------------------------------------------------------------

ATTACKS = (
    "'",
    "'; DROP TABLE bronze_rawrecord; --",
    "1 OR 1=1",
    "%' OR '1'='1",
    "\\",
    '"; SELECT pg_sleep(5); --',
    "-(SELECT 1)",
    "effective__password",
    "dataset__groups__name",
    "{{7*7}}",
    "%s%n%(x)s",
    "a:=b && c:>1 || `d`",
    "\x00",
    "\ud800",
    "é" * 3000,
)


def readable() -> Iterator[Operation]:
    for api in apis().values():
        for operation in operations(api):
            if operation.method == "GET" and not (
                "/bronze/" in operation.path and operation.id.endswith(SAME)
            ):
                yield operation


SAME = (
    "_departments",
    "_jobs",
    "_products",
    "_events",
    "_exchange_rates",
    "_order_lines",
    "_hired_employees",
)
"""Served by the same functions as users."""


def test_no_parameter_reaches_the_database_as_sql(root: Client) -> None:
    """Every parameter of every route that reads, and those that all lists have, with what breaks a query put together."""
    api = client_of("admin")
    api.post("/users", valid_row("users"))
    failed = []
    for number, operation in enumerate(readable()):
        names = [each["name"] for each in operation.spec.get("parameters", ()) if each["in"] == "query"]
        for place, name in enumerate([*names, "ordering", "fields", "q"]):
            attack = ATTACKS[(number + place) % len(ATTACKS)].encode("utf-8", "surrogatepass")
            address = operation.address().partition("?")[0]
            answer = api.client.get(address, {name: attack}, headers=api.headers)
            if answer.status_code >= 500 and answer.json()["code"] != "not_configured":
                failed.append((operation.id, name, attack[:40], answer.status_code))
    assert not failed
    assert api.get("/users").json()["count"] == 1


@pytest.mark.parametrize("attack", ATTACKS[:-2])
def test_an_attack_is_only_a_text(attack: str) -> None:
    api = client_of("admin")
    api.post("/users", valid_row("users"))
    for query in ({"city": attack}, {"city__contains": attack}, {"city__in": f'"{attack}"'}):
        answer = api.get("/users", **query)
        assert answer.status_code in (200, 422)
        assert answer.status_code == 422 or answer.json()["count"] == 0
    for name in ("ordering", "fields"):
        assert api.get("/users", **{name: attack}).status_code in (400, 422)
    found = api.client.get("/api/v1/search", {"q": "x", "city": attack}, headers=api.headers)
    assert found.status_code in (200, 422)


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "\thttps://evil"],
)
def test_the_login_leads_nowhere_else(root: Client, target: str) -> None:
    for path in ("/login/", "/admin/login/"):
        form = {"username": "root", "password": PASSWORD, "next": target}
        answer = Client().post(path, form)
        assert answer.status_code == 302
        assert answer["Location"] in ("/", "/admin/")


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_no_address_is_made_of_what_the_sender_calls_us(header: str) -> None:
    answer = Client().get("/", headers={header: "evil.example"})
    assert "evil.example" not in answer.content.decode()
    assert "evil.example" not in answer.get("Location", "")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.csv", "..\\..\\x.csv", "/etc/x.csv", "a\x00b.csv", "-rf.csv", "." * 300]
)
def test_a_file_name_is_only_a_name(name: str, settings: Any) -> None:
    before = {
        path for path in settings.LAKEHOUSE_HOME.parent.glob("*") if path.name.startswith(("etc", "passwd"))
    }
    api = client_of("engineer")
    answer = api.client.post(
        "/api/v1/bronze/files",
        b"id,department\n1,Sales\n",
        "application/octet-stream",
        query_params={"name": name, "dataset": "departments"},
        headers=api.headers,
    )
    assert answer.status_code in (202, 422)
    if answer.status_code == 202:
        [file] = answer.json()["items"]
        content = api.get(f"/files/{file['id']}/original")
        assert b"".join(content.streaming_content) == b"id,department\n1,Sales\n"
        assert "\n" not in content["Content-Disposition"]
    after = {
        path for path in settings.LAKEHOUSE_HOME.parent.glob("*") if path.name.startswith(("etc", "passwd"))
    }
    assert after == before


@pytest.mark.parametrize("key", ["..", "../../x", "%2e%2e%2f", "a/../b", "x\r\nSet-Cookie: a=b", "/"])
def test_a_key_is_only_a_key(key: str) -> None:
    api = client_of("curator")
    about = {"name": "things", "title": "Things", "key_fields": ["id"]}
    assert api.post("/datasets", about).status_code == 201
    made = api.post("/datasets/things/records", {"id": key, "note": "x"})
    assert made.status_code in (201, 422)
    if made.status_code == 201:
        assert "\n" not in made["Location"]
        found = api.client.get(made["Location"], headers=api.headers)
        assert found.status_code in (200, 404)
        assert found.status_code == 404 or found.json()["id"] == key.strip()


# --- sizes --------------------------------------------------------------------------------------------------------

DEEP = 100_000


def test_a_body_that_is_nested_deeply_is_refused_quickly() -> None:
    api = client_of("admin")
    body = b'{"x":' * DEEP + b"1" + b"}" * DEEP
    for each in operations(apis()["v1"]):
        content = each.spec.get("requestBody", {}).get("content", {})
        if "application/json" in content and not each.id.endswith(SAME):
            started = time.process_time()
            answer = api.client.generic(
                each.method, each.address(), body, "application/json", headers=api.headers
            )
            assert answer.status_code in (400, 401, 404, 422), (each.id, answer.content[:300])
            assert time.process_time() - started < 3, each.id


def test_a_body_that_is_too_large_is_refused(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    api: Api = client_of("curator")
    assert_problem(api.post("/departments", {"id": "1", "department": "x" * 2000}), 413, "body_too_large")
