"""Tables in the storage that the settings name, and people."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

TABLE = "asked_orders"


@pytest.fixture(scope="package")
def stored() -> Path:
    """A Delta table in the storage with a partition a day, December 2023 and January 2024."""
    from django.conf import settings

    from tests import lake_tables

    folder = Path(settings.LAKEHOUSE_HOME) / "storage" / "lake" / TABLE
    lake_tables.write(lake_tables.orders(), folder)
    catalogue = folder.parent.parent / "hive" / f"{TABLE}.json"
    catalogue.parent.mkdir(exist_ok=True)
    catalogue.write_text("{}")
    return folder


@pytest.fixture
def table(db: None, stored: Path) -> str:
    """Its name; it is known as published."""
    from django.utils import timezone

    from lake.models import PublishedTable

    numbers = dict.fromkeys(("version", "rows", "size", "files", "partitions"), 0)
    PublishedTable.objects.create(
        name=TABLE,
        location=str(stored),
        partition_by=["year", "month", "day"],
        published_at=timezone.now(),
        **numbers,
    )
    return TABLE


@pytest.fixture
def client_of(db: None) -> Callable[..., Client]:
    """Somebody of a group who is logged in; the same one for the same name."""
    from tests.accounts import member

    def logged_in(name: str, group: str = "viewer", **kind: Any) -> Client:
        client = Client()
        user = member(name, group)
        for attribute, value in kind.items():
            setattr(user, attribute, value)
        user.save()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def viewer(client_of: Callable[..., Client]) -> Client:
    return client_of("viewer")
