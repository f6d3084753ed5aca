"""Objects in an S3 bucket: of AWS, or of any store that speaks its protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from lakehouse_project.kernel.errors import TransientError

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 30, 2
PIECE_BYTES = 1024 * 1024
GONE = frozenset({"404", "NoSuchKey", "412", "PreconditionFailed"})
ADVICE = {
    "NoSuchBucket": "there is no such bucket",
    "403": "no permission",
    "AccessDenied": "no permission",
    "InvalidAccessKeyId": "the access key is not known",
    "SignatureDoesNotMatch": "the secret key is wrong",
    "ExpiredToken": "the session token has expired",
}


class BucketUnavailable(TransientError):
    """The bucket cannot be used just now: not reachable, no permission, not there."""

    code = "bucket_unavailable"


class ObjectChanged(TransientError):
    """The object is not the one that was listed."""

    code = "object_changed"


@dataclass(frozen=True)
class Access:
    """Where the store is and who asks. What is None is up to boto3: its variables, profiles and roles."""

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None


@dataclass(frozen=True)
class StoredObject:
    """One version of an object. `size` in bytes."""

    key: str
    etag: str
    size: int


def client(access: Access) -> Any:
    """A client of boto3, safe to share between threads. Asks nobody yet."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        request_checksum_calculation="when_required",  # other stores than AWS do not know them all
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=access.endpoint_url,
        region_name=access.region,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        aws_session_token=access.session_token,
        config=config,
    )


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket. Every method raises `BucketUnavailable` with a sentence that says why."""

    name: str
    client: Any

    def listed(self, prefix: str) -> tuple[list[StoredObject], list[str]]:
        """Objects right below `prefix`, and the prefixes of the folders there, both by name."""
        objects, folders = [], []
        with self._asked(f"list {prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, Delimiter="/"
            )
            for page in pages:
                objects += [
                    StoredObject(each["Key"], each["ETag"], each["Size"]) for each in page.get("Contents", ())
                ]
                folders += [each["Prefix"] for each in page.get("CommonPrefixes", ())]
        return objects, folders

    def download(self, stored: StoredObject, out: IO[bytes]) -> None:
        """Stream the bytes to a file. Raises `ObjectChanged`."""
        with self._asked(f"read {stored.key}"):
            body = self.client.get_object(Bucket=self.name, Key=stored.key, IfMatch=stored.etag)["Body"]
            with body:
                for piece in body.iter_chunks(PIECE_BYTES):
                    out.write(piece)

    def move(self, stored: StoredObject, target: str) -> None:
        """Copy to `target`, then delete. Raises `ObjectChanged`; the new bytes stay where they are."""
        source = {"Bucket": self.name, "Key": stored.key}
        with self._asked(f"move {stored.key}"):
            self.client.copy(source, self.name, target, ExtraArgs={"CopySourceIfMatch": stored.etag})
            if self._etag(stored.key) != stored.etag:
                raise ObjectChanged(f"{stored.key} is another object by now.")
            self.client.delete_object(Bucket=self.name, Key=stored.key, IfMatch=stored.etag)

    def has(self, key: str) -> bool:
        with self._asked(f"look at {key}"):
            return self._etag(key) is not None

    def write(self, key: str, text: str) -> None:
        with self._asked(f"write {key}"):
            self.client.put_object(
                Bucket=self.name,
                Key=key,
                Body=text.encode("utf-8", "backslashreplace"),
                ContentType="text/plain",
            )

    def _etag(self, key: str) -> str | None:
        try:
            return str(self.client.head_object(Bucket=self.name, Key=key)["ETag"])
        except ClientError as error:
            if _code(error) not in GONE:
                raise
            return None

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            if _code(error) in GONE:
                raise ObjectChanged(f"Cannot {what}: it is not there, or another one.") from error
            raise BucketUnavailable(f"Cannot {what} in the bucket {self.name}: {_reason(error)}.") from error
        except BotoCoreError as error:
            raise BucketUnavailable(f"Cannot {what} in the bucket {self.name}: {_failure(error)}.") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _reason(error: ClientError) -> str:
    message = error.response.get("Error", {}).get("Message", "")
    return ADVICE.get(_code(error), message or _code(error))


def _failure(error: BotoCoreError) -> str:
    if isinstance(error, NoCredentialsError):
        return "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, (NoConnection, HTTPClientError)):
        return f"the store does not answer ({error})"
    return str(error)
