"""The inboxes that have to pass the suite: a folder, and a bucket of a server that speaks S3 over HTTP."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.inbox.subjects import Subject


@pytest.fixture(params=("folder", "bucket"))
def subject(request: pytest.FixtureRequest, tmp_path: Path, db: None) -> "Subject":
    from tests.contract.inbox.subjects import BucketSubject, FolderSubject

    if request.param == "folder":
        return FolderSubject(tmp_path / "inbox")
    return BucketSubject(request.getfixturevalue("store"), tmp_path)


@pytest.fixture
def bucket(store: str, tmp_path: Path, db: None) -> Any:
    from tests.contract.inbox.subjects import BucketSubject

    return BucketSubject(store, tmp_path)
