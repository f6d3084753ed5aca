"""Making and checking buckets, with an answer for each way in which it can go wrong."""

import re
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import ClientError

from lake.errors import BucketElsewhere, BucketForbidden, BucketMissing, BucketTaken, InvalidBucketName
from lake.s3 import BucketUnavailable, asked, code_of

DEFAULT_REGION = "us-east-1"
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED = ("xn--", "sthree-", "amzn-s3-demo-")
_DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled"})
_OTHER_REGION = frozenset(
    {
        "301",
        "PermanentRedirect",
        "IllegalLocationConstraintException",
        "InvalidLocationConstraint",
        "AuthorizationHeaderMalformed",
    }
)

Made = Literal["created", "mine"]


@dataclass(frozen=True)
class BucketFacts:
    """What was found out about a bucket by using it."""

    name: str
    region: str
    keeps_versions: bool


@dataclass(frozen=True, kw_only=True)
class Buckets:
    """The buckets of the store that `client` speaks to. `region` is where new ones go, None for the default one."""

    client: Any
    region: str | None = None

    def create(self, name: str) -> Made:
        """Make the bucket, or say that it is there and ours.

        Raises `InvalidBucketName`, `BucketTaken`, `BucketForbidden`, `BucketElsewhere` or `BucketUnavailable`.
        """
        require_name(name)
        state = self._state(name)
        if state == "usable":
            return self._require_mine(name)
        try:
            with asked("create it", name, told=_REFUSALS):
                self.client.create_bucket(Bucket=name, **self._location())
        except ClientError as error:
            return self._refused(name, error)
        return "created"

    def names(self) -> list[str]:
        """The buckets of the account. Raises `BucketForbidden` or `BucketUnavailable`."""
        try:
            with asked("list the buckets", "", told=_DENIED):
                return [each["Name"] for each in self.client.list_buckets()["Buckets"]]
        except ClientError as error:
            raise BucketForbidden(
                "The keys may not list buckets; that needs the right s3:ListAllMyBuckets."
            ) from error

    def verify(self, name: str) -> BucketFacts:
        """Write, read and delete an object. Raises `BucketMissing`, `BucketForbidden`, `BucketElsewhere`."""
        require_name(name)
        state = self._state(name)
        if state == "missing":
            raise BucketMissing(f"There is no bucket {name}. Create it: lakehouse bucket create {name}")
        if state == "denied":
            raise BucketForbidden(
                f"The bucket {name} exists, and the keys may not use it: it belongs to somebody else, or the right "
                "s3:ListBucket is missing."
            )
        self._probe(name)
        return BucketFacts(name, self._region_of(name), self._keeps_versions(name))

    def _state(self, name: str) -> Literal["usable", "missing", "denied"]:
        try:
            with asked("look at it", name, told={"404", *_DENIED, *_OTHER_REGION}):
                self.client.head_bucket(Bucket=name)
        except ClientError as error:
            if code_of(error) in _OTHER_REGION:
                raise _elsewhere(name, error) from error
            return "missing" if code_of(error) == "404" else "denied"
        return "usable"

    def _require_mine(self, name: str) -> Made:
        """It can be used; but is it ours? An account that may not list its buckets cannot tell."""
        try:
            is_ours = name in self.names()
        except BucketForbidden:
            return "mine"
        if not is_ours:
            raise BucketTaken(f"The bucket {name} belongs to somebody else, though these keys may use it.")
        region = self._region_of(name)
        if self.region not in (None, region):
            raise BucketElsewhere(
                f"The bucket {name} is yours already, in the region {region} and not in {self.region}. "
                f"Use it with AWS_REGION={region}, or choose another name."
            )
        return "mine"

    def _refused(self, name: str, error: ClientError) -> Made:
        code = code_of(error)
        if code == "BucketAlreadyOwnedByYou":
            return "mine"
        if code == "BucketAlreadyExists":
            raise BucketTaken(
                f"The name {name} is taken by somebody else: names of buckets are unique among all accounts. "
                "Choose another one."
            ) from error
        if code in _DENIED:
            raise BucketForbidden(
                f"The keys may not create {name}; that needs the right s3:CreateBucket. Or the name is taken."
            ) from error
        if code in _OTHER_REGION:
            raise BucketElsewhere(
                f"The store does not create {name} in the region {self.region or DEFAULT_REGION}: "
                f"{error.response['Error'].get('Message', code)} Set AWS_REGION or --region to the region of the store."
            ) from error
        raise InvalidBucketName(
            f"The store refuses the name {name!r}: {error.response['Error'].get('Message', code)}"
        ) from error

    def _location(self) -> dict[str, Any]:
        if self.region in (None, DEFAULT_REGION):
            return {}
        return {"CreateBucketConfiguration": {"LocationConstraint": self.region}}

    def _region_of(self, name: str) -> str:
        with asked("ask for its region", name):
            return str(self.client.get_bucket_location(Bucket=name)["LocationConstraint"] or DEFAULT_REGION)

    def _keeps_versions(self, name: str) -> bool:
        with asked("ask for its versions", name):
            return bool(self.client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled")

    def _probe(self, name: str) -> None:
        key, content = f".lakehouse-probe-{uuid.uuid4().hex}", b"lakehouse"
        try:
            with asked("write, read and delete", name, told=_DENIED):
                self.client.put_object(Bucket=name, Key=key, Body=content)
                found = self.client.get_object(Bucket=name, Key=key)["Body"].read()
                self.client.delete_object(Bucket=name, Key=key)
        except ClientError as error:
            raise BucketForbidden(
                f"The keys may not {error.operation_name} in {name}; the lakehouse needs s3:PutObject, s3:GetObject, "
                "s3:DeleteObject and s3:ListBucket there."
            ) from error
        if found != content:
            raise BucketUnavailable(f"The bucket {name} answers with other bytes than were written.")


_REFUSALS = frozenset(
    {"BucketAlreadyOwnedByYou", "BucketAlreadyExists", "InvalidBucketName", *_DENIED, *_OTHER_REGION}
)


def require_name(name: str) -> None:
    """Raises `InvalidBucketName` by the rules of S3 for general purpose buckets."""
    if problem := _problem_of(name):
        raise InvalidBucketName(f"{name!r} cannot be the name of a bucket: {problem}.")


def _problem_of(name: str) -> str:
    if not 3 <= len(name) <= 63:
        return "it has 3 to 63 characters"
    if not _NAME.fullmatch(name):
        return "it is made of a-z, 0-9, hyphens and dots, and begins and ends with a letter or digit"
    if ".." in name or _ADDRESS.fullmatch(name):
        return "it has no two dots in a row and does not look like an IP address"
    if name.startswith(_RESERVED) or name.endswith(("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")):
        return "this beginning or end is reserved by AWS"
    return ""


def _elsewhere(name: str, error: ClientError) -> BucketElsewhere:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = headers.get("x-amz-bucket-region")
    where = f"in the region {region}" if region else "in another region"
    advice = f"set AWS_REGION={region}" if region else "set AWS_REGION to it"
    return BucketElsewhere(f"The bucket {name} is {where}: {advice}, or choose another name.")
