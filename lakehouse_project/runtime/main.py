"""`lakehouse up`: the whole lakehouse under one supervisor."""

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lakehouse_project.env import Env, env
from lakehouse_project.runtime import parts, preflight
from lakehouse_project.runtime.console import UpConsole
from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.guard import Guard
from lakehouse_project.runtime.postgres import EmbeddedPostgres
from lakehouse_project.runtime.process import Part, spawn, tail
from lakehouse_project.runtime.secrets import load_secrets
from lakehouse_project.runtime.state import RunLock, StateFolder
from lakehouse_project.runtime.supervisor import StopRequested, Supervisor, Wave
from lakehouse_project.runtime.valkey import EmbeddedValkey

_SERVER_TIMEOUT = 120.0  # recovery after a crash may have to read 2 GB of WAL
_WEB_TIMEOUT = 180.0  # a small machine that is busy


@dataclass(frozen=True)
class Options:
    host: str
    port: int
    seed: bool
    scale: float

    @property
    def url(self) -> str:
        return parts.local_url(self.host, self.port)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--no-seed", dest="seed", action="store_false", help="start empty, without generated data"
    )
    parser.add_argument(
        "--scale", type=_scale, default=1, help="size of the generated data (default: %(default)s)"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: a whole number from 1 to 65535")
    return int(text)


def _scale(text: str) -> float:
    scale = float(text)
    if not 0 < scale < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no scale: a number above 0")
    return scale


def main(arguments: Sequence[str]) -> int:
    """Parse the arguments of `lakehouse up` and run it; its exit status."""
    parser = argparse.ArgumentParser(
        "lakehouse up", description="Start the whole lakehouse and keep it running."
    )
    add_arguments(parser)
    return up(parser.parse_args(arguments))


def up(given: argparse.Namespace) -> int:
    """Run until Ctrl-C. The exit status: 0, or 1 after one clear sentence on standard error."""
    console = UpConsole()
    try:
        preflight.check_python()
        run(Options(given.host, given.port, given.seed, given.scale), console)
    except RuntimeProblem as problem:
        if given.debug:
            raise
        console.problem(problem)
        return 1
    return 0


def run(options: Options, console: UpConsole) -> None:
    """Start everything, keep it running until it is asked to stop, stop everything. Raises RuntimeProblem."""
    settings = _settings()
    folder = StateFolder(settings.lakehouse_home)
    folder.create()
    with ExitStack() as cleanup:
        lock = RunLock(folder)
        lock.acquire(options.url)
        cleanup.callback(lock.release)
        preflight.check_disk(folder.home)
        preflight.check_port(options.host, options.port)
        guard = Guard(lock.descriptor)
        cleanup.callback(guard.close)
        supervisor = Supervisor(guard, console.say)
        cleanup.enter_context(supervisor.listening())
        cleanup.callback(supervisor.stop)
        cleanup.callback(folder.withdraw)
        try:
            _Startup(options, settings, folder, supervisor, console).run()
            supervisor.watch()
        except StopRequested:
            console.say("Stopping…")


def _settings() -> Env:
    try:
        return env()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors())
        raise RuntimeProblem(f"A setting in the environment or in .env is wrong: {wrong}.") from None


class _Startup:
    """The order in which a lakehouse comes to life."""

    def __init__(
        self, options: Options, settings: Env, folder: StateFolder, supervisor: Supervisor, console: UpConsole
    ) -> None:
        self._options = options
        self._settings = settings
        self._folder = folder
        self._supervisor = supervisor
        self._console = console
        self._environment: dict[str, str] = {}

    def run(self) -> None:
        self._start_servers()
        web = self._launch_web()  # loads while the schema is made; nothing asks it for data before
        with self._console.step("Database schema"):
            prepared = self._prepare()
        if prepared["administrator"]:
            self._console.administrator(prepared["administrator"])
        with self._console.step("Web server"):
            self._supervisor.wait_ready(web, _WEB_TIMEOUT)
        self._start_background()
        if self._options.seed and prepared["is_empty"]:
            self._console.say(f"Loading generated data; {self._options.url} answers already")
            self._seed()
        self._console.addresses(self._options.url, self._folder.home, self._folder.logs)

    def _start_servers(self) -> None:
        """The embedded servers, each where no other one is configured."""
        secrets = load_secrets(self._folder.home)
        services: dict[str, str] = {}
        servers: list[Part] = []
        if self._settings.database_url is None:
            postgres = EmbeddedPostgres(
                folder=self._folder.home / "postgres", log=self._folder.log("postgres"), secrets=secrets
            )
            servers.append(postgres)
            services["database_url"] = postgres.url
        if self._settings.broker_url is None:
            valkey = EmbeddedValkey(
                folder=self._folder.home / "valkey",
                log=self._folder.log("valkey"),
                password=secrets.valkey_password,
            )
            servers.append(valkey)
            services["broker_url"] = valkey.url
        if servers:
            with self._console.step(" and ".join(server.name for server in servers).capitalize()):
                self._supervisor.start(*servers, timeout=_SERVER_TIMEOUT)
        self._folder.publish({**services, "web_url": self._options.url, "pid": os.getpid()})
        addresses = {name.upper(): url for name, url in services.items()}
        self._environment = parts.part_environment(addresses, self._folder.home)

    def _prepare(self) -> dict[str, Any]:
        """Migrate, create the first administrator. The answer has a password in it: no disk."""
        process = self._command("prepare", stdout=subprocess.PIPE)
        status = self._supervisor.run(process)
        answer, _ = process.communicate()
        if status != 0:
            raise RuntimeProblem("The database could not be prepared.", tail(self._folder.log("prepare")))
        prepared: dict[str, Any] = json.loads(answer.splitlines()[-1])
        return prepared

    def _launch_web(self) -> Wave:
        return self._supervisor.launch(
            parts.web(self._folder, self._environment, self._options.host, self._options.port)
        )

    def _start_background(self) -> None:
        background = [
            parts.worker(self._folder, self._environment),
            parts.beat(self._folder, self._environment),
            parts.watcher(self._folder, self._environment),
        ]
        if self._settings.ocr:
            background.append(parts.ocr_worker(self._folder, self._environment))
        self._supervisor.launch(*background)

    def _seed(self) -> None:
        """The seed shows its own progress. What is running goes on running if it fails."""
        process = self._command("seed", "--wait", "--scale", f"{self._options.scale:g}", on_terminal=True)
        if self._supervisor.run(process) != 0:
            self._console.say("The first data could not be loaded; run `lakehouse seed` to try again.")

    def _command(
        self, name: str, *arguments: str, stdout: int | None = None, on_terminal: bool = False
    ) -> subprocess.Popen[bytes]:
        return spawn(
            parts.module_command("lakehouse_project.cli", name, *arguments),
            log=None if on_terminal else self._folder.log(name),
            environment=self._environment,
            death_signal=signal.SIGKILL,
            stdout=stdout,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
