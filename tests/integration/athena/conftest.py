"""A lake in a bucket, and AWS as moto has it: it takes every call, and answers queries with what it is told to."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="package")
def store() -> Iterator[str]:
    """A server of its own: tables of Glue outlive a test."""
    from tests.s3 import serve

    with serve() as address:
        yield address


@pytest.fixture
def storage(store: str, tmp_path: Path) -> Any:
    from tests.s3 import new_storage

    return new_storage(store, tmp_path)


@pytest.fixture
def lake(db: None, storage: Any) -> Any:
    """The table `order_lines` in four partitions, the mart `city-payroll` in none."""
    from lake.repositories import PublishedTables
    from lake.tables import LakeTables
    from tests.integration.athena import published

    published.publish(storage)
    return LakeTables(storage=storage, published=PublishedTables())


@pytest.fixture
def site(store: str, storage: Any, lake: Any) -> Any:
    from tests.integration.athena import published

    return published.site(store, storage, lake)
