"""What must hold before anything is started; each failure is one sentence that says what to do."""

import shutil
import sys
from pathlib import Path

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.ports import is_free

_OLDEST, _TOO_NEW = (3, 11), (3, 14)
_LEAST_FREE_MB = 500


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    if not _OLDEST <= version < _TOO_NEW:
        found = ".".join(map(str, version))
        raise RuntimeProblem(f"lakehouse runs on Python 3.11, 3.12 and 3.13; this is Python {found}.")


def check_port(host: str, port: int) -> None:
    if not is_free(host, port):
        raise RuntimeProblem(f"Port {port} on {host} is in use; choose another one with --port.")


def check_disk(home: Path, least_mb: int = _LEAST_FREE_MB) -> None:
    free_mb = shutil.disk_usage(home).free // 1024**2
    if free_mb < least_mb:
        raise RuntimeProblem(
            f"Only {free_mb} MB are free on the disk of {home} and {least_mb} MB are needed; "
            "free some space or set LAKEHOUSE_HOME to a folder on another disk."
        )
