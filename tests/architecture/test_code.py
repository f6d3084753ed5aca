"""Rules of the code that no linter knows."""

import pkgutil
from collections.abc import Iterator
from pathlib import Path

import lakehouse_project
from tests.architecture.project import PACKAGES, ROOT, pyproject

LONGEST_MODULE = 400
LONGER: dict[str, str] = {}
"""Path -> why it may be longer."""


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts)


def test_modules_are_short() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in modules()
        if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE
    }
    assert long == LONGER.keys()


def test_the_import_contract_names_the_whole_composition() -> None:
    """A module that is missing from the list could be imported by the layers below without anybody noticing."""
    contract = next(c for c in pyproject()["tool"]["importlinter"]["contracts"] if "composition" in c["name"])
    composition = {
        f"lakehouse_project.{found.name}" for found in pkgutil.iter_modules(lakehouse_project.__path__)
    }
    assert set(contract["forbidden_modules"]) == composition - {"lakehouse_project.kernel"}
