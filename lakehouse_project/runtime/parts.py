"""The parts that are the product itself: web server, worker, clock and drop-folder watcher."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from lakehouse_project.runtime.process import spawn
from lakehouse_project.runtime.state import StateFolder

_PACKAGES = Path(__file__).resolve().parents[2]
_QUEUES = "bronze,silver,gold,search,lake"


@dataclass(frozen=True)
class ModulePart:
    """A Python module that runs for as long as the lakehouse; `health_url` answers 200 when it is ready."""

    name: str
    log: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    grace: float = 10.0
    health_url: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM

    def launch(self) -> subprocess.Popen[bytes]:
        command = module_command(*self.arguments)
        # Nothing is lost by a hard end: tasks are acknowledged late and every hop is idempotent.
        return spawn(command, log=self.log, environment=self.environment, death_signal=signal.SIGKILL)

    def ready(self) -> bool:
        return self.health_url is None or _answers(self.health_url)


def module_command(*arguments: str) -> list[str]:
    """`python -m …` without the current folder on the module path: a user's `search/` must not hide ours."""
    return [sys.executable, "-P", "-m", *arguments]


def part_environment(services: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment of every part: the caller's, with the addresses of the servers."""
    return {
        **os.environ,
        **services,
        "LAKEHOUSE_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(filter(None, [str(_PACKAGES), os.environ.get("PYTHONPATH")])),
        "PYTHONSAFEPATH": "1",
        # Threads that load files would each keep freed memory in an arena of their own.
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
        "PYTHONUNBUFFERED": "1",
    }


def web(folder: StateFolder, environment: Mapping[str, str], host: str, port: int) -> ModulePart:
    return ModulePart(
        "web",
        folder.log("web"),
        (
            *("granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws"),
            *(
                "--workers",
                str(max(1, (os.cpu_count() or 1) // 2)),
                "--blocking-threads",
                "8",
                "--backpressure",
                "64",
            ),
            *(
                "--respawn-failed-workers",
                "--workers-kill-timeout",
                "5",
                "lakehouse_project.wsgi:application",
            ),
        ),
        environment,
        health_url=f"{local_url(host, port)}/healthz",
    )


def worker(folder: StateFolder, environment: Mapping[str, str]) -> ModulePart:
    """Threads, not processes: polars leaves the interpreter lock, and a fork after a polars query would hang."""
    arguments = ("worker", "--queues", _QUEUES, "--pool", "threads", "--concurrency", "4")
    lean = ("--without-gossip", "--without-mingle")
    return ModulePart("worker", folder.log("worker"), (*_celery("celery"), *arguments, *lean), environment)


def ocr_worker(folder: StateFolder, environment: Mapping[str, str]) -> ModulePart:
    """A page takes seconds: in a worker of its own, nothing else waits for it."""
    arguments = (
        "worker",
        "--queues",
        "ocr",
        "--pool",
        "threads",
        "--concurrency",
        "1",
        "--hostname",
        "ocr@%h",
    )
    lean = ("--without-gossip", "--without-mingle")
    return ModulePart("ocr", folder.log("ocr"), (*_celery("celery"), *arguments, *lean), environment)


def beat(folder: StateFolder, environment: Mapping[str, str]) -> ModulePart:
    arguments = ("beat", "--schedule", str(folder.run / "beat"), "--pidfile", "")
    # Without this variable Celery leaves Django alone, which beat does not need.
    lean = {name: value for name, value in environment.items() if name != "DJANGO_SETTINGS_MODULE"}
    return ModulePart("beat", folder.log("beat"), (*_celery("beat"), *arguments), lean)


def watcher(folder: StateFolder, environment: Mapping[str, str]) -> ModulePart:
    return ModulePart("watcher", folder.log("watcher"), ("lakehouse_project.cli", "watch"), environment)


def _celery(module: str) -> tuple[str, ...]:
    return ("celery", "--app", f"lakehouse_project.{module}")


def local_url(host: str, port: int) -> str:
    """Where a browser on this machine finds a server that listens on `host`."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # recognised, not bound
    return f"http://{reachable}:{port}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  # our own http URL
            return bool(response.status == HTTPStatus.OK)
    except OSError:  # includes urllib's errors
        return False
