"""Clients of boto3 for Athena and Glue."""

from dataclasses import dataclass
from typing import Any

from lake.athena.errors import asked
from lake.s3 import ATTEMPTS, CONNECT_SECONDS, READ_SECONDS, Access


@dataclass(frozen=True)
class Clients:
    """Safe to share between threads."""

    athena: Any
    glue: Any


def connect(access: Access) -> Clients:
    """Asks nobody yet. Raises `AthenaNotSetUp` without a region."""
    with asked("reach Athena"):
        return Clients(_client("athena", access), _client("glue", access))


def _client(service: str, access: Access) -> Any:
    import boto3  # noqa: PLC0415  it takes longer to load than much that asks no AWS takes in all
    from botocore.config import Config  # noqa: PLC0415  as above

    return boto3.client(
        service,
        endpoint_url=access.endpoint_url,
        region_name=access.region,
        aws_access_key_id=access.access_key_id,
        aws_secret_access_key=access.secret_access_key,
        aws_session_token=access.session_token,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )
