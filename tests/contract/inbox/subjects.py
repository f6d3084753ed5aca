"""Inboxes as their users see them: something to put files into."""

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bronze.dropbucket import DropBucket
from bronze.dropfolder import DropFolder
from bronze.repositories import SourceFiles, dataset_names
from bronze.services import ReceiveFiles
from bronze.services.inbox import Inbox, WatchInbox
from lake.s3 import Access, Bucket, client
from lakehouse_project.kernel.services import resolve


class Subject(Protocol):
    inbox: Inbox

    def put(self, name: str, content: str) -> None: ...

    def take_away(self, name: str) -> None: ...

    def left(self) -> list[str]: ...

    def read(self, name: str) -> str: ...


class FolderSubject:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.inbox = DropFolder(root=root)

    def put(self, name: str, content: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def take_away(self, name: str) -> None:
        (self.root / name).unlink()

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())

    def read(self, name: str) -> str:
        return (self.root / name).read_text()


class BucketSubject:
    """A bucket of its own, with the inbox below a prefix and something else beside it."""

    prefix = "team/inbox/"

    def __init__(self, address: str, scratch: Path) -> None:
        access = Access(
            endpoint_url=address, region="us-east-1", access_key_id="key", secret_access_key="secret"
        )
        self.s3: Any = client(access)
        self.name = f"lake-{uuid.uuid4().hex[:12]}"
        self.scratch = scratch
        self.s3.create_bucket(Bucket=self.name)
        self.s3.put_object(Bucket=self.name, Key="team/other.csv", Body=b"id,job\n99,Other\n")
        self.inbox = DropBucket(
            bucket=Bucket(name=self.name, client=self.s3),
            prefix=self.prefix,
            scratch=scratch,
            max_bytes=1000,
        )

    def put(self, name: str, content: str) -> None:
        self.s3.put_object(Bucket=self.name, Key=self.prefix + name, Body=content.encode())

    def take_away(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.name, Key=self.prefix + name)

    def left(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=self.name, Prefix=self.prefix)
        return sorted(each["Key"].removeprefix(self.prefix) for each in listed.get("Contents", ()))

    def read(self, name: str) -> str:
        body: bytes = self.s3.get_object(Bucket=self.name, Key=self.prefix + name)["Body"].read()
        return body.decode()


@dataclass
class Watched:
    """A subject with its watcher; `look` twice takes what is there, `look` again sets aside what is loaded."""

    subject: Subject
    watch: WatchInbox = field(init=False)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        """As after a kill: nothing is remembered."""
        self.watch = WatchInbox(
            inbox=self.subject.inbox,
            receive=resolve(ReceiveFiles),
            files=resolve(SourceFiles),
            datasets=dataset_names,
            settle_seconds=1,
        )

    def look(self, seconds: float = 1) -> None:
        self.now += seconds
        self.watch.step(self.now)
