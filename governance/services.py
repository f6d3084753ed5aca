"""Recording what the pipeline does."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from governance.backoff import STAGES, failures_in_a_row, rest_after
from governance.errors import OperationCancelled
from governance.feed import NothingToDo
from governance.models import Run
from governance.progress import STOPPED, Reporter
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.masking import without_rows

LONGEST_WAIT = timedelta(hours=1)
UNFINISHED = (Run.State.QUEUED, Run.State.RUNNING, Run.State.CANCELLED)
"""Cancelled without anybody's asking: the worker was stopped, and its task has come again."""

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
        if known is None:
            return enqueue(kind, user_id=user_id, **inputs), True
        if not known.is_shared and known.requested_by_id != user_id:
            Run.objects.filter(pk=known.pk).update(is_shared=True)
        return known, False


def asker(run: Run) -> User | AnonymousUser:
    """Who asked for the run, as far as they may see by now; nobody if they are gone."""
    user = run.requested_by
    return user if user is not None and user.is_active else AnonymousUser()


@contextmanager
def track(kind: str, *, run_id: str | None = None, **inputs: Any) -> Iterator[Run]:
    """Record the block as a `Run`: running, then succeeded, or failed with the error, which goes on.

    Use it outside of the transaction that the block opens, so that a failed run is remembered. The block may set
    `counts`, `message` and `result` of the run it is given, and tell with `run.report(done, total)` how far it is; that
    raises `OperationCancelled` once somebody has asked for an end. With `run_id` it is one of `enqueue`, else a new one.
    A run that raises `NothingToDo` is forgotten, or waits again. Raises `OperationCancelled`, and the block does not
    begin, if the run is over already.
    """
    run, was = _begun(run_id) if run_id else (_new(kind, inputs), None)
    run.report = Reporter(run)
    try:
        yield run
    except NothingToDo:
        _forget(run, was)
        raise
    except OperationCancelled as error:
        _end(run, Run.State.CANCELLED, error.message)
        raise
    except KeyboardInterrupt:
        _end(run, Run.State.CANCELLED, "Interrupted on the command line.")
        raise
    except BaseException as error:
        _fail(run, error)
        raise
    finally:
        run.report.close()
    run.progress = 1.0
    run.state = Run.State.SUCCEEDED if run.state == Run.State.RUNNING else run.state
    _finish(run)


def _new(kind: str, inputs: dict[str, Any]) -> Run:
    return Run.objects.create(kind=kind, inputs=inputs, state=Run.State.RUNNING, started_at=timezone.now())


def _begun(run_id: str) -> tuple[Run, Run.State]:
    """A run that waits, or that a worker began which is gone, and its state before. Raises `OperationCancelled`."""
    with transaction.atomic():
        run = Run.objects.select_for_update().filter(pk=run_id).first()
        if run is None:
            raise OperationCancelled(f"There is no run {run_id} any more.")
        was = Run.State(run.state)
        if run.cancel_requested_at is None and was in UNFINISHED:
            run.state, run.started_at, run.finished_at = Run.State.RUNNING, timezone.now(), None
            run.progress, run.message = 0.0, ""
            run.save(update_fields=["state", "started_at", "finished_at", "progress", "message"])
            return run, was
        if was == Run.State.RUNNING:
            _end(run, Run.State.CANCELLED, STOPPED)
    raise OperationCancelled(f"The run {run_id} is over: it is {run.state}.")


def _forget(run: Run, was: Run.State | None) -> None:
    """A run of `enqueue` waits for its turn again, unless another worker has begun it."""
    if was is None:
        run.delete()
    elif was != Run.State.RUNNING:
        Run.objects.filter(pk=run.pk, state=Run.State.RUNNING).update(state=Run.State.QUEUED, started_at=None)


def goes_on(run_id: str | None) -> str | None:
    """`run_id`, if the run waits, was interrupted, or was cancelled meanwhile; None for one that has ended by itself."""
    if run_id and Run.objects.filter(pk=run_id, state__in=UNFINISHED).exists():
        return run_id
    return None


def latest(kind: str, **inputs: Any) -> Run | None:
    """The run of `kind` with these inputs that was asked for last."""
    return Run.objects.filter(kind=kind, inputs__contains=inputs).order_by("-created_at").first()


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
    message = error.message if isinstance(error, LakehouseError) else "An unexpected error stopped this run."
    if run.kind in STAGES:
        message += _outlook(failures_in_a_row(run.kind) + 1)
    run.detail = without_rows("".join(traceback.format_exception(error, limit=-8, chain=False)))
    _end(run, Run.State.FAILED, message)


def _end(run: Run, state: Run.State, message: str) -> None:
    run.state, run.message = state, message
    _finish(run)


def _outlook(failures: int) -> str:
    rest = int(rest_after(failures).total_seconds())
    which = "" if failures == 1 else f" This is failure {failures} in a row."
    return f"{which} It is tried again after {rest} s."


def _finish(run: Run) -> None:
    """All but the wish to cancel it, which may have come in since the run was read."""
    run.finished_at = timezone.now()
    run.save(update_fields=["state", "progress", "counts", "message", "detail", "result", "finished_at"])
    log.info("run_finished", kind=run.kind, run=str(run.id), state=run.state, **run.counts)
