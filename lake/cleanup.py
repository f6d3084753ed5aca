"""Taking everything away again: what there is, removing it, and proving that nothing is left."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lake.athena.site import AthenaSite
from lake.errors import BucketShared
from lake.s3 import asked
from lake.storage import S3Storage, Storage

WAIT_SECONDS, PAUSE = 30.0, 0.5
"""Stores and catalogues may take a moment until they list what was removed no more."""


@dataclass(frozen=True)
class Found:
    """What a target holds. `older`: former versions and deletion markers; `unfinished`: half-written objects."""

    items: int = 0
    size: int = 0
    older: int = 0
    unfinished: int = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.items or self.older or self.unfinished)


class Target(Protocol):
    """Something that can be emptied, again and again."""

    @property
    def name(self) -> str:
        """As `--what` calls it."""

    @property
    def where(self) -> str:
        """For people."""

    def look(self) -> Found:
        """What is there now."""

    def remove(self) -> None:
        """Remove it; what is gone already is no error."""


@dataclass(frozen=True, kw_only=True)
class StoredObjects:
    """The objects of a storage below a prefix, with all their versions and what was never finished."""

    name: str
    storage: Storage
    prefix: str

    @property
    def where(self) -> str:
        return f"{self.storage.where}/{self.prefix}"

    def look(self) -> Found:
        objects = list(self.storage.list(self.prefix))
        former = [each for each in self.storage.versions(self.prefix) if each.is_marker or not each.is_latest]
        size = sum(each.size for each in objects) + sum(each.size for each in former)
        return Found(len(objects), size, len(former), len(list(self.storage.unfinished(self.prefix))))

    def remove(self) -> None:
        self.storage.purge(self.prefix)


@dataclass(frozen=True, kw_only=True)
class LocalFolder:
    """The files of a folder, which stays itself."""

    name: str
    folder: Path

    @property
    def where(self) -> str:
        return str(self.folder)

    def look(self) -> Found:
        files = [path for path in self.folder.rglob("*") if not path.is_dir() or path.is_symlink()]
        return Found(len(files), sum(path.lstat().st_size for path in files))

    def remove(self) -> None:
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True)
class AthenaObjects:
    """Tables, database and work group on Athena."""

    name: str
    site: AthenaSite

    @property
    def where(self) -> str:
        return f"Athena database {self.site.glue.database}, work group {self.site.workgroup}"

    def look(self) -> Found:
        tables = len(self.site.tables())
        return Found(items=tables or int(not self.site.is_empty()))

    def remove(self) -> None:
        self.site.drop()


@dataclass(frozen=True, kw_only=True)
class WholeBucket:
    """A bucket that holds nothing but this lakehouse, original files included; it is deleted once it is empty."""

    name: str
    storage: S3Storage

    @property
    def where(self) -> str:
        return f"bucket {self.storage.bucket}"

    def look(self) -> Found:
        """Raises `BucketShared` if there are objects that are not ours."""
        if not self._exists():
            return Found()
        self._require_own()
        found = [
            StoredObjects(name="", storage=self.storage, prefix=prefix).look() for prefix in self._prefixes()
        ]
        return Found(
            items=sum(each.items for each in found) + 1,
            size=sum(each.size for each in found),
            older=sum(each.older for each in found),
            unfinished=sum(each.unfinished for each in found),
        )

    def remove(self) -> None:
        if not self._exists():
            return
        self._require_own()
        for prefix in self._prefixes():
            self.storage.purge(prefix)
        client, bucket = self.storage.client, self.storage.bucket
        with asked("delete it", bucket):
            client.delete_bucket(Bucket=bucket)
            client.get_waiter("bucket_not_exists").wait(Bucket=bucket)

    def _exists(self) -> bool:
        client = self.storage.client
        with asked("list the buckets", self.storage.bucket):
            return any(each["Name"] == self.storage.bucket for each in client.list_buckets()["Buckets"])

    def _prefixes(self) -> list[str]:
        """The first parts of all keys."""
        keys = {each.key for each in self.storage.versions("")} | {
            each.key for each in self.storage.unfinished("")
        }
        return sorted({key.partition("/")[0] + key.partition("/")[1] for key in keys})

    def _require_own(self) -> None:
        client, bucket, own = self.storage.client, self.storage.bucket, self.storage.prefix
        with asked("list it", bucket):
            for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
                entries = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                strange = [entry["Key"] for entry in entries if not entry["Key"].startswith(own)]
                if strange:
                    raise BucketShared(
                        f"The bucket {bucket} has objects that are not of this lakehouse, such as {strange[0]}: it stays. "
                        "Leave out --bucket, or move them away."
                    )


def remaining(
    targets: Sequence[Target],
    *,
    wait_seconds: float = WAIT_SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> list[Target]:
    """Look again, for as long as something is still listed; what is left in the end."""
    deadline = time.monotonic() + wait_seconds
    while left := [target for target in targets if not target.look().is_nothing]:
        if time.monotonic() > deadline:
            return left
        pause(PAUSE)
    return []


def removed(targets: Sequence[Target]) -> Iterator[Target]:
    """Remove one after the other, and tell each that is gone."""
    for target in targets:
        target.remove()
        yield target
