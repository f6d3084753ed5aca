"""What the tests of this folder know about the repository."""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
APPS = ("governance", "lake", "bronze", "silver", "gold", "search")
PACKAGES = ("lakehouse_project", *APPS)


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def pyproject() -> dict[str, Any]:
    return tomllib.loads(read("pyproject.toml"))
