"""A server that speaks S3 over HTTP, and storages on it."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lake.s3 import Access, client
from lake.storage import S3Storage

_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def serve() -> Iterator[str]:
    """Its address. A process of its own: some calls of delta-rs keep the threads of this one waiting."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


def access_to(address: str, **other: Any) -> Access:
    keys = {"region": "us-east-1", "access_key_id": "key", "secret_access_key": "secret"}
    return Access(**{"endpoint_url": address, **keys, **other})


def new_storage(address: str, folder: Path, **bucket: Any) -> S3Storage:
    """A storage below a prefix of a bucket of its own; its local copies go to `folder`."""
    access = access_to(address)
    s3 = client(access)
    name = f"lake-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, **bucket)
    return S3Storage(bucket=name, prefix="team/", client=s3, access=access, cache=folder / "cache")
