"""A lakehouse of its own for one benchmark: PostgreSQL and Valkey as the product runs them, thrown away at the end."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from lakehouse_project.runtime.accounts import postgres_binaries, server_account
from lakehouse_project.runtime.postgres import EmbeddedPostgres
from lakehouse_project.runtime.secrets import load_secrets
from lakehouse_project.runtime.valkey import EmbeddedValkey

REPOSITORY = Path(__file__).resolve().parents[1]
UNREACHED = str(10**9)
"""Requests a minute: the limit is counted, as in the product, and stops nobody."""


@dataclass(frozen=True)
class Lab:
    """`home` is the state folder, `database` the address of the server."""

    home: Path
    database: str
    psql: Path
    server: psutil.Process

    def script(self, sql: str) -> None:
        """Run SQL, and meta commands such as `\\copy`, with psql; return when its backend has ended, too."""
        command = [
            self.psql,
            "--quiet",
            "--no-psqlrc",
            "--tuples-only",
            "--set=ON_ERROR_STOP=1",
            self.database,
        ]
        asked = f"SELECT pg_backend_pid();\n{sql}"
        done = subprocess.run(command, input=asked, text=True, check=True, stdout=subprocess.PIPE)
        with suppress(psutil.NoSuchProcess):
            psutil.Process(int(done.stdout.split()[0])).wait()

    def stopwatch(self, *, with_children: bool = False) -> "Stopwatch":
        return Stopwatch(self.server, with_children=with_children)

    def child(self, module: str, *arguments: object) -> dict[str, Any]:
        """What a process of its own prints last, as JSON."""
        command = [sys.executable, "-m", module, *map(str, arguments)]
        done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


@contextmanager
def laboratory() -> Iterator[Lab]:
    """Start the servers, make the tables, and set Django up in this process."""
    home = Path(tempfile.mkdtemp(prefix="lakehouse-benchmark-"))
    secrets = load_secrets(home)
    server = EmbeddedPostgres(folder=home / "postgres", log=home / "postgres.log", secrets=secrets)
    broker = EmbeddedValkey(
        folder=home / "valkey", log=home / "valkey.log", password=secrets.valkey_password, durable=False
    )
    try:
        address = server.start()
        os.environ |= {
            "LAKEHOUSE_HOME": str(home),
            "DATABASE_URL": address,
            "BROKER_URL": broker.start(),
            "DJANGO_SETTINGS_MODULE": "lakehouse_project.settings",
            "MALLOC_ARENA_MAX": "2",
            "MAX_UPLOAD_MB": "100000",
            "LOG_LEVEL": "WARNING",
            "RATE_LIMIT_READS": UNREACHED,
            "RATE_LIMIT_WRITES": UNREACHED,
        }
        _set_up_django()
        psql = postgres_binaries(server_account(home / "postgres")) / "psql"
        yield Lab(home, address, psql, _server_of(home / "postgres"))
    finally:
        broker.stop()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def _server_of(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text(encoding="ascii").split()[0]))


def _set_up_django() -> None:
    import django  # noqa: PLC0415  it reads the environment

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from bronze.catalog import register_contracts  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    register_contracts()


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock, and of processor time in client and server together."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s (processor {self.cpu:.2f} s)"


class Stopwatch:
    """Measures a block: what this process and the server do. Other children count if `with_children`."""

    def __init__(self, server: psutil.Process, *, with_children: bool = False) -> None:
        self._server = server
        self._with_children = with_children

    def __enter__(self) -> "Stopwatch":
        self._wall, self._cpu = time.perf_counter(), self._processor_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.cost = Cost(time.perf_counter() - self._wall, self._processor_seconds() - self._cpu)

    def _processor_seconds(self) -> float:
        own = os.times()
        ended = own.children_user + own.children_system if self._with_children else 0.0
        return own.user + own.system + ended + self._server_seconds()

    def _server_seconds(self) -> float:
        """Of the server and its backends, those that have ended included."""
        own, total = self._server.cpu_times(), 0.0
        for backend in self._server.children():
            with suppress(psutil.NoSuchProcess):  # it has ended since, as workers for one query do
                times = backend.cpu_times()
                total += times.user + times.system
        return float(total + own.user + own.system + own.children_user + own.children_system)


__all__ = ["Cost", "Lab", "Stopwatch", "laboratory"]
