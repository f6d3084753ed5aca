"""The authorization matrix: every operation of every version, without a login and as a member of each group."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from bronze.contracts import CONTRACTS
from lakehouse_project.access import jwt
from lakehouse_project.auth import GROUPS
from tests.accounts import member
from tests.openapi.samples import Operation, apis, operations

pytestmark = pytest.mark.django_db

MATRIX = tomllib.loads(Path(__file__).with_name("authorization.toml").read_text())
AUDIENCES: Mapping[str, list[str]] = MATRIX["audiences"]
RESOURCES = (*CONTRACTS, "of_dataset")
VERSIONS = tuple(apis())


def rows() -> list[tuple[str, str]]:
    """(operation, audience) of all lists, as they stand in the file."""
    return [(row, audience) for audience, listed in MATRIX["operations"].items() for row in listed]


def meant(row: str) -> list[str]:
    """The operations that a row stands for."""
    return [row.replace("{resource}", name) for name in (RESOURCES if "{resource}" in row else ("",))]


def is_right(answer: Any, *, group: str, audience: str) -> bool:
    if group in AUDIENCES[audience]:
        return (answer.status_code < 500 and answer.status_code != 403 and not is_unknown(answer)) or is_off(
            answer
        )
    if group == "anonymous":
        return is_unknown(answer) and "Token" in answer["WWW-Authenticate"]
    return answer.status_code == 403 and answer.json()["code"] == "forbidden"


def is_unknown(answer: Any) -> bool:
    """Refused for want of a login; the login itself answers 401 to a wrong password, too."""
    return answer.status_code == 401 and answer.json()["code"] == "not_authenticated"


def is_off(answer: Any) -> bool:
    """Permitted, and not set up here: the search server, a source of rates."""
    return answer.status_code == 503 and answer.json()["code"] == "not_configured"


def asked(version: str, group: str) -> Iterable[tuple[Operation, str]]:
    """All operations without a login; of those that a row stands for one as a member, another one for each group."""
    known = {operation.id: operation for operation in operations(apis()[version])}
    turn = cycle(range(len(RESOURCES)))
    first = list(GROUPS).index(group) if group in GROUPS else 0
    for row, audience in rows():
        stands_for = meant(row)
        chosen = stands_for if group == "anonymous" else [stands_for[(first + next(turn)) % len(stands_for)]]
        yield from ((known[name], audience) for name in chosen)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_operation_is_listed_once(version: str) -> None:
    listed = Counter(name for row, _audience in rows() for name in meant(row))
    documented = {operation.id for operation in operations(apis()[version])}
    assert not documented - listed.keys(), "list them in authorization.toml, under who may call them"
    assert not listed.keys() - documented, "these are gone: take them out of authorization.toml"
    assert not [name for name, count in listed.items() if count > 1]


@pytest.mark.parametrize("group", ["anonymous", *GROUPS])
@pytest.mark.parametrize("version", VERSIONS)
def test_who_may_call_what(version: str, group: str, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    headers = {}
    if group != "anonymous":
        headers["Authorization"] = f"Bearer {jwt.new_login(member(group, group)).access}"
    client, wrong = Client(enforce_csrf_checks=True), []
    for operation, audience in asked(version, group):
        point = transaction.savepoint()
        answer = operation.send(client, headers)
        transaction.savepoint_rollback(point)
        if not is_right(answer, group=group, audience=audience):
            wrong.append((operation.id, audience, answer.status_code, answer.content[:200]))
    assert not wrong
