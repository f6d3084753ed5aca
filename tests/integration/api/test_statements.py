"""How many statements a request takes, whatever the number of rows."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.api.client import Api

ASKED_ALWAYS = 3
"""For the token and its user, for what that one may do, and for what is hidden from them."""
WRITTEN = 5
"""Keys and their rows locked, the data set held, the merge, the data sets that may wait for it, and what it has become."""


def department(number: int) -> dict[str, Any]:
    return {"id": number, "department": f"Department {number}"}


def statements(request: Callable[[], Any], status: int) -> int:
    """Without the limits of transactions, which lie within the one of the test here."""
    with CaptureQueriesContext(connection) as queries:
        answer = request()
    assert answer.status_code == status, answer.content
    return sum("SAVEPOINT" not in query["sql"] for query in queries)


@pytest.fixture
def busy(curator: Api) -> Api:
    """A curator whose token was in use already, which is noted once a minute."""
    assert curator.post("/departments/batch", [department(number) for number in range(20)]).status_code == 201
    return curator


def test_reading(busy: Api) -> None:
    assert statements(lambda: busy.get("/departments/7"), 200) == ASKED_ALWAYS + 1
    assert statements(lambda: busy.get("/departments", page_size=2), 200) == ASKED_ALWAYS + 2
    assert statements(lambda: busy.get("/departments", page_size=20), 200) == ASKED_ALWAYS + 2


def test_writing(busy: Api) -> None:
    assert statements(lambda: busy.post("/departments", department(100)), 201) == ASKED_ALWAYS + WRITTEN
    for size in (2, 50):
        rows = [department(1000 * size + number) for number in range(size)]
        assert statements(lambda: busy.post("/departments/batch", rows), 201) == ASKED_ALWAYS + WRITTEN  # noqa: B023
