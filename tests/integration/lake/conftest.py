"""Fixtures. What needs Django is imported where it is used: pytest may read this file before Django is set up."""

# ruff: noqa: PLC0415
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.lake.lake import Lake


@pytest.fixture(params=("folder", "bucket"))
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    from lake.storage import LocalStorage
    from tests.s3 import new_storage

    if request.param == "folder":
        return LocalStorage(root=tmp_path / "storage")
    return new_storage(request.getfixturevalue("store"), tmp_path)


@pytest.fixture
def lake(transactional_db: None, tmp_path: Path) -> "Lake":
    """In a folder."""
    from lake.storage import LocalStorage
    from tests.integration.lake.lake import Lake

    return Lake(LocalStorage(root=tmp_path / "storage"))


@pytest.fixture
def lake_anywhere(transactional_db: None, anywhere: Any) -> "Lake":
    """In a folder, and in a bucket."""
    from tests.integration.lake.lake import Lake

    return Lake(anywhere)
