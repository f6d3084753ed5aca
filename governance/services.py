"""Recording what the pipeline does."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from governance.backoff import STAGES, failures_in_a_row, rest_after
from governance.feed import NothingToDo
from governance.models import Run
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import without_rows

LONGEST_WAIT = timedelta(hours=1)

log = structlog.get_logger(__name__)


def enqueue(kind: str, *, user_id: int | None = None, **inputs: Any) -> Run:
    """A run that a task will pick up with `track(kind, run_id=…)`; a client can poll it from now on."""
    return Run.objects.create(kind=kind, inputs=inputs, requested_by_id=user_id)


def enqueue_once(kind: str, *, user_id: int | None = None, **inputs: Any) -> tuple[Run, bool]:
    """The run of `kind` with the same inputs that waits or is at work, else a new one; and whether it is new.

    One that waits for longer than `LONGEST_WAIT` does not count: its task may be lost.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"enqueue:{kind}"])
        waiting = Q(state=Run.State.QUEUED, created_at__gt=timezone.now() - LONGEST_WAIT)
        open_ones = Run.objects.filter(Q(state=Run.State.RUNNING) | waiting, kind=kind, inputs=inputs)
        known = open_ones.order_by("created_at").first()
        return (known, False) if known else (enqueue(kind, user_id=user_id, **inputs), True)


@contextmanager
def track(kind: str, *, run_id: str | None = None, **inputs: Any) -> Iterator[Run]:
    """Record the block as a `Run`: running, then succeeded, or failed with the error, which goes on.

    Use it outside of the transaction that the block opens, so that a failed run is remembered. The block may set
    `counts` and `message` of the run it is given. With `run_id` it is one of `enqueue`, else a new one. A run that
    raises `NothingToDo` is forgotten.
    """
    run = Run.objects.get(pk=run_id) if run_id else Run(kind=kind, inputs=inputs)
    run.state, run.started_at = Run.State.RUNNING, timezone.now()
    run.save()
    try:
        yield run
    except NothingToDo:
        run.delete()
        raise
    except BaseException as error:
        _fail(run, error)
        raise
    run.state = Run.State.SUCCEEDED if run.state == Run.State.RUNNING else run.state
    _finish(run)


def cancel_interrupted() -> int:
    """Say of runs whose worker is gone that they were interrupted; for the start of a worker. How many there were.

    Where several workers share the database, a run of another one gets its right state back when it ends.
    """
    running = Run.objects.filter(state=Run.State.RUNNING)
    return running.update(
        state=Run.State.CANCELLED,
        finished_at=timezone.now(),
        message="The worker was stopped while it ran. The work is done again by another run.",
    )


def _fail(run: Run, error: BaseException) -> None:
    run.state = Run.State.FAILED
    run.message = (
        error.message if isinstance(error, LakehouseError) else "An unexpected error stopped this run."
    )
    if run.kind in STAGES:
        run.message += _outlook(failures_in_a_row(run.kind) + 1)
    run.detail = without_rows("".join(traceback.format_exception(error, limit=-8, chain=False)))
    _finish(run)


def _outlook(failures: int) -> str:
    rest = int(rest_after(failures).total_seconds())
    which = "" if failures == 1 else f" This is failure {failures} in a row."
    return f"{which} It is tried again after {rest} s."


def _finish(run: Run) -> None:
    run.progress = 1.0
    run.finished_at = timezone.now()
    run.save()
    log.info("run_finished", kind=run.kind, run=str(run.id), state=run.state, **run.counts)
