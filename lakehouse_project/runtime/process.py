"""Child processes that cannot outlive their parent and whose log files stay small."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from lakehouse_project.runtime.errors import RuntimeProblem

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT = 10 * 1024 * 1024
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Account:
    """A system account that a child runs as."""

    name: str
    uid: int
    gid: int


class Part(Protocol):
    """One supervised process: how it starts, when it is ready, how it ends."""

    @property
    def name(self) -> str: ...
    @property
    def log(self) -> Path: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def grace(self) -> float:
        """Seconds between the stop signal and SIGKILL."""

    def launch(self) -> subprocess.Popen[bytes]: ...
    def ready(self) -> bool: ...


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path | None,
    environment: Mapping[str, str],
    death_signal: signal.Signals,
    account: Account | None = None,
    cwd: Path | None = None,
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to `log` (None: on the terminal).

    When the calling *thread* ends, the kernel sends `death_signal`: so call this from the main thread.
    """
    with open_log(log) as output:
        return subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn  # the caller owns it
            [str(word) for word in command],
            stdin=stdin,
            stdout=output if stdout is None else stdout,
            stderr=output,
            env=dict(environment),
            cwd=cwd,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), death_signal),  # noqa: PLW1509  # nothing but one system call
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )


def open_log(log: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    """Append mode, so that `rotate` may truncate the file under its writer."""
    return nullcontext() if log is None else log.open("ab")


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None] | None:
    """Runs in the child after the change of user, which would reset the death signal."""
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def request() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died before the request
            os._exit(1)

    return request


def wait_ready(part: Part, process: subprocess.Popen[bytes], timeout: float) -> None:
    """Return when `part` answers. Raises RuntimeProblem when it ends before, or does not answer in time."""
    deadline = time.monotonic() + timeout
    while not part.ready():
        if process.poll() is not None:
            raise RuntimeProblem(f"{part.name} ended with status {process.returncode}.", tail(part.log))
        if time.monotonic() > deadline:
            raise RuntimeProblem(f"{part.name} did not answer within {timeout:.0f} s.", tail(part.log))
        time.sleep(_POLL_SECONDS)


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, grace: float) -> None:
    """End `process`: politely, after `grace` seconds by force, with what is left of its process group."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    kill_group(process.pid)


def kill_group(group: int) -> None:
    """SIGKILL whatever is left in a process group, such as the pool of a worker that was killed."""
    with suppress(ProcessLookupError, PermissionError):  # empty; macOS answers EPERM for a group of zombies
        os.killpg(group, signal.SIGKILL)


def tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log, none where there is no log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return file.read().decode("utf-8", errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def rotate(log: Path, limit: int = _LOG_LIMIT) -> None:
    """Copy a log of more than `limit` bytes to `<log>.1` and empty it; its writer appends, so it goes on."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)
