"""Objects of a bucket, below a prefix."""

import datetime as dt
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from botocore.exceptions import ClientError

from lake.s3 import Access, BucketUnavailable, asked, delta_options
from lake.storage.port import (
    PIECE_BYTES,
    ObjectVersion,
    ObjectWriter,
    StoredFile,
    checked,
    copy_hashed,
    required,
)
from lake.storage.uploads import MultipartWriter

TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
"""What a store answers to the wish to create what is there, or what another one is creating."""
KEPT = dt.timedelta(days=1)
"""How long a local copy is kept after it was last asked for."""


class _Body(io.RawIOBase):
    """The body of an answer as a file; a connection that breaks is told like any other failure of the store."""

    def __init__(self, body: Any, asked_for: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__()
        self._body, self._asked = body, asked_for

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._asked():
            found = self._body.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        self._body.close()
        super().close()


@dataclass(frozen=True, kw_only=True)
class S3Storage:
    """Objects of `bucket` below `prefix`, which is empty or ends with a slash. Local copies go to the folder `cache`."""

    bucket: str
    prefix: str
    client: Any
    access: Access
    cache: Path

    @property
    def where(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{self._at(key)}"

    def options(self) -> dict[str, str]:
        return delta_options(self.access)

    def put(self, source: Path, key: str) -> None:
        try:
            self.head(key)
        except FileNotFoundError:
            with source.open("rb") as original, self.write(key) as out:
                copy_hashed(original, out)

    @contextmanager
    def write(self, key: str, *, tags: Mapping[str, str] | None = None) -> Iterator[ObjectWriter]:
        writer = MultipartWriter(self.client, self.bucket, self._at(key), urlencode(tags or {}))
        try:
            yield writer
            with self._asked("write", key):
                writer.finish()
        except BaseException:
            with suppress(BucketUnavailable, FileNotFoundError), self._asked("give up", key):
                writer.abort()
            raise

    def create(self, key: str, content: bytes) -> None:
        try:
            with asked(f"create {key}", self.bucket, told=TAKEN):
                self.client.put_object(Bucket=self.bucket, Key=self._at(key), Body=content, IfNoneMatch="*")
        except ClientError as error:
            raise FileExistsError(f"{key} is there already.") from error

    def open(self, key: str) -> io.BufferedReader:
        with self._asked("read", key):
            body = self.client.get_object(Bucket=self.bucket, Key=self._at(key))["Body"]
        return io.BufferedReader(_Body(body, lambda: self._asked("read", key)), PIECE_BYTES)

    def path(self, key: str) -> Path:
        """A copy in the cache, whose name follows from the version of the object."""
        with self._asked("look at", key):
            etag = self.client.head_object(Bucket=self.bucket, Key=self._at(key))["ETag"]
        copy = self.cache / hashlib.sha256(f"{self.where}/{key} {etag}".encode()).hexdigest()
        if not copy.exists():
            self._fetch(key, copy)
        copy.touch()
        return copy

    def download(self, key: str, target: Path) -> str:
        with self.open(key) as source, target.open("wb") as out:
            return copy_hashed(source, out)

    def digest(self, key: str) -> str:
        found = hashlib.sha256()
        with self.open(key) as source:
            while piece := source.read(PIECE_BYTES):
                found.update(piece)
        return found.hexdigest()

    def head(self, key: str) -> StoredFile:
        with self._asked("look at", key):
            found = self.client.head_object(Bucket=self.bucket, Key=self._at(key))
        return StoredFile(key, found["ContentLength"], found["LastModified"])

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        for each in self._pages("list_objects_v2", prefix, "Contents"):
            yield StoredFile(self._key(each), each["Size"], each["LastModified"])

    def tags(self, key: str) -> dict[str, str]:
        with self._asked("read the tags of", key):
            found = self.client.get_object_tagging(Bucket=self.bucket, Key=self._at(key))["TagSet"]
        return {each["Key"]: each["Value"] for each in found}

    def tag(self, key: str, tags: Mapping[str, str]) -> None:
        pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
        with self._asked("tag", key):
            self.client.put_object_tagging(Bucket=self.bucket, Key=self._at(key), Tagging={"TagSet": pairs})

    def delete(self, key: str) -> None:
        with self._asked("delete", key):
            self.client.delete_object(Bucket=self.bucket, Key=self._at(key))

    def delete_prefix(self, prefix: str) -> int:
        removed = 0
        for stored in self.list(required(prefix)):
            self.delete(stored.key)
            removed += 1
        return removed

    def versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        for kind in ("Versions", "DeleteMarkers"):
            for each in self._pages("list_object_versions", prefix, kind):
                yield ObjectVersion(
                    self._key(each),
                    each["VersionId"],
                    each.get("Size", 0),
                    each["LastModified"],
                    is_latest=each["IsLatest"],
                    is_marker=kind == "DeleteMarkers",
                )

    def unfinished(self, prefix: str = "") -> Iterator[StoredFile]:
        for upload in self._uploads(prefix):
            yield StoredFile(self._key(upload), 0, upload["Initiated"])

    def abort_unfinished(self, prefix: str = "", *, before: dt.datetime) -> int:
        old = [upload for upload in self._uploads(prefix) if upload["Initiated"] < before]
        for upload in old:
            with suppress(FileNotFoundError), self._asked("give up", self._key(upload)):
                self.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
        return len(old)

    def purge(self, prefix: str) -> int:
        removed = self.abort_unfinished(required(prefix), before=dt.datetime.max.replace(tzinfo=dt.UTC))
        for version in self.versions(prefix):
            with self._asked("delete", version.key):
                self.client.delete_object(
                    Bucket=self.bucket, Key=self._at(version.key), VersionId=version.version
                )
            removed += 1
        return removed

    def _at(self, key: str) -> str:
        return self.prefix + checked(key)

    def _key(self, listed: Mapping[str, Any]) -> str:
        return str(listed["Key"]).removeprefix(self.prefix)

    def _uploads(self, prefix: str) -> Iterator[dict[str, Any]]:
        return self._pages("list_multipart_uploads", prefix, "Uploads")

    def _pages(self, operation: str, prefix: str, field: str) -> Iterator[dict[str, Any]]:
        with self._asked("list", prefix or "everything"):
            pages = self.client.get_paginator(operation).paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            found = [each for page in pages for each in page.get(field, ())]
        yield from found

    def _fetch(self, key: str, copy: Path) -> None:
        self._drop_old_copies()
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.cache, prefix=".partial-", delete=False) as out:
            partial = Path(out.name)
        try:
            self.download(key, partial)
            partial.replace(copy)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def _drop_old_copies(self) -> None:
        now = dt.datetime.now(dt.UTC).timestamp()
        for copy in self.cache.glob("*"):
            with suppress(FileNotFoundError):
                if now - copy.stat().st_mtime > KEPT.total_seconds():
                    copy.unlink()

    def _asked(self, verb: str, key: str) -> AbstractContextManager[None]:
        return asked(f"{verb} {key}", self.bucket)
