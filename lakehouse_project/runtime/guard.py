"""Ends the parts of a supervisor that was killed, with all their children.

The guard is a process of its own that reads lines on its input: `<group> <seconds>` for a process group that
is given so long to end by itself, `-<group>` for one that has ended. Its input closes when the supervisor
ends, however it does. It inherits the lock of the state folder and holds it until all is over.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from lakehouse_project.runtime.process import kill_group

_PACKAGES = Path(__file__).resolve().parents[2]


class Guard:
    """The supervisor's end of the pipe. A guard that was killed is replaced at the next call."""

    def __init__(self, lock_descriptor: int) -> None:
        self._lock_descriptor = lock_descriptor
        self._groups: dict[int, float] = {}
        self._process = self._start()

    def add(self, group: int, grace: float) -> None:
        self._groups[group] = grace
        self._tell(f"{group} {grace}\n")

    def remove(self, group: int) -> None:
        if self._groups.pop(group, None) is not None:
            self._tell(f"-{group}\n")

    def close(self) -> None:
        """Let the guard end what is still registered, and wait for it."""
        self._process.communicate()

    def check(self) -> None:
        """Replace the guard if it has ended."""
        if self._process.poll() is not None:
            self._process = self._start()
            for group, grace in self._groups.items():
                self._tell(f"{group} {grace}\n")

    def _tell(self, line: str) -> None:
        try:
            os.write(self._input(), line.encode())
        except BrokenPipeError:
            self.check()  # the new guard is told everything

    def _input(self) -> int:
        if self._process.stdin is None:
            raise AssertionError("started with a pipe")
        return self._process.stdin.fileno()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            env={"PYTHONPATH": str(_PACKAGES)},
            pass_fds=[self._lock_descriptor],
            start_new_session=True,
        )


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(follow(sys.stdin))


def follow(lines: Iterable[str]) -> dict[int, float]:
    """Read to the end of input; the groups that are left then, each with its seconds of grace."""
    groups: dict[int, float] = {}
    for line in lines:
        group, _, grace = line.strip().partition(" ")
        if grace:
            groups[int(group)] = float(grace)
        else:
            groups.pop(-int(group), None)
    return groups


def end(groups: dict[int, float]) -> None:
    """Kill each group when its first process has ended or its grace is over."""
    start = time.monotonic()
    while groups:
        for group, grace in list(groups.items()):
            if time.monotonic() - start >= grace or not is_running(group):
                kill_group(group)
                del groups[group]
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether the process exists and is more than an entry that its parent has not read yet."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    main()
