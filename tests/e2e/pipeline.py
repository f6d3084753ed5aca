"""A whole lakehouse for end-to-end tests: a database and a broker of its own, and the parts that `lakehouse up` runs."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
import psycopg

from lakehouse_project.runtime import parts
from lakehouse_project.runtime.parts import ModulePart
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.state import StateFolder
from lakehouse_project.runtime.valkey import EmbeddedValkey
from tests.processes import running, wait_until

PASSWORD = "a-long-pass-phrase"
DEADLINE = 180.0
SETTINGS = {"DROP_SETTLE_SECONDS": "0.2", "PIPELINE_INTERVAL_SECONDS": "3"}
PREPARE = f"""
from django.core.management import call_command
from django.contrib.auth.models import Group, User
from lakehouse_project.auth import issue_token
call_command("migrate", verbosity=0)
User.objects.create_superuser("admin", password={PASSWORD!r})
for name, group, is_staff in (("viewer", "viewer", False), ("engineer", "engineer", True)):
    user = User.objects.create_user(name, password={PASSWORD!r}, is_staff=is_staff)
    user.groups.add(Group.objects.get(name=group))
print(issue_token("admin"))
"""


ENDED = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s AND usename = current_user
"""


@dataclass(frozen=True)
class Blank:
    """A migrated database without data, with users; new lakehouses are copies of it."""

    name: str
    token: str


@dataclass(kw_only=True)
class Lakehouse:
    """Its parts run as processes; tests talk to it as its users do."""

    home: Path
    database_url: str
    environment: Mapping[str, str]
    token: str
    url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        folder = StateFolder(self.home)
        made = {
            "web": lambda: parts.web(folder, self.environment, LOOPBACK, urlsplit(self.url).port or 0),
            "worker": lambda: parts.worker(folder, self.environment),
            "beat": lambda: parts.beat(folder, self.environment),
            "watcher": lambda: parts.watcher(folder, self.environment),
        }
        started: list[ModulePart] = []
        for name in names:
            started.append(made[name]())
            self.processes[name] = started[-1].launch()
        for part in started:
            wait_until(part.ready, f"{part.name} is ready", DEADLINE)

    def kill(self, name: str) -> None:
        """`kill -9` of a part and of the processes that it has started."""
        process = self.processes.pop(name)
        whole = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in running(whole):
            one.kill()
        process.wait()

    def stop(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def command(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`lakehouse …`, as on the command line."""
        return run_command(self.environment, *arguments)

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Token {self.token}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)

    def get(self, path: str, **parameters: Any) -> Any:
        with self.client() as client:
            response = client.get(path, params=parameters)
        assert response.status_code == httpx.codes.OK, response.text
        return response.json()

    def items(self, path: str, **parameters: Any) -> list[Any]:
        found: list[Any] = self.get(path, **parameters)["items"]
        return found

    def send(self, method: str, path: str, body: Any = None) -> None:
        with self.client() as client:
            response = client.request(method, path, json=body)
        assert response.is_success, response.text

    def upload(self, name: str, content: bytes, dataset: str | None = None) -> int:
        """The id of the file that has been received."""
        with self.client() as client:
            data = {"dataset": dataset} if dataset else {}
            response = client.post("/bronze/files", files={"file": (name, content)}, data=data)
        assert response.status_code == httpx.codes.ACCEPTED, response.text
        file_id: int = response.json()["items"][0]["id"]
        return file_id

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        wait_until(condition, what, DEADLINE)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database says, for what no user can see."""
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(statement).fetchall()


def run_command(environment: Mapping[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lakehouse_project.cli", *map(str, arguments)]
    return subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, timeout=DEADLINE, check=False
    )


@contextmanager
def blank(home: Path) -> Iterator[Blank]:
    """Migrate a new database and make its users."""
    with database("CREATE DATABASE {name}") as name:
        environment = _environment(home, {"DATABASE_URL": address(name)})
        done = run_command(environment, "shell", "--command", PREPARE)
        assert done.returncode == 0, done.stderr
        yield Blank(name, token=done.stdout.split()[-1])


@contextmanager
def lakehouse(home: Path, template: Blank, start: Iterable[str]) -> Iterator[Lakehouse]:
    """A new lakehouse with the parts in `start` running."""
    StateFolder(home).create()
    broker = EmbeddedValkey(folder=home / "valkey", log=home / "valkey.log", password="test", durable=False)
    with database(f"CREATE DATABASE {{name}} TEMPLATE {template.name}") as name:
        services = {"DATABASE_URL": address(name), "BROKER_URL": broker.start()}
        made = Lakehouse(
            home=home,
            database_url=services["DATABASE_URL"],
            environment=_environment(home, services),
            token=template.token,
            url=f"http://{LOOPBACK}:{free_port()}",
        )
        try:
            made.start(*start)
            yield made
        finally:
            made.stop()
            broker.stop()


def _environment(home: Path, services: Mapping[str, str]) -> dict[str, str]:
    return {**parts.part_environment(services, home), **SETTINGS}


@contextmanager
def database(statement: str) -> Iterator[str]:
    """A database on the server of the test session, dropped afterwards."""
    name = f"e2e_{secrets.token_hex(4)}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(statement.format(name=name).encode())
        try:
            yield name
        finally:
            # Not WITH (FORCE): it wants to end autovacuum as well, which is the superuser's, and is refused. Without it
            # PostgreSQL sends autovacuum away by itself.
            server.execute(ENDED, [name])
            server.execute(f"DROP DATABASE {name}".encode())


def address(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))
