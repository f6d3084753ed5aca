"""The supervisor with real servers: what dies comes back, and nothing is left behind however it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.processes import DEADLINE, descendants, running, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("postgres", "valkey-server", "--pool")
GUARD = "lakehouse_project.runtime.guard"


class Supervised:
    """One run of `tests.e2e.supervised`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.supervised", str(self.home)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def find(self, name: str) -> psutil.Process | None:
        """The direct child that is the named part, while it runs."""
        children = running(psutil.Process(self.process.pid).children())
        return next((child for child in children if name in (child.name(), child.cmdline()[-1])), None)

    def part(self, name: str) -> psutil.Process:
        found = self.find(name)
        assert found is not None
        return found

    def services(self) -> dict[str, Any]:
        return json.loads((self.home / "run" / "services.json").read_text())

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=DEADLINE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To make a database takes longer than most tests: each starts on what the one before has left, however that ended."""
    return tmp_path_factory.mktemp("supervised") / "home"


@pytest.fixture
def supervised(home: Path) -> Iterator[Supervised]:
    run = Supervised(home)
    run.wait_ready()
    yield run
    run.end()


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back(supervised: Supervised, name: str) -> None:
    victim = supervised.part(name)
    children = victim.children(recursive=True)

    victim.kill()

    wait_until(lambda: not running([victim, *children]), f"{name} and its children are gone")
    wait_until(lambda: supervised.find(name), f"{name} runs again")
    wait_until(
        lambda: answers(supervised.services()["database_url"]), "the database answers at the same address"
    )


def test_nothing_outlives_a_killed_supervisor(supervised: Supervised) -> None:
    wait_until(lambda: len(supervised.part("--pool").children()) == 2, "the pool has its children")
    everything = descendants(supervised.process.pid)

    supervised.process.kill()

    wait_until(lambda: not running(everything), "every process is gone")


def test_after_a_kill_the_next_run_waits_for_the_end_and_keeps_the_data(supervised: Supervised) -> None:
    with psycopg.connect(supervised.services()["database_url"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS answer")
    supervised.process.kill()

    following = Supervised(supervised.home)
    following.wait_ready()
    with psycopg.connect(following.services()["database_url"]) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (1,)
    following.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(supervised: Supervised, number: signal.Signals) -> None:
    everything = descendants(supervised.process.pid)

    supervised.process.send_signal(number)

    assert supervised.process.wait(DEADLINE) == 0
    assert not running(everything)
    assert not (supervised.home / "run" / "services.json").exists()


def test_a_second_run_on_the_same_folder_is_refused(supervised: Supervised) -> None:
    second = Supervised(supervised.home)
    _, errors = second.process.communicate(timeout=DEADLINE)

    assert second.process.returncode == 1
    assert f"already running on this state folder (pid {supervised.process.pid})" in errors


def test_a_killed_guard_is_replaced_and_still_guards(supervised: Supervised) -> None:
    supervised.part(GUARD).kill()
    wait_until(lambda: supervised.find(GUARD), "a new guard runs")
    everything = descendants(supervised.process.pid)

    supervised.process.kill()

    wait_until(lambda: not running(everything), "every process is gone")


def test_the_files_of_the_state_folder_are_private(supervised: Supervised) -> None:
    for name in ("secrets.json", "run/services.json"):
        assert (supervised.home / name).stat().st_mode & 0o777 == 0o600
