"""Requests that follow on each other, made of the links of the OpenAPI document by schemathesis: what was created is read,
changed, deleted and brought back, what was begun is looked after, and no answer is one that the document does not allow.

The same each time; `FUZZING_SCENARIOS=500 make test ARGS="tests/openapi -n 0"` tries more of them, and others.
"""

import os
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.stateful.state_machine import normalize_name
from schemathesis.specs.openapi.checks import ensure_resource_availability, use_after_free

from lakehouse_project.access import jwt
from tests.accounts import member
from tests.openapi.checks import CHECKS, is_switched_off
from tests.openapi.samples import apis

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FEW = 7
SCENARIOS = int(os.environ.get("FUZZING_SCENARIOS", FEW))
STEPS = 16
JSON = "application/json"
KEPT = re.compile(r"/documents/|/restriction|/service-accounts/")
"""What has been deleted and is still told of: as deleted, as open to all, or as ended."""
OURS = {"phases": {"stateful": {"inference": {"algorithms": []}}}, "generation": {"mode": "positive"}}
"""The links of the document alone, and not what may be guessed of its names."""
TRIED = re.compile(
    r"/api/v\d/(auth/(tokens|service-accounts)|bronze/(users|datasets|files|documents)|operations|exports|lake/queries)(/|$)"
)
"""Of what is served by the same functions, such as all contracts, some."""


@dataclass
class Seen:
    """What was answered, and what of it was wrong, by operation."""

    headers: dict[str, str]
    answers: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    def checks(self, case: Any) -> list[Any]:
        of_all = [*CHECKS, ensure_resource_availability]
        return of_all if KEPT.search(case.operation.path) else [*of_all, use_after_free]

    def judge(self, response: Any, case: Any, recorder: Any) -> None:
        label = case.operation.label
        self.answers[f"{label} {response.status_code}"] += 1
        if response.status_code < 500:
            try:
                case.validate_response(response, checks=self.checks(case), recorder=recorder)
            except FailureGroup as group:
                self.faults.setdefault(label, "\n".join(f"{error!s:.1500}" for error in group.exceptions))
        elif not is_switched_off(response):
            self.faults.setdefault(label, f"{case.as_curl_command()} {response.text[:500]}")


def scenarios(schema: Any, seen: Seen) -> Any:
    """The class whose instances are scenarios, each of which is forgotten at its end."""
    machine: Any = schema.as_state_machine()

    class Scenario(machine):  # type: ignore[misc]
        def setup(self) -> None:
            self.point = transaction.savepoint()

        def teardown(self) -> None:
            transaction.savepoint_rollback(self.point)

        def before_call(self, case: Any) -> None:
            mend(case)

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": seen.headers}

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            seen.judge(response, case, self.recorder)

    for label in machine._root_labels:
        if "{" in label:  # an address with a part that only an answer tells
            setattr(Scenario, normalize_name(f"RANDOM -> {label}"), None)
    return Scenario


def mend(case: Any) -> None:
    """Make most requests right, so that something follows on them; the same of them each time."""
    number = crc32(f"{case.operation.label} {case.query!r} {case.body!r}".encode(errors="replace"))
    if number % 5:
        case.query = {}
    media = case.operation.definition.raw.get("requestBody", {}).get("content", {}).get(JSON, {})
    if "example" in media and number % 4:
        case.body = new(media["example"], number)


def new(example: Any, number: int) -> Any:
    """An example with another key: that one may be there already."""
    if not isinstance(example, dict):
        return example
    fresh = {name: type(example[name])(number % 10**6) for name in ("user_id", "id") if name in example}
    named = {"name": f"{example['name']}_{number}"} if {"name", "key_fields"} <= example.keys() else {}
    return {**example, **fresh, **named}


@pytest.mark.parametrize("version", list(apis()))
def test_what_follows_on_an_answer(version: str, known: Any, server: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    seen = Seen({"Authorization": f"Bearer {jwt.new_login(member('fuzzer', 'admin')).access}"})
    schema = schemathesis.openapi.from_wsgi(
        f"/api/{version}/openapi.json",
        server,
        headers=seen.headers,
        config=schemathesis.Config.from_dict(OURS),
    )
    random.seed(0)
    scenarios(schema.include(path_regex=TRIED.pattern), seen).run(settings=bounds())
    assert not seen.faults, "\n\n".join(f"{label}\n{text}" for label, text in seen.faults.items())
    assert sum(seen.answers.values()) > SCENARIOS * STEPS / 2, seen.answers


def bounds() -> settings:
    return settings(
        max_examples=SCENARIOS,
        stateful_step_count=STEPS,
        derandomize=SCENARIOS == FEW,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
