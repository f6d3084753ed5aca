"""Every test here runs against each version of the API."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.api.versions import Version, VersionClient


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "version" in metafunc.fixturenames:
        from tests.contract.api.versions import VERSIONS

        metafunc.parametrize("version", VERSIONS, ids=lambda version: version.name)


@pytest.fixture
def client_of(db: None, version: "Version") -> "Callable[[str | None], VersionClient]":
    """A client of a new user in the given group."""
    from tests.contract.api import versions

    return lambda group: versions.client_of(version, group)


@pytest.fixture
def curator(client_of: Any) -> "VersionClient":
    client: VersionClient = client_of("curator")
    return client


@pytest.fixture
def viewer(client_of: Any) -> "VersionClient":
    client: VersionClient = client_of("viewer")
    return client
