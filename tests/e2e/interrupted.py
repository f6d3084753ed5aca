"""A process whose children do a piece of work and are killed at its n-th step: `python -m tests.e2e.interrupted`.

A step is a statement, a block of a COPY, the moment before a commit or the renaming of a file and the moment after it.
Each line on standard input says what to do, `work database n`; the answer is how it ended: `killed`, `done`, or `failed`
with what went wrong on standard error. Children are forked, so that hundreds of them take seconds. The files for the
work are below LAKEHOUSE_HOME.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import psycopg

FOLDER = "to-ingest"


def main() -> None:
    """Answer every line until the input ends."""
    django.setup()
    from bronze.services import ReceiveFile  # noqa: PLC0415  needs Django
    from lakehouse_project.kernel.services import resolve  # noqa: PLC0415
    from tests.e2e import interrupted_works  # noqa: PLC0415

    resolve(ReceiveFile)  # loads and wires all services, once for all children
    gc.freeze()
    for line in sys.stdin:
        name, database, step = line.split()
        work = getattr(interrupted_works, name)
        sys.stdout.write(
            _forked(lambda work=work, database=database, step=step: _run(work, database, int(step))) + "\n"
        )
        sys.stdout.flush()


def _forked(task: Callable[[], None]) -> str:
    child = os.fork()
    if child == 0:
        try:
            task()
        except BaseException:  # noqa: BLE001  the child must never return into the loop of its parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return "killed"
    return "done" if status == 0 else "failed"


def _run(work: Callable[[Path], None], database: str, last: int) -> None:
    """Do `work` and be killed at step `last`; 0 is never reached."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415

    connection = connections["default"]
    connection.settings_dict["NAME"] = database
    steps = Steps(last)
    with connection.execute_wrapper(steps.before_statement):
        steps.watch(psycopg.Copy, "write")
        steps.watch(type(connection), "_commit", after=True)
        steps.watch(Path, "rename", after=True)
        work(Path(settings.LAKEHOUSE_HOME) / FOLDER)


class Steps:
    """Counts steps, and dies at the last one."""

    def __init__(self, last: int) -> None:
        self._left = last

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.step()
        return execute(sql, params, many, context)

    def watch(self, owner: type, name: str, *, after: bool = False) -> None:
        """Count calls of a method as steps, and their ends too if `after`."""
        method = getattr(owner, name)

        def counted(*args: Any, **options: Any) -> Any:
            self.step()
            result = method(*args, **options)
            if after:
                self.step()
            return result

        setattr(owner, name, counted)


if __name__ == "__main__":
    main()
