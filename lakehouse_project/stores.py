"""The object stores that the settings name."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from pydantic import SecretStr

from lake.s3 import Access, client
from lake.storage import LocalStorage, S3Storage, Storage
from lakehouse_project.env import env


def access() -> Access:
    """Where the S3 store is and who asks, as the `AWS_` settings say."""
    given = env()
    return Access(
        endpoint_url=given.aws_endpoint_url,
        region=given.aws_region,
        access_key_id=given.aws_access_key_id,
        secret_access_key=_clear(given.aws_secret_access_key),
        session_token=_clear(given.aws_session_token),
    )


def storage_of(address: str | None) -> Storage:
    """The storage at `file:///folder` or `s3://bucket/prefix`; without an address the one of the state folder."""
    if address is None:
        return LocalStorage(root=settings.LAKEHOUSE_HOME / "storage")
    parts = urlsplit(address)
    if parts.scheme == "file":
        return LocalStorage(root=Path(unquote(parts.path)))
    prefix = parts.path.strip("/")
    return S3Storage(
        bucket=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        client=client(access()),
        access=access(),
        cache=settings.LAKEHOUSE_HOME / "cache" / "objects",
    )


def _clear(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
