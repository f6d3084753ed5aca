"""Tasks that look for all there is to do are called once, however many events want them.

A mark in Valkey says that a task has been called. The task takes it away when it begins, before it looks: what was committed
until then it finds, and what comes later calls it again.
"""

from collections.abc import Sequence
from functools import cache

from redis import Redis

from lakehouse_project.env import env

MARK = "lakehouse:called:"
SECONDS = 1
"""So long an answer waits for a Valkey that gives none."""


@cache
def _server() -> Redis:
    address = env().broker() or "redis://127.0.0.1:1/0"
    return Redis.from_url(address, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)


def not_called_yet(tasks: Sequence[str]) -> list[str]:
    """Those of `tasks` that wait in no queue; they count as called from now on. Raises `RedisError`.

    A mark is forgotten once the clock has sent the task as well, in case the call got lost.
    """
    forgotten_after = int(1000 * env().pipeline_interval_seconds)
    marks = _server().pipeline(transaction=False)
    for task in tasks:
        marks.set(f"{MARK}{task}", 1, nx=True, px=forgotten_after)
    return [task for task, is_first in zip(tasks, marks.execute(), strict=True) if is_first]


def begun(task: str) -> None:
    """Whoever wants the task from now on has to call it again. Raises `RedisError`."""
    _server().delete(f"{MARK}{task}")
