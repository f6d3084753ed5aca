"""The inboxes that have to pass the suite: a folder, and a bucket of a server that speaks S3 over HTTP."""

# ruff: noqa: PLC0415  pytest reads this file before Django is set up
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.inbox.subjects import Subject


@pytest.fixture(scope="session")
def store() -> Iterator[str]:
    """Address of the S3 server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


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
