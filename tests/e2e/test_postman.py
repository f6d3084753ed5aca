"""The Postman collection, run from top to bottom by newman as people run it, against a lakehouse with a small seed."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pipeline import PASSWORD, Blank, Lakehouse, lakehouse

ROOT = Path(__file__).parents[2]
POSTMAN = ROOT / "docs" / "postman"
NEWMAN = shutil.which("newman", path=str(ROOT / "node_modules" / ".bin")) or shutil.which("newman")
COLLECTIONS = sorted(POSTMAN.glob("*.postman_collection.json"))
SCALE = "0.02"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        NEWMAN is None, reason="newman is not installed: npm install --no-save --prefix . newman@6.2.1"
    ),
]


@pytest.fixture(scope="module")
def seeded(empty: Blank, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lakehouse]:
    with lakehouse(tmp_path_factory.mktemp("seeded"), empty, ("worker", "web", "beat")) as started:
        done = started.command("seed", "--scale", SCALE, "--wait")
        assert done.returncode == 0, done.stderr
        yield started


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda path: path.name.split(".")[0])
def test_every_request_of_the_collection_is_answered_as_documented(
    seeded: Lakehouse, collection: Path, tmp_path: Path
) -> None:
    report = newman(seeded, collection, tmp_path / "report.json")
    failures = [
        f"{failure['source']['name']}: {failure['error']['message']}" for failure in report["failures"]
    ]
    assert failures == []
    requests = {
        item["id"] for folder in json.loads(collection.read_text())["item"] for item in folder["item"]
    }
    assert {one["item"]["id"] for one in report["executions"] if one["assertions"]} == requests


def newman(server: Lakehouse, collection: Path, report: Path) -> dict[str, Any]:
    """What its JSON report says of the run."""
    variables = {
        "base_url": server.url,
        "username": "admin",
        "password": PASSWORD,
        "seed_scale": SCALE,
    }
    command = [
        str(NEWMAN),
        "run",
        str(collection),
        "--reporters",
        "json",
        "--reporter-json-export",
        str(report),
    ]
    command += ["--environment", str(POSTMAN / "lakehouse.postman_environment.json")]
    command += [part for name, value in variables.items() for part in ("--env-var", f"{name}={value}")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    assert report.exists(), done.stdout + done.stderr
    run: dict[str, Any] = json.loads(report.read_text())["run"]
    return run
