"""A client of the REST API with a login, and what every answer of an error must look like."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client

from lakehouse_project.auth import issue_token

BRONZE = "/api/v1/bronze"


@dataclass
class Api:
    """Sends requests below `/api/v1/bronze`. CSRF is enforced, as outside of tests."""

    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(BRONZE + path, query, headers=self.headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body`: bytes as they are, everything else as JSON."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.client.generic(
            method, BRONZE + path, data, "application/json", headers=self.headers | headers
        )

    def post(self, path: str, body: Any) -> Any:
        return self.send("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path, b"")

    def upload(self, **form: Any) -> Any:
        return self.client.post(f"{BRONZE}/files", form, headers=self.headers)


def client_of(group: str | None) -> Api:
    """A client of a new user, in the group if one is given."""
    user = User.objects.create_user(f"{group}-{uuid.uuid4().hex[:8]}")
    if group is not None:
        user.groups.add(Group.objects.get(name=group))
    return Api({"Authorization": f"Token {issue_token(user.username)}"})


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Every error is problem+json (RFC 9457); returns its body."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code), body
    assert body["type"] == f"urn:lakehouse:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == f"urn:uuid:{response['X-Request-ID']}"
    return body


def rules(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(field, rule) of the errors of a problem."""
    return [(error["field"], error["code"]) for error in body["errors"]]


def at(key: str) -> str:
    """A key as the last part of an address."""
    return quote(key, safe="")


def together(*calls: Callable[[], Any]) -> list[Any]:
    """The results of calls at the same time, each with a connection of its own."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]
