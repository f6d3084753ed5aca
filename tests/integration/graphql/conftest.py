"""Clients of the endpoint. What needs Django is imported where it is used: pytest may read this file before it is set up."""

# ruff: noqa: PLC0415
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.graphql.client import Graph


@pytest.fixture
def graph(db: None) -> "Callable[[str | None], Graph]":
    """A client of a new user in the given group, by token."""
    from tests.integration.graphql.client import graph_of

    return graph_of


@pytest.fixture
def viewer(db: None) -> "Graph":
    from tests.integration.graphql.client import graph_of

    return graph_of("viewer")


@pytest.fixture
def curator(db: None) -> "Graph":
    from tests.integration.graphql.client import graph_of

    return graph_of("curator")


@pytest.fixture
def shop(db: None) -> None:
    """60 order lines of 7 users, 5 products and 3 days."""
    from tests.integration.graphql.shop import fill

    fill()
