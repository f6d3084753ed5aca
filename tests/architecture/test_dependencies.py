"""Every requirement has its reason, and the lock files are complete, hashed and free of hosts."""

import re
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.project import PACKAGES, ROOT, pyproject, read

LOCKS = ("requirements.lock", "requirements-dev.lock")
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def names(requirements: list[str]) -> set[str]:
    return {match.group().lower() for entry in requirements if (match := NAME.match(entry))}


def needed_to_run() -> set[str]:
    return names(pyproject()["project"]["dependencies"])


def needed_to_build_and_develop() -> set[str]:
    groups = pyproject()["dependency-groups"]
    return names(groups["build"]) | names(groups["dev"])


def locked(lock: str) -> dict[str, str]:
    """Name -> the whole entry, with its hashes."""
    entries = re.split(r"\n(?=\S)", read(lock))
    return {match.group().lower(): entry for entry in entries if (match := NAME.match(entry))}


def test_every_requirement_has_a_reason_and_no_reason_lacks_its_requirement() -> None:
    run, develop = read("docs/dependencies.md").split("## To build and to develop")
    row = re.compile(r"^\| `([^`]+)` \| ..", re.MULTILINE)
    assert set(row.findall(run)) == needed_to_run()
    assert set(row.findall(develop)) == needed_to_build_and_develop()


def test_every_requirement_to_run_is_used() -> None:
    """Imported, or named as a Django app, a middleware or a command."""
    code = "\n".join(
        path.read_text("utf-8") for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )
    mentioned = set(re.findall(r"""(?:^\s*(?:import|from)\s+|["'])(\w+)(?=[.\s"'])""", code, re.MULTILINE))
    distributions = packages_distributions()
    used = {name.lower() for module in mentioned for name in distributions.get(module, ())}
    assert needed_to_run() - used == set()


def test_the_lock_for_running_covers_what_running_and_building_need() -> None:
    build = names(pyproject()["dependency-groups"]["build"])
    assert needed_to_run() | build <= locked("requirements.lock").keys()


def test_the_lock_for_development_has_all_of_the_other_at_the_same_versions() -> None:
    run, develop = (locked(lock) for lock in LOCKS)
    assert needed_to_build_and_develop() <= develop.keys()
    assert {name: entry.split()[0] for name, entry in run.items()} == {
        name: develop[name].split()[0] for name in run if name in develop
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_and_hashes_everything_and_names_no_host(lock: str) -> None:
    assert "://" not in read(lock)
    assert "--index" not in read(lock)
    loose = [
        name for name, entry in locked(lock).items() if "==" not in entry or "--hash=sha256:" not in entry
    ]
    assert loose == []
