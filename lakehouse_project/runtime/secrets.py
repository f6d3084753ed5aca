"""The secrets of one lakehouse, generated once and kept in `secrets.json` of its state folder (mode 0600)."""

import base64
import dataclasses
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.files import private_folder, read_json, write_private_json


@dataclass(frozen=True)
class Secrets:
    """`field_key` is 64 random bytes in base64, the key of the AES-SIV field encryption."""

    django_secret_key: str
    postgres_password: str
    postgres_superuser_password: str
    valkey_password: str
    field_key: str

    def __repr__(self) -> str:
        return "Secrets(…)"

    @property
    def field_key_bytes(self) -> bytes:
        return base64.b64decode(self.field_key, validate=True)


def load_secrets(home: Path) -> Secrets:
    """The secrets of `home`, created at the first call. Raises RuntimeProblem when the file is damaged."""
    path = home / "secrets.json"
    if not path.exists():
        with _creation_lock(private_folder(home)):
            if not path.exists():
                write_private_json(path, dataclasses.asdict(_generate()))
    return _parse(path)


def _generate() -> Secrets:
    return Secrets(
        django_secret_key=secrets.token_urlsafe(64),
        postgres_password=secrets.token_urlsafe(32),
        postgres_superuser_password=secrets.token_urlsafe(32),
        valkey_password=secrets.token_urlsafe(32),
        field_key=base64.b64encode(secrets.token_bytes(64)).decode("ascii"),
    )


def _parse(path: Path) -> Secrets:
    content = read_json(path) or {}
    names = [field.name for field in dataclasses.fields(Secrets)]
    missing = [name for name in names if not isinstance(content.get(name), str)]
    if missing:
        # Never regenerate: without the old field key the encrypted fields could not be read any more.
        raise RuntimeProblem(f"{path} is damaged ({', '.join(missing)} missing); restore it from a backup.")
    return Secrets(**{name: content[name] for name in names})


@contextmanager
def _creation_lock(folder: Path) -> Iterator[None]:
    """One creator per folder, also between processes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
