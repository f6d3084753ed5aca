"""The inboxes that the settings name: the drop folder of the state folder, and a prefix in a bucket."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from bronze.dropbucket import DropBucket
from bronze.dropfolder import DropFolder
from bronze.repositories import SourceFiles, dataset_names
from bronze.services import ReceiveFiles
from bronze.services.inbox import WatchInbox
from lake.s3 import Bucket, client
from lakehouse_project.env import env
from lakehouse_project.kernel.services import resolve
from lakehouse_project.stores import access


def drop_folder() -> DropFolder:
    return DropFolder(root=settings.LAKEHOUSE_HOME / "inbox")


def drop_bucket() -> DropBucket | None:
    """None unless `INBOX_URL` is set."""
    address = env().inbox_url
    if address is None:
        return None
    parts = urlsplit(address)
    prefix = parts.path.strip("/")
    return DropBucket(
        bucket=Bucket(name=parts.netloc, client=client(access())),
        prefix=f"{prefix}/" if prefix else "",
        scratch=settings.FILE_UPLOAD_TEMP_DIR,
        max_bytes=settings.MAX_UPLOAD_BYTES,
    )


def watched() -> Iterator[WatchInbox]:
    """A watcher for each inbox. Objects of a bucket are there whole or not at all, so nothing has to settle."""
    yield _watch(drop_folder(), settle_seconds=env().drop_settle_seconds)
    if bucket := drop_bucket():
        yield _watch(bucket, settle_seconds=0)


def _watch(inbox: DropFolder | DropBucket, settle_seconds: float) -> WatchInbox:
    return WatchInbox(
        inbox=inbox,
        receive=resolve(ReceiveFiles),
        files=resolve(SourceFiles),
        datasets=dataset_names,
        settle_seconds=settle_seconds,
    )
