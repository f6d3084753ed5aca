"""What tests need to know about processes they started: their descendants, and that those are gone."""

import time
from collections.abc import Callable, Iterable

import psutil

DEADLINE = 120.0


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def running(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; one that waits to be reaped by its parent does not."""
    return [process for process in processes if _is_running(process)]


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition: Callable[[], object], what: str, deadline: float = DEADLINE) -> None:
    """Poll `condition` until it holds; an AssertionError that names `what` if it does not in time."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, f"not within {deadline:.0f} s: {what}"
        time.sleep(0.05)
