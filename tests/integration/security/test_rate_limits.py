"""Rate limits: how many requests of whom, what the answers say, and what happens without Valkey."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from redis import Redis

from lakehouse_project import doctor, ratelimits
from lakehouse_project.access import jwt
from lakehouse_project.env import env
from lakehouse_project.ratelimits import Counter, Window
from tests.accounts import member
from tests.integration.api.client import assert_problem, client_of

pytestmark = pytest.mark.django_db

DATASETS = "/api/v1/bronze/datasets"


@pytest.fixture(autouse=True)
def _limits(settings: Any) -> Iterator[None]:
    """Small ones, and nothing counted yet."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RATE_LIMITS = {"reads": 3, "writes": 2, "failed_logins": 4}
    counter = ratelimits.counter
    counter.cache_clear()
    server = Redis.from_url(env().broker())
    for key in server.scan_iter("lakehouse:requests:*"):
        server.delete(key)
    yield
    counter.cache_clear()


def standing(response: Any) -> tuple[str, int, int]:
    """(policy, quota, remaining) of an answer."""
    policy = re.fullmatch(r'"(\w+)";q=(\d+);w=60', response["RateLimit-Policy"])
    now = re.fullmatch(r'"(\w+)";r=(\d+);t=(\d+)', response["RateLimit"])
    assert policy
    assert now
    assert policy[1] == now[1]
    assert 0 <= int(now[3]) <= 60
    return policy[1], int(policy[2]), int(now[2])


def test_a_user_has_so_many_requests_a_minute() -> None:
    viewer, other = client_of("viewer"), client_of("viewer")
    answers = [viewer.get("/datasets") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert [standing(answer) for answer in answers] == [("reads", 3, left) for left in (2, 1, 0, 0, 0)]
    assert_problem(answers[3], 429, "rate_limited")
    assert 1 <= int(answers[3]["Retry-After"]) <= 60
    assert other.get("/datasets").status_code == 200


def test_writes_have_a_limit_of_their_own_and_what_is_refused_does_nothing() -> None:
    curator = client_of("curator")
    rows = [{"id": str(number), "department": "Sales"} for number in range(3)]
    answers = [curator.post("/departments", row) for row in rows]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert standing(answers[0]) == ("writes", 2, 1)
    assert curator.get("/departments").json()["count"] == 2


def test_graphql_is_limited_like_rest() -> None:
    curator = client_of("curator")
    body = {"query": "{ __typename }"}
    answers = [
        curator.client.post("/graphql/", body, "application/json", headers=curator.headers) for _ in range(3)
    ]
    assert [standing(answer) for answer in answers] == [("writes", 2, left) for left in (1, 0, 0)]
    assert_problem(answers[2], 429, "rate_limited")
    assert curator.post("/departments", {"id": "1", "department": "Sales"}).status_code == 429
    strangers = [Client().post("/graphql/", body, "application/json") for _ in range(3)]
    assert [answer.status_code for answer in strangers] == [401, 401, 429]


def test_every_way_to_log_in_counts_for_the_same_user() -> None:
    user = member("ada")
    session = Client()
    session.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    bearer = {"Authorization": f"Bearer {jwt.new_login(user).access}"}
    assert standing(session.get(DATASETS)) == ("reads", 3, 2)
    assert standing(Client().get(DATASETS, headers=bearer)) == ("reads", 3, 1)


@pytest.mark.parametrize("path", [DATASETS, "/api/v1/nothing", "/api/v1/docs"])
def test_without_a_login_the_address_is_counted(path: str) -> None:
    answers = [Client().get(path, REMOTE_ADDR="10.0.0.1") for _ in range(4)]
    assert standing(answers[0]) == ("reads", 3, 2)
    assert answers[2].status_code != 429
    assert_problem(answers[3], 429, "rate_limited")
    assert Client().get(path, REMOTE_ADDR="10.0.0.2").status_code != 429
    assert client_of("viewer").get("/datasets").status_code == 200


def test_behind_a_proxy_the_address_is_what_the_proxy_says(settings: Any) -> None:
    claimed = {"X-Forwarded-For": "1.1.1.1, 10.0.0.7"}
    assert standing(Client().get(DATASETS, headers=claimed))[2] == 2
    assert (
        standing(Client().get(DATASETS, headers={"X-Forwarded-For": "2.2.2.2"}))[2] == 1
    )  # anybody can say so
    settings.BEHIND_TLS = True
    secure = {"secure": True}
    assert standing(Client().get(DATASETS, headers=claimed, **secure))[2] == 2
    assert (
        standing(Client().get(DATASETS, headers={"X-Forwarded-For": "9.9.9.9, 10.0.0.7"}, **secure))[2] == 1
    )


def test_requests_at_the_same_time_are_all_counted() -> None:
    counter = Counter(env().broker())
    with ThreadPoolExecutor(8) as pool:
        taken = [pool.submit(counter.count, "reads", "together") for _ in range(40)]
    assert sum(not found.result().is_over for found in taken) == 3  # type: ignore[union-attr]


def test_one_round_trip() -> None:
    counter = Counter(env().broker())
    counter.count("reads", "first")
    server = Redis.from_url(env().broker())
    before = server.info("commandstats")
    counter.count("reads", "second")
    after = server.info("commandstats")
    calls = {name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"] for name in after}
    assert calls["cmdstat_evalsha"] == 2  # in one pipeline
    assert not {"cmdstat_eval", "cmdstat_script|exists", "cmdstat_script|load"} & {
        name for name, number in calls.items() if number
    }


def test_a_server_that_was_started_anew_learns_the_scripts() -> None:
    counter = Counter(env().broker())
    Redis.from_url(env().broker()).script_flush()
    assert counter.count("reads", "anew") is not None


def test_without_valkey_nobody_is_refused(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{free.getsockname()[1]}/0"
    down = Counter(address)
    monkeypatch.setattr(ratelimits, "counter", lambda: down)
    monkeypatch.setattr(ratelimits, "REST_SECONDS", 600)
    monkeypatch.setattr(doctor, "counter", lambda: down)
    answers = [client_of("viewer").get("/datasets") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit" not in answers[0]
    assert capfd.readouterr().err.count("rate_limits_off") == 1
    [told] = [found for found in doctor.examine() if found.name == "rate limits"]
    assert not told.is_healthy


def test_wrong_passwords_of_many_names_from_one_address() -> None:
    User.objects.create_user("ada", password="correct horse")
    login = {"username": "x", "password": "x"}
    for number in range(4):
        form = {**login, "username": f"guess-{number}"}
        answer = Client().post("/login/", form, REMOTE_ADDR="10.0.0.1")
        assert answer.status_code == 200
    right = {"username": "ada", "password": "correct horse"}
    for path in ("/login/", "/admin/login/"):
        page = Client().post(path, right, REMOTE_ADDR="10.0.0.1")
        assert page.status_code == 429
        assert 1 <= int(page["Retry-After"]) <= 60
        assert "Too many wrong passwords" in page.content.decode()
    assert Client().post("/login/", right, REMOTE_ADDR="10.0.0.2").status_code == 302


@pytest.mark.parametrize(
    ("window", "quota", "wait"),
    [
        (Window(0, 0, 10, 90), 10, 30),  # ten in the first half of this minute: when it is over
        (Window(10, 30, 5, 90), 10, 1),  # five of the ten before weigh still: any moment now
        (Window(60, 60, 0, 120), 30, 30),  # twice as many as now are allowed: when half of them have gone
    ],
)
def test_how_long_to_wait(window: Window, quota: int, wait: int) -> None:
    assert window.wait(quota) == wait
