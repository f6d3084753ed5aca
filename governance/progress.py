"""How far a run is, told while its own transaction is open; and whether it shall stop."""

import time
from collections.abc import Callable
from contextlib import suppress

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from governance.errors import OperationCancelled
from governance.models import Run

SECONDS_BETWEEN = 1.0
STOPPED = "Stopped as asked."

TELL = """
UPDATE governance_run SET progress = %(progress)s, state = 'running', finished_at = NULL, message = %(message)s
WHERE id = (SELECT id FROM governance_run WHERE id = %(id)s AND state IN ('running', 'cancelled') FOR UPDATE SKIP LOCKED)
RETURNING cancel_requested_at IS NOT NULL
"""
"""A run that tells is running, whatever a worker that started meanwhile has thought of it. It never waits: a row that
somebody else holds is told about a second later."""


class Reporter:
    """Call it as often as you like: it writes at most once a second, over a connection of its own, which it opens then."""

    def __init__(self, run: Run) -> None:
        self.listener: Callable[[int, int], None] | None = None
        """Is told the same, as often as the work tells: a progress bar."""
        self._run = run
        self._told_at = time.monotonic()
        self._own: BaseDatabaseWrapper | None = None

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` is done. Raises `OperationCancelled` if somebody wants the run to stop."""
        if self.listener:
            self.listener(done, total)
        if total > 0:
            self._run.progress = max(self._run.progress, min(done / total, 1.0))
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN:
            self._told_at = time.monotonic()
            self._tell()

    def close(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    def _tell(self) -> None:
        run = self._run
        with suppress(
            DatabaseError
        ):  # what matters is the work; its own connection says if the database is gone
            self._own = self._own or connection.copy()
            with self._own.cursor() as cursor:
                cursor.execute(TELL, {"id": run.pk, "progress": run.progress, "message": run.message})
                is_cancelled = any(cancelled for (cancelled,) in cursor.fetchall())
            if is_cancelled:
                raise OperationCancelled(STOPPED)
