"""Making and checking buckets: a clear answer for each way in which it can go wrong."""

import uuid
from typing import Any

import pytest
from botocore.stub import Stubber

from lake.buckets import Buckets, require_name
from lake.errors import BucketElsewhere, BucketForbidden, BucketMissing, BucketTaken, InvalidBucketName
from lake.s3 import BucketUnavailable, client
from tests.s3 import access_to


@pytest.fixture
def name() -> str:
    return f"made-{uuid.uuid4().hex[:12]}"


def buckets(store: str, region: str = "us-east-1") -> Buckets:
    return Buckets(client=client(access_to(store, region=region)), region=region)


def test_a_bucket_is_made_once(store: str, name: str) -> None:
    assert buckets(store).create(name) == "created"
    assert buckets(store).create(name) == "mine"
    assert name in buckets(store).names()
    facts = buckets(store).verify(name)
    assert (facts.name, facts.region, facts.keeps_versions) == (name, "us-east-1", False)


def test_a_bucket_in_another_region(store: str, name: str) -> None:
    assert buckets(store, "eu-west-1").create(name) == "created"
    assert buckets(store, "eu-west-1").verify(name).region == "eu-west-1"
    with pytest.raises(BucketElsewhere, match="in the region eu-west-1 and not in us-east-1"):
        buckets(store).create(name)


def test_a_bucket_that_is_not_there(store: str, name: str) -> None:
    with pytest.raises(BucketMissing, match=f"lakehouse bucket create {name}"):
        buckets(store).verify(name)


@pytest.mark.parametrize(
    "name",
    ["ab", "a" * 64, "Upper-Case", "under_score", "-edge", "192.168.1.1", "a..b", "xn--x", "b-s3alias"],
)
def test_names_that_no_bucket_can_have(name: str) -> None:
    with pytest.raises(InvalidBucketName, match="cannot be the name of a bucket"):
        require_name(name)


@pytest.mark.parametrize(
    ("code", "error", "sentence"),
    [
        ("BucketAlreadyExists", BucketTaken, "taken by somebody else"),
        ("AccessDenied", BucketForbidden, "s3:CreateBucket"),
        ("IllegalLocationConstraintException", BucketElsewhere, "AWS_REGION or --region"),
        ("InternalError", BucketUnavailable, "Cannot create it"),
    ],
)
def test_what_the_store_may_answer(name: str, code: str, error: Any, sentence: str) -> None:
    """As AWS does; the server of the tests has one account that may do everything."""
    s3 = client(access_to("http://127.0.0.1:1"))
    with Stubber(s3) as stub:
        stub.add_client_error("head_bucket", "404", http_status_code=404)
        stub.add_client_error("create_bucket", code, "Because.")
        with pytest.raises(error, match=sentence):
            Buckets(client=s3, region="us-east-1").create(name)


def test_a_bucket_of_somebody_else_that_these_keys_may_use(name: str) -> None:
    s3 = client(access_to("http://127.0.0.1:1"))
    with Stubber(s3) as stub:
        stub.add_response("head_bucket", {})
        stub.add_response("list_buckets", {"Buckets": []})
        with pytest.raises(BucketTaken, match="belongs to somebody else"):
            Buckets(client=s3).create(name)


def test_a_bucket_that_is_redirected_to(name: str) -> None:
    s3 = client(access_to("http://127.0.0.1:1"))
    headers = {"HTTPHeaders": {"x-amz-bucket-region": "eu-central-1"}}
    with Stubber(s3) as stub:
        stub.add_client_error("head_bucket", "301", http_status_code=301, response_meta=headers)
        with pytest.raises(BucketElsewhere, match="set AWS_REGION=eu-central-1"):
            Buckets(client=s3).verify(name)


def test_keys_that_may_not_write(name: str) -> None:
    s3 = client(access_to("http://127.0.0.1:1"))
    with Stubber(s3) as stub:
        stub.add_response("head_bucket", {})
        stub.add_client_error("put_object", "AccessDenied")
        with pytest.raises(BucketForbidden, match=f"may not PutObject in {name}"):
            Buckets(client=s3).verify(name)
