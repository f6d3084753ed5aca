"""Requests that nobody would write, made of the OpenAPI document by schemathesis: no failure of the server, and no answer
that the document does not allow.

The same requests each time; `FUZZING_EXAMPLES=200 make test ARGS="tests/openapi -n 0"` makes more, and others.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.failures import FailureGroup

from bronze.contracts import CONTRACTS
from silver.star import STAR
from tests.integration.api.client import client_of
from tests.openapi.checks import CHECKS, is_switched_off
from tests.openapi.samples import apis

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


FEW = 2
EXAMPLES = int(os.environ.get("FUZZING_EXAMPLES", FEW))
OTHERS = {
    "bronze": {*CONTRACTS} - {"users"},
    "silver": {table.slug for table in STAR} - {"users", "order-lines"},
    "gold": {"sales"},
}
"""Layer -> parts that are served by the same functions as those that are tried; tried with many examples only."""


def is_tried(path: str) -> bool:
    layer, _, rest = path.removeprefix("/api/").partition("/")[2].partition("/")
    return EXAMPLES != FEW or rest.partition("/")[0] not in OTHERS.get(layer, ())


def tried(call: Callable[[Any, bool], None], operation: Any, mode: Any) -> None:
    """Call it with as many cases as wanted, each with and without parameters that name something."""
    every = operation.as_strategy(generation_mode=mode)
    setup = settings(
        max_examples=EXAMPLES,
        derandomize=EXAMPLES == FEW,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    setup(given(case=every, is_named=st.booleans())(call))()


def faults(operation: Any, mode: Any, known: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[str]:
    found: list[str] = []

    def ask(case: Any, is_named: bool) -> None:
        if is_named and case.path_parameters:
            case.path_parameters = {
                **case.path_parameters,
                **{n: known[n] for n in case.path_parameters if n in known},
            }
        point = transaction.savepoint()
        answer = case.call(headers=dict(headers))
        transaction.savepoint_rollback(point)
        if answer.status_code >= 500 and not is_switched_off(answer):
            found.append(f"{answer.status_code} {case.as_curl_command()[:600]} {answer.text[:300]}")
            return
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as group:
            found.extend(f"{error!s:.1500}" for error in group.exceptions)

    random.seed(0)
    tried(ask, operation, mode)
    yield from dict.fromkeys(found)


@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
@pytest.mark.parametrize("version", list(apis()))
def test_whatever_is_sent(
    version: str, mode: Any, known: Mapping[str, Any], server: Any, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    headers = client_of("admin").headers
    schema = schemathesis.openapi.from_wsgi(f"/api/{version}/openapi.json", server, headers=headers)
    wrong = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        if is_tried(operation.path):
            for fault in faults(operation, mode, known, headers):
                wrong.setdefault(operation.label, []).append(fault)
    assert not wrong, "\n\n".join(f"{label}\n" + "\n".join(texts[:2]) for label, texts in wrong.items())
