"""Databases with something in them, and the services of backups on storages of their own."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lake.backups.server import Server
    from tests.integration.backups.workshop import Workshop


@pytest.fixture
def small(db: None) -> "Iterator[Server]":
    """A database with a table of 500 rows, dropped with all that a test has put beside it."""
    from tests.integration.backups.workshop import small_database

    with small_database() as server:
        yield server


@pytest.fixture
def workshop(small: "Server", tmp_path: Path) -> "Workshop":
    """Backups of the small database in a folder."""
    from lake.storage import LocalStorage
    from tests.integration.backups.workshop import Workshop

    return Workshop(LocalStorage(root=tmp_path / "storage"), server=lambda: small)


@pytest.fixture
def in_bucket(small: "Server", tmp_path: Path, store: str) -> "Workshop":
    """Backups of the small database on S3."""
    from tests.integration.backups.workshop import Workshop
    from tests.s3 import new_storage

    return Workshop(new_storage(store, tmp_path), server=lambda: small)


@pytest.fixture
def whole(transactional_db: None, tmp_path: Path) -> "Iterator[Workshop]":
    """Backups of the application's database as the product composes them."""
    from lake.storage import LocalStorage
    from lakehouse_project.composed_backups import examine, live_server, settle
    from tests.integration.backups.workshop import Workshop, tidied

    with tidied():
        yield Workshop(
            LocalStorage(root=tmp_path / "storage"), server=live_server, checks=examine, settle=settle
        )
