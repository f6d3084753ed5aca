"""What only a bucket has: checksums of the store, versions, local copies, and errors of the store."""

import datetime as dt
import os
from dataclasses import replace
from typing import Any

import pytest

from lake.s3 import BucketUnavailable, client
from lake.storage import S3Storage, StorageCorrupted
from tests.contract.storage.test_storage import content, keep, keys
from tests.s3 import access_to


class Other:
    """The client of a store that behaves in another way."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def without_checksum(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if not name.startswith("Checksum")}


class WithoutChecksums(Other):
    def put_object(self, **request: Any) -> Any:
        answer = self._real.put_object(**without_checksum(request))
        return {name: value for name, value in answer.items() if name != "ChecksumSHA256"}


class Flipping(WithoutChecksums):
    def put_object(self, **request: Any) -> Any:
        first, *others = request["Body"]
        return super().put_object(**{**request, "Body": bytes([first ^ 1, *others])})


class Truncating(Other):
    """Believes the checksum, and stores less."""

    def put_object(self, **request: Any) -> Any:
        answer = self._real.put_object(**{**without_checksum(request), "Body": request["Body"][:-1]})
        return {**answer, "ChecksumSHA256": request["ChecksumSHA256"]}


def test_the_store_confirms_each_checksum(bucket: S3Storage) -> None:
    keep(bucket, "a")
    found = bucket.client.head_object(Bucket=bucket.bucket, Key="team/a", ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"]


def test_where_the_store_has_no_checksums_the_object_is_read_back(bucket: S3Storage) -> None:
    plain = replace(bucket, client=WithoutChecksums(bucket.client))
    keep(plain, "a")
    assert content(bucket, "a") == b"a"


@pytest.mark.parametrize("damage", [Flipping, Truncating])
def test_what_arrives_damaged_is_told_and_removed(bucket: S3Storage, damage: Any) -> None:
    with pytest.raises(StorageCorrupted, match="other bytes of team/a"):
        keep(replace(bucket, client=damage(bucket.client)), "a")
    assert keys(bucket) == []


def test_versions_and_all_of_them_removed(bucket: S3Storage) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.bucket, VersioningConfiguration={"Status": "Enabled"})
    keep(bucket, "a/1", "a/1", "b")
    bucket.delete("a/1")
    found = [(each.key, each.is_latest, each.is_marker) for each in bucket.versions("a/")]
    assert sorted(found) == [("a/1", False, False), ("a/1", False, False), ("a/1", True, True)]
    assert bucket.purge("a/") == 3
    assert list(bucket.versions("a/")) == []
    assert keys(bucket) == ["b"]


def test_local_copies_are_made_once_and_kept_for_a_day(bucket: S3Storage) -> None:
    keep(bucket, "a", "b")
    first = bucket.path("a")
    assert bucket.path("a") == first
    old = dt.datetime.now(dt.UTC).timestamp() - 2 * 24 * 3600
    os.utime(first, (old, old))
    assert list(bucket.cache.iterdir()) == [first]
    second = bucket.path("b")
    assert list(bucket.cache.iterdir()) == [second]
    assert bucket.path("a").read_bytes() == b"a"


def test_a_store_that_does_not_answer(bucket: S3Storage) -> None:
    nobody = replace(bucket, client=client(access_to("http://127.0.0.1:1")))
    with pytest.raises(BucketUnavailable, match="does not answer"):
        keep(nobody, "a")
    with pytest.raises(BucketUnavailable, match="does not answer"):
        nobody.path("a")


def test_a_bucket_that_is_not_there(bucket: S3Storage) -> None:
    with pytest.raises(BucketUnavailable, match="there is no such bucket"):
        keep(replace(bucket, bucket="nowhere"), "a")
