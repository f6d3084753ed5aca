"""What only a bucket has: size before download, other people's objects, and errors of the store."""

from dataclasses import replace
from typing import Any

import pytest

from bronze.models import SourceFile
from lake.s3 import Access, Bucket, BucketUnavailable, client
from tests.contract.inbox.subjects import BucketSubject, Watched

pytestmark = pytest.mark.django_db


def test_what_is_too_large_is_not_downloaded(bucket: BucketSubject) -> None:
    watched = Watched(bucket)
    bucket.put("jobs.csv", "id,job\n" + "1,Clerk\n" * 1000)
    watched.look()
    watched.look()
    assert bucket.left() == ["failed/jobs.csv", "failed/jobs.csv.reason.txt"]
    assert "MAX_UPLOAD_MB" in bucket.read("failed/jobs.csv.reason.txt")


def test_nothing_is_left_on_the_disk(bucket: BucketSubject) -> None:
    watched = Watched(bucket)
    bucket.put("jobs.csv", "id,job\n1,Clerk\n")
    watched.look()
    watched.look()
    assert SourceFile.objects.count() == 1
    assert list(bucket.scratch.iterdir()) == []


def test_more_objects_than_a_page_of_the_list(bucket: BucketSubject) -> None:
    for number in range(1005):
        bucket.put(f"{number:04}.csv.part", "x")
    bucket.put("9999.csv", "x")
    assert [dropped.name for dropped in bucket.inbox.waiting(())] == ["9999.csv"]


def test_the_whole_bucket_as_an_inbox(bucket: BucketSubject) -> None:
    bucket.s3.put_object(Bucket=bucket.name, Key="jobs.csv", Body=b"id,job\n1,Clerk\n")
    whole = replace(bucket.inbox, prefix="")
    (dropped,) = whole.waiting({"jobs"})
    whole.set_aside(dropped, "failed", "Because.")
    keys = [each["Key"] for each in bucket.s3.list_objects_v2(Bucket=bucket.name)["Contents"]]
    assert keys == ["failed/jobs.csv", "failed/jobs.csv.reason.txt", "team/other.csv"]


def test_a_bucket_that_is_not_there(bucket: BucketSubject) -> None:
    with pytest.raises(BucketUnavailable, match=r"in the bucket nowhere: there is no such bucket\."):
        Bucket(name="nowhere", client=bucket.s3).listed("")


def test_a_store_that_does_not_answer(bucket: BucketSubject) -> None:
    nobody = client(Access("http://127.0.0.1:1", "us-east-1", "key", "secret"))
    with pytest.raises(BucketUnavailable, match="does not answer"):
        Bucket(name=bucket.name, client=nobody).listed("")


def test_no_credentials(
    bucket: BucketSubject, monkeypatch: pytest.MonkeyPatch, store: str, tmp_path: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(BucketUnavailable, match="set AWS_ACCESS_KEY_ID"):
        Bucket(name=bucket.name, client=client(Access(store, "us-east-1"))).listed("")
