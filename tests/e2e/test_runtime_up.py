"""`lakehouse up` as a person runs it: a fresh state folder, kill -9 of every part, Ctrl-C, a warm start."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from lakehouse_project.runtime.ports import LOOPBACK, free_port
from tests.processes import DEADLINE, descendants, running, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
START_DEADLINE = 120.0


def command(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """`lakehouse …` with embedded servers of its own, not those of the test session."""
    session = {"DATABASE_URL", "BROKER_URL", "LAKEHOUSE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in session}
    return subprocess.Popen(
        [sys.executable, "-m", "lakehouse_project.cli", *arguments],
        cwd=ROOT,
        env={**environment, "LAKEHOUSE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Up:
    """A running `lakehouse up --no-seed`; `output` grows while it runs."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.url = f"http://{LOOPBACK}:{port}"
        self.process = command(home, "up", "--no-seed", "--port", str(port))
        self.output = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output += line

    def wait_ready(self) -> None:
        def is_ready() -> bool:
            assert self.process.poll() is None, self.output + str(
                self.process.stderr and self.process.stderr.read()
            )
            return "Press Ctrl-C" in self.output

        wait_until(is_ready, "up prints its addresses", START_DEADLINE)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as response:  # noqa: S310  # http
                return response.status == 200
        except OSError:
            return False

    def part(self, word: str) -> psutil.Process | None:
        """The direct child whose name or command line has `word` in it."""
        children = running(psutil.Process(self.process.pid).children())
        return next((child for child in children if word == child.name() or word in child.cmdline()), None)

    def database(self) -> psycopg.Connection:
        services = json.loads((self.home / "run" / "services.json").read_text())
        return psycopg.connect(services["database_url"], connect_timeout=2)

    def users(self) -> int:
        with self.database() as connection:
            row = connection.execute("SELECT count(*) FROM auth_user").fetchone()
            assert row is not None
            return row[0]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(START_DEADLINE)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    run = Up(tmp_path_factory.mktemp("up") / "home", free_port())
    try:
        run.wait_ready()
        yield run
    finally:
        run.stop()


def examine(home: Path) -> tuple[int, str]:
    doctor = command(home, "doctor")
    output, _ = doctor.communicate(timeout=START_DEADLINE)
    return doctor.returncode, output


def test_the_web_server_answers_and_the_administrator_is_shown_once(up: Up) -> None:
    assert up.is_healthy()
    for shown in ("username", "password", "token", up.url, str(up.home)):
        assert shown in up.output
    password = up.output.split("password")[1].split()[0]
    for path in up.home.rglob("*.log"):
        assert password not in path.read_text(errors="replace"), f"the password is in {path}"


def test_the_doctor_finds_nothing_wrong(up: Up) -> None:
    wait_until(lambda: examine(up.home)[0] == 0, "doctor is content", START_DEADLINE)


def test_a_second_up_is_refused_with_the_address_of_the_first(up: Up) -> None:
    second = command(up.home, "up", "--no-seed", "--port", str(free_port()))
    _, errors = second.communicate(timeout=DEADLINE)

    assert second.returncode == 1
    assert f"already running on this state folder (pid {up.process.pid}) at {up.url}" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", ["granian", "worker", "beat", "watch", "postgres", "valkey-server"])
def test_a_killed_part_comes_back(up: Up, name: str) -> None:
    victim = up.part(name)
    assert victim is not None
    family = [victim, *victim.children(recursive=True)]

    victim.kill()

    wait_until(lambda: not running(family), f"{name} and its children are gone")
    wait_until(lambda: up.part(name), f"{name} runs again")
    wait_until(up.is_healthy, "the web server answers", START_DEADLINE)
    wait_until(lambda: examine(up.home)[0] == 0, "doctor is content", START_DEADLINE)


def test_a_killed_web_process_comes_back(up: Up) -> None:
    web = up.part("granian")
    assert web is not None
    victims = web.children(recursive=True)

    for victim in victims:
        victim.kill()

    wait_until(lambda: not running(victims), "the web processes are gone")
    wait_until(up.is_healthy, "the web server answers", START_DEADLINE)


def test_ctrl_c_stops_everything_and_a_warm_start_keeps_the_data(up: Up) -> None:
    users = up.users()
    everything = descendants(up.process.pid)

    assert up.stop() == 0
    assert not running(everything)

    second = Up(up.home, free_port())
    second.wait_ready()
    assert second.users() == users == 1
    assert "password" not in second.output

    everything = descendants(second.process.pid)
    second.process.kill()
    wait_until(lambda: not running(everything), "no process is left behind a killed supervisor")


def test_a_port_in_use_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        refused = command(tmp_path / "home", "up", "--port", str(port))
        _, errors = refused.communicate(timeout=DEADLINE)

    assert refused.returncode == 1
    assert (
        errors.strip() == f"lakehouse: Port {port} on {LOOPBACK} is in use; choose another one with --port."
    )
    assert not (tmp_path / "home" / "postgres").exists()


def test_a_wrong_setting_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_UPLOAD_MB", "many")
    refused = command(tmp_path / "home", "up")
    _, errors = refused.communicate(timeout=DEADLINE)

    assert refused.returncode == 1
    assert errors.startswith("lakehouse: A setting in the environment or in .env is wrong: MAX_UPLOAD_MB")
    assert len(errors.splitlines()) == 1


def test_the_doctor_names_what_is_down(tmp_path: Path) -> None:
    status, output = examine(tmp_path / "home")

    assert status == 1
    for name in ("database", "broker", "worker", "search"):
        assert f"BAD {name}" in output
    assert "ok  storage" in output
    assert "lakehouse up" in output
