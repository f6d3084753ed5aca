"""Fixtures. What needs Django is imported where it is used: pytest may read this file before Django is set up."""

# ruff: noqa: PLC0415
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gold.services import RefreshMarts, RefreshViews, WriteFiles
    from tests.integration.gold.warehouse import Bus, Clock, Warehouse


@pytest.fixture
def bus() -> "Bus":
    from tests.integration.gold.warehouse import Bus

    return Bus()


@pytest.fixture
def clock() -> "Clock":
    from tests.integration.gold.warehouse import Clock

    return Clock()


@pytest.fixture
def warehouse(db: None) -> "Warehouse":
    """A star schema that holds nothing but its unknown members."""
    from tests.integration.gold.warehouse import Warehouse

    return Warehouse()


@pytest.fixture
def company(warehouse: "Warehouse") -> "Warehouse":
    from tests.integration.gold.content import fill

    return fill(warehouse)


@pytest.fixture
def refresh(bus: "Bus", clock: "Clock") -> "RefreshMarts":
    from tests.integration.gold.warehouse import refresh_marts

    return refresh_marts(bus, clock)


@pytest.fixture
def refresh_views() -> "RefreshViews":
    from gold.repositories import TableStates
    from gold.services import RefreshViews

    return RefreshViews(states=TableStates())


@pytest.fixture
def write_files(tmp_path: Path) -> "WriteFiles":
    from gold.repositories import MartReader, TableStates
    from gold.services import WriteFiles

    return WriteFiles(reader=MartReader(), states=TableStates(), folder=tmp_path / "output")
