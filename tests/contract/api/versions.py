"""What the contract tests know of a version: where it is, how its lists go on, what its batches do by themselves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from django.contrib.auth.models import Group, User
from django.test import Client

from lakehouse_project.auth import issue_token


def numbered(client: "VersionClient", path: str, size: int, query: dict[str, Any]) -> Iterator[Any]:
    """The pages of version 1."""
    number = 1
    while True:
        page = client.get(path, **query, page=number, page_size=size)
        assert page.status_code == 200, page.content
        yield page
        if number * size >= page.json()["count"]:
            return
        number += 1


def linked(client: "VersionClient", path: str, size: int, query: dict[str, Any]) -> Iterator[Any]:
    """The slices of version 2, by `next` as it is."""
    part = client.get(path, **query, limit=size)
    while True:
        assert part.status_code == 200, part.content
        yield part
        if (following := part.json()["next"]) is None:
            assert "Link" not in part
            return
        assert part["Link"] == f'<{following}>; rel="next"'
        part = client.at(following)


@dataclass(frozen=True)
class Version:
    """One version of the API."""

    name: str
    parts: Callable[..., Iterator[Any]]
    mode: str
    """What becomes of a batch unless it says."""
    must_say_revision: bool


VERSIONS = (
    Version("v1", numbered, mode="atomic", must_say_revision=False),
    Version("v2", linked, mode="partial", must_say_revision=True),
)


@dataclass
class VersionClient:
    """Requests below one version, by a user of their own."""

    version: Version
    user: User
    headers: dict[str, str]
    client: Client

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(self.address(path), query, headers=self.headers)

    def at(self, address: str) -> Any:
        return self.client.get(address, headers=self.headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body`: bytes as they are, everything else as JSON."""
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        kind = headers.pop("Content-Type", "application/json")
        return self.client.generic(method, self.address(path), data, kind, headers=self.headers | headers)

    def write(self, method: str, path: str, body: Any = b"") -> Any:
        """Of whatever revision; both versions take it."""
        return self.send(method, path, body, **{"If-Match": "*"})

    def items(self, path: str, size: int = 1000, **query: Any) -> list[Any]:
        """All items of a list, part by part."""
        return [item for part in self.version.parts(self, path, size, query) for item in part.json()["items"]]

    def address(self, path: str) -> str:
        return f"/api/{self.version.name}{path}"


def client_of(version: Version, group: str | None) -> VersionClient:
    """A client of a new user, in the group if one is given."""
    user = User.objects.create_user(f"{group}-{User.objects.count()}")
    if group is not None:
        user.groups.add(Group.objects.get(name=group))
    headers = {"Authorization": f"Token {issue_token(user.username)}"}
    return VersionClient(version, user, headers, Client(enforce_csrf_checks=True))
