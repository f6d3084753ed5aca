"""Child processes that plan and run SQL within a hard limit of memory and time (see `lake.sql.child`)."""

import json
import os
import select
import subprocess
import sys
import time
import weakref
from pathlib import Path
from threading import Lock
from typing import Any

from lake.sql.child import IDLE_SECONDS

START_SECONDS = 60.0
"""A busy machine may start slowly: that is not the time of the query."""
GRACE_SECONDS = 3.0
"""A child is killed so long after it should have interrupted the query by itself."""
KEPT = 1
PIECE = 1 << 20


class Refused(Exception):
    """`kind`: memory, late, large, gone or invalid; the last with what DuckDB says."""

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.kind, self.message = kind, message


class _EndedError(Exception):
    """The child is no more."""


class Children:
    """Children with a limit of `memory_mb` each for what they compute. One of them is kept for some minutes."""

    def __init__(self, memory_mb: int) -> None:
        self.memory_mb = memory_mb
        self._idle: list[_Child] = []
        self._lock = Lock()
        weakref.finalize(self, _close_all, self._idle)

    def ask(self, work: str, *, seconds: float, **request: Any) -> dict[str, Any]:
        """The answer of a child to a request of `lake.sql.child`. Raises `Refused`."""
        child = self._idle_child() or _Child(self.memory_mb)
        try:
            answer = child.ask({"work": work, "seconds": seconds, **request}, seconds + GRACE_SECONDS)
        except _EndedError as error:
            child.close()
            raise Refused("memory") from error  # the kernel has refused what a library had to have
        except BaseException:  # an interruption as well: the next request must not get this answer
            child.close()
            raise
        if answer.get("failed") == "memory":
            child.close()
        else:
            self._keep(child)
        if "failed" in answer:
            raise Refused(answer["failed"], answer["message"])
        return answer

    def _idle_child(self) -> "_Child | None":
        with self._lock:
            while self._idle:
                if (child := self._idle.pop()).is_there():
                    return child
                child.close()
        return None

    def _keep(self, child: "_Child") -> None:
        with self._lock:
            if len(self._idle) < KEPT:
                self._idle.append(child)
                return
        child.close()


def _close_all(children: "list[_Child]") -> None:
    for child in children:
        child.close()


class _Child:
    def __init__(self, memory_mb: int) -> None:
        root = str(Path(__file__).resolve().parents[2])
        paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # closed by close()
            [sys.executable, "-m", "lake.sql.child", str(memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": paths, "PATH": os.environ.get("PATH", ""), "MALLOC_ARENA_MAX": "2"},
        )
        self._rest = b""
        self._is_ready = False
        self._asked = time.monotonic()

    def is_there(self) -> bool:
        """Whether it waits for a request, and not so long that it is about to end by itself."""
        return self._process.poll() is None and time.monotonic() - self._asked < IDLE_SECONDS / 2

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Raises `Refused` when it takes longer, `_EndedError` when the child ends."""
        if not self._is_ready:
            self._await_start()
        deadline = time.monotonic() + seconds
        self._send(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._line(deadline))
        self._asked = time.monotonic()
        return answer

    def _await_start(self) -> None:
        try:
            self._line(time.monotonic() + START_SECONDS)
        except _EndedError as error:
            status = self._process.wait()
            raise RuntimeError(f"The process for queries did not start: it ended with {status}.") from error
        self._is_ready = True

    def _send(self, line: bytes) -> None:
        if self._process.stdin is None:
            raise _EndedError
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise _EndedError from None

    def _line(self, deadline: float) -> bytes:
        if self._process.stdout is None:
            raise _EndedError
        descriptor, parts, answers = self._process.stdout.fileno(), [self._rest], select.poll()
        answers.register(descriptor, select.POLLIN)
        while b"\n" not in parts[-1]:
            if not answers.poll(max(deadline - time.monotonic(), 0) * 1000):
                raise Refused("late")
            if not (piece := os.read(descriptor, PIECE)):
                raise _EndedError
            parts.append(piece)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line
