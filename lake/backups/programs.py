"""pg_dump, pg_dumpall and pg_restore: found, checked against the server, and run as streams."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from lake.backups.errors import BackupFailed, BackupProgramMissing
from lake.backups.server import Server
from lakehouse_project.kernel.masking import without_rows

LOCK_WAIT = "--lock-wait-timeout=600s"
"""A dump waits for whoever changes a table, though not for ever."""

_VERSION = re.compile(r"(\d+)(\.\d+)?")
_NOWHERE = "host=/nonexistent"
_STOP_SECONDS = 10


@dataclass(frozen=True)
class Programs:
    """The client programs of PostgreSQL of one version."""

    folder: Path
    version: str

    def dump(self, server: Server, snapshot: str, compression: str) -> AbstractContextManager[IO[bytes]]:
        """The database as a stream in pg_dump's custom format. Extensions are left out: they belong to the server."""
        return reading(
            [
                *(self.folder / "pg_dump", "--format=custom", f"--compress={compression}", LOCK_WAIT),
                *("--exclude-extension=*", f"--snapshot={snapshot}", f"--dbname={server.address}"),
            ],
            server,
        )

    def dump_globals(self, server: Server) -> AbstractContextManager[IO[bytes]]:
        """Roles without their passwords, as SQL."""
        return reading(
            [
                *(self.folder / "pg_dumpall", "--globals-only", "--no-role-passwords"),
                f"--dbname={server.address}",
            ],
            server,
        )

    def restore(self, server: Server, *, privileges: bool) -> AbstractContextManager[IO[bytes]]:
        """Takes the stream of a dump into an empty database. The first error ends it."""
        options = ["--exit-on-error", "--no-owner", *([] if privileges else ["--no-privileges"])]
        return writing([self.folder / "pg_restore", *options, f"--dbname={server.address}"], server)

    def compression(self) -> str:
        """The best this build can do: zstd if it has it, else gzip at the level that keeps up with the disk."""
        return _compression(self.folder / "pg_dump")


def find_programs(major: int, folders: Sequence[Callable[[], Path | None]] = ()) -> Programs:
    """Programs at least as new as the server: those of `folders`, or on PATH. Raises `BackupProgramMissing`."""
    found = []
    for folder in (*folders, _on_path):
        place = folder()
        version = _version(place / "pg_dump") if place is not None else None
        if place is None or version is None:
            continue
        if int(version.split(".", maxsplit=1)[0]) >= major:
            return Programs(place, version)
        found.append(version)
    lacking = f"there is only {' and '.join(found)}" if found else "there is none"
    raise BackupProgramMissing(
        f"The server is PostgreSQL {major}, which needs pg_dump {major} or newer, and {lacking}. "
        f"Install the client programs (Debian: postgresql-client-{major}) where this runs."
    )


def _on_path() -> Path | None:
    program = shutil.which("pg_dump")
    return Path(program).parent if program else None


@cache
def _version(program: Path) -> str | None:
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = _VERSION.search(answer.stdout)
    return found[0] if found else None


@cache
def _compression(program: Path) -> str:
    """A build without zstd says so before it looks for a server."""
    answer = subprocess.run(
        [program, "--compress=zstd", f"--dbname={_NOWHERE}"], capture_output=True, text=True, check=False
    )
    return "gzip:1" if "does not support compression" in answer.stderr else "zstd:3"


@contextmanager
def reading(command: Sequence[str | Path], server: Server) -> Iterator[IO[bytes]]:
    """What a program writes. Raises `BackupFailed` at the end of the block unless it ended well."""
    with _started(command, server, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as (process, ended):
        assert process.stdout is not None  # noqa: S101  it is a pipe
        yield process.stdout
        process.stdout.close()
        ended()


@contextmanager
def writing(command: Sequence[str | Path], server: Server) -> Iterator[IO[bytes]]:
    """What a program reads. Raises `BackupFailed` as above; then it matters more than that the pipe broke."""
    with _started(command, server, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as (process, ended):
        assert process.stdin is not None  # noqa: S101  it is a pipe
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            ended()
            raise
        ended()


@contextmanager
def _started(
    command: Sequence[str | Path], server: Server, *, stdin: int, stdout: int
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], None]]]:
    """A running program, which does not outlive the block, and a check that it ended well."""
    name = Path(command[0]).name
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=told, env=server.environment)

        def ended() -> None:
            if code := process.wait():
                raise BackupFailed(f"{name} {_how_it_ended(code)}: {_last_words(told)}")

        try:
            yield process, ended
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(_STOP_SECONDS)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)


def _close(pipe: IO[bytes]) -> None:
    """What is left in the buffer of a pipe that nobody reads any more is of no interest."""
    with suppress(BrokenPipeError):
        pipe.close()


def _how_it_ended(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"failed with status {code}"


def _last_words(told: IO[bytes]) -> str:
    """The errors of a program, in one line, without the rows that PostgreSQL quotes."""
    told.seek(0)
    text = without_rows(told.read(100_000).decode("utf-8", "replace"))
    lines = [line for line in text.splitlines() if "error:" in line or "FATAL:" in line] or text.splitlines()
    return " ".join(lines[-3:]).strip()[:500] or "it said nothing."
