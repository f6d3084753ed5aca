"""Clients of the REST API. What needs Django is imported where it is used: pytest may read this file before it is set up."""

# ruff: noqa: PLC0415
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.api.client import Api
    from tests.integration.bronze.intake import Intake


@pytest.fixture
def api(db: None) -> "Callable[[str], Api]":
    """A client of a new user in the given group, by token."""
    from tests.integration.api.client import client_of

    return client_of


@pytest.fixture
def curator(db: None) -> "Api":
    from tests.integration.api.client import client_of

    return client_of("curator")


@pytest.fixture
def viewer(db: None) -> "Api":
    from tests.integration.api.client import client_of

    return client_of("viewer")


@pytest.fixture
def admin(db: None) -> "Api":
    from tests.integration.api.client import client_of

    return client_of("admin")


@pytest.fixture
def intake(db: None, tmp_path: Path) -> "Intake":
    from tests.integration.bronze.intake import Intake

    return Intake(tmp_path)
