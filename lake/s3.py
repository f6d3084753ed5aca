"""Objects in an S3 bucket: of AWS, or of any store that speaks its protocol."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

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
GONE = frozenset({"404", "NoSuchKey", "NoSuchUpload", "412", "PreconditionFailed"})
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
    import boto3  # noqa: PLC0415  it takes longer to load than much that needs no bucket takes in all
    from botocore.config import Config  # noqa: PLC0415  as above

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
            if code_of(error) not in GONE:
                raise
            return None

    @contextmanager
    def _asked(self, what: str) -> Iterator[None]:
        try:
            with asked(what, self.name):
                yield
        except FileNotFoundError as error:
            raise ObjectChanged(f"Cannot {what}: it is not there, or another one.") from error


@contextmanager
def asked(what: str, bucket: str, *, told: Collection[str] = ()) -> Iterator[None]:
    """Turn what boto3 raises into a `FileNotFoundError`, or a `BucketUnavailable` with a sentence that says why.

    A `ClientError` with one of the codes `told` goes on as it is. `bucket` is empty where no bucket is meant.
    """
    where = f" in the bucket {bucket}" if bucket else ""
    try:
        yield
    except ClientError as error:
        if code_of(error) in told:
            raise
        if code_of(error) in GONE:
            raise FileNotFoundError(f"Cannot {what}: it is not there, or another one.") from error
        raise BucketUnavailable(f"Cannot {what}{where}: {_reason(error)}.") from error
    except BotoCoreError as error:
        raise BucketUnavailable(f"Cannot {what}{where}: {_failure(error)}.") from error


def delta_options(access: Access) -> dict[str, str]:
    """The options of delta-rs and polars (object_store) for what boto3 would use: keys, profile or role."""
    session = _session(access)
    keys = session.get_credentials()
    options = {"aws_conditional_put": "etag"}
    if keys is not None:
        frozen = keys.get_frozen_credentials()
        options |= {"aws_access_key_id": frozen.access_key, "aws_secret_access_key": frozen.secret_key}
        if frozen.token:
            options["aws_session_token"] = frozen.token
    if region := access.region or session.region_name:
        options["aws_region"] = region
    if access.endpoint_url:
        options["aws_endpoint_url"] = access.endpoint_url
        options["aws_allow_http"] = str(access.endpoint_url.startswith("http://")).lower()
    return options


def _session(access: Access) -> Any:
    import boto3  # noqa: PLC0415  as in `client`

    return boto3.Session(
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        aws_session_token=access.session_token,
        region_name=access.region,
    )


def code_of(error: ClientError) -> str:
    """What the store calls the error; for requests without a body (HEAD) the HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _reason(error: ClientError) -> str:
    message = error.response.get("Error", {}).get("Message", "")
    return ADVICE.get(code_of(error), message or code_of(error))


def _failure(error: BotoCoreError) -> str:
    if isinstance(error, NoCredentialsError):
        return "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, (NoConnection, HTTPClientError)):
        return f"the store does not answer ({error})"
    return str(error)
