"""The storages that have to pass the suite: a folder, and a bucket of a server that speaks S3 over HTTP."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(params=("folder", "bucket"))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    from lake.storage import LocalStorage
    from tests.s3 import new_storage

    if request.param == "folder":
        return LocalStorage(root=tmp_path / "storage")
    return new_storage(request.getfixturevalue("store"), tmp_path)


@pytest.fixture
def bucket(store: str, tmp_path: Path) -> Any:
    from tests.s3 import new_storage

    return new_storage(store, tmp_path)
