"""Fixtures. What needs Django is imported where it is used: pytest may read this file before Django is set up."""

# ruff: noqa: PLC0415
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler


@pytest.fixture
def server(db: None) -> "Iterator[WSGIHandler]":
    """The application as a web server calls it, in the transaction of the test: it keeps the connection open."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(db: None, tmp_path: Path) -> Mapping[str, Any]:
    """Values of parameters that name something."""
    from bronze.repositories import SourceFiles
    from bronze.services import LoadDocuments
    from lakehouse_project.kernel.services import resolve
    from search.services import ProjectChanges
    from silver.services import RefineChanges
    from tests.integration.api.client import client_of
    from tests.integration.bronze.intake import Intake
    from tests.unit.bronze.samples import valid_row

    admin, intake = client_of("admin"), Intake(tmp_path)
    for name in ("users", "user_bank_info", "departments", "jobs", "products"):
        assert admin.post(f"/{name}", valid_row(name)).status_code == 201
    assert (
        admin.post("/datasets", {"name": "stations", "title": "Stations", "key_fields": ["id"]}).status_code
        == 201
    )
    assert admin.post("/datasets/stations/records", {"id": "1", "place": "x"}).status_code == 201
    received = intake.receive("note.txt", "The words of a note that can be found. " * 3)
    resolve(LoadDocuments)(received.id)
    file = intake.load("stations.csv", "id,place\n2,y\n", "stations")
    resolve(RefineChanges)()
    resolve(ProjectChanges)()
    return {
        "dataset": "stations",
        "name": "stations",
        "key": str(valid_row("users")["user_id"]),
        "file_id": resolve(SourceFiles).get(file.id).id,
        "sha256": received.sha256,
        "entity": "user",
    }
