"""Starts parts, restarts what dies, stops all.

Belongs in the main thread: children end with the thread that made them.
"""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.guard import Guard
from lakehouse_project.runtime.process import Part, kill_group, rotate, tail

_HEALTHY_SECONDS = 60.0
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 30.0
_START_ATTEMPTS = 3
_KEEPS_ENDING = 5
_ROTATE_SECONDS = 10.0
_TICK_SECONDS = 0.5
_STARTING_TICK_SECONDS = 0.03

Report = Callable[[str], None]


class StopRequested(Exception):
    """Ctrl-C, SIGTERM or a closed terminal."""


@dataclass
class _Watched:
    part: Part
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0  # time of the next start, while there is no process


Wave = list[_Watched]


class Supervisor:
    """Parts started together form a wave; waves are stopped in reverse order."""

    def __init__(self, guard: Guard, report: Report) -> None:
        self._guard = guard
        self._report = report
        self._waves: list[Wave] = []
        self._stop_requests = 0
        self._rotated = time.monotonic()
        self._wake_reader, self._wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Turn signals into StopRequested, and wake up at once when a child ends."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._request_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(-1)

    def start(self, *parts: Part, timeout: float = 60.0) -> None:
        """Start a wave and return when all of it answers. Raises RuntimeProblem when one does not."""
        self.wait_ready(self.launch(*parts), timeout)

    def wait_ready(self, wave: Wave, timeout: float) -> None:
        """Return when every part of a launched wave answers. Raises RuntimeProblem when one does not."""
        deadline = time.monotonic() + timeout
        for watched in wave:
            self._wait_ready(watched, deadline, timeout)

    def launch(self, *parts: Part) -> Wave:
        """Start a wave without waiting for it."""
        wave: Wave = []
        self._waves.append(wave)
        for part in parts:
            watched = _Watched(part)
            self._launch(watched)
            wave.append(watched)
        return wave

    def run(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a process that is to end by itself, looking after the parts meanwhile; its status."""
        self._guard.add(process.pid, 0)
        try:
            while process.poll() is None:
                self._tick(_TICK_SECONDS)
            return process.returncode
        finally:
            kill_group(process.pid)
            process.wait()
            self._guard.remove(process.pid)

    def watch(self) -> None:
        """Look after the parts until StopRequested."""
        while True:
            self._tick(_TICK_SECONDS)

    def stop(self) -> None:
        """Stop all parts, the last started first. A second signal ends the patience with them."""
        for wave in reversed(self._waves):
            self._stop_wave(wave)
        self._waves.clear()

    def _request_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_requests += 1

    def _launch(self, watched: _Watched) -> None:
        watched.started = time.monotonic()
        watched.process = watched.part.launch()
        self._guard.add(watched.process.pid, watched.part.grace)

    def _wait_ready(self, watched: _Watched, deadline: float, timeout: float) -> None:
        part = watched.part
        while not part.ready():
            if watched.failures >= _START_ATTEMPTS:
                raise RuntimeProblem(f"{part.name} does not start.", tail(part.log))
            if time.monotonic() > deadline:
                raise RuntimeProblem(f"{part.name} did not answer within {timeout:.0f} s.", tail(part.log))
            self._tick(_STARTING_TICK_SECONDS)

    def _tick(self, seconds: float) -> None:
        """Sleep until something happens, then restart what ended."""
        self._sleep(seconds)
        if self._stop_requests:
            raise StopRequested
        self._guard.check()
        for watched in self._all():
            self._look_after(watched)
        self._rotate_logs()

    def _sleep(self, seconds: float) -> None:
        readable, _, _ = select.select([self._wake_reader], [], [], seconds)
        if readable:
            os.read(self._wake_reader, 4096)

    def _all(self) -> list[_Watched]:
        return [watched for wave in self._waves for watched in wave]

    def _look_after(self, watched: _Watched) -> None:
        if watched.process is not None and watched.process.poll() is not None:
            self._bury(watched, watched.process)
        if watched.process is None and time.monotonic() >= watched.due:
            self._restart(watched)

    def _bury(self, watched: _Watched, process: subprocess.Popen[bytes]) -> None:
        """Clear away what a dead part left and decide when to start it again."""
        kill_group(process.pid)
        self._guard.remove(process.pid)
        watched.process = None
        self._count_failure(watched, f"{watched.part.name} {_how_it_ended(process.returncode)}")

    def _restart(self, watched: _Watched) -> None:
        try:
            self._launch(watched)
        except (RuntimeProblem, OSError) as error:
            self._count_failure(watched, f"{watched.part.name} could not be started: {error}")

    def _count_failure(self, watched: _Watched, event: str) -> None:
        now = time.monotonic()
        lived = now - watched.started
        watched.failures = 1 if lived > _HEALTHY_SECONDS else watched.failures + 1
        delay = min(_FIRST_DELAY * 2 ** (watched.failures - 1), _LONGEST_DELAY)
        watched.due = now + delay
        self._report(f"{event}; starting it again" + (f" in {delay:.0f} s." if delay >= 1 else "."))
        if watched.failures == _KEEPS_ENDING:
            lines = "\n  ".join(tail(watched.part.log))
            self._report(
                f"{watched.part.name} keeps ending. The last lines of {watched.part.log}:\n  {lines}"
            )

    def _rotate_logs(self) -> None:
        if time.monotonic() - self._rotated > _ROTATE_SECONDS:
            self._rotated = time.monotonic()
            for watched in self._all():
                rotate(watched.part.log)

    def _stop_wave(self, wave: Wave) -> None:
        begun = time.monotonic()
        running = {watched.process: watched.part for watched in wave if watched.process is not None}
        for process, part in running.items():
            process.send_signal(part.stop_signal)
        while running:
            for process, part in list(running.items()):
                impatient = self._stop_requests > 1 or time.monotonic() - begun > part.grace
                if impatient or process.poll() is not None:
                    self._end(process)
                    del running[process]
            if running:
                self._sleep(_STARTING_TICK_SECONDS)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.kill()
        process.wait()
        kill_group(process.pid)
        self._guard.remove(process.pid)


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
