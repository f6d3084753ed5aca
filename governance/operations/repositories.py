"""The operations that somebody may see, and what becomes of them."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from governance.errors import OperationFinished, OperationNotFound
from governance.models import PRIVATE, Run
from governance.repositories import COLUMNS, SEES_ALL, visible_runs
from lakehouse_project.kernel.permissions import Forbidden
from lakehouse_project.kernel.rows import Rows

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

OPEN = (Run.State.QUEUED, Run.State.RUNNING)

Caller = User | AbstractBaseUser | AnonymousUser


class Operations:
    """`caller` None: the command line, which sees everything."""

    def rows(self, caller: Caller | None, *, kind: str | None, state: str | None) -> Rows:
        """Newest first."""
        rows = _seen_by(caller)
        rows = rows.filter(kind=kind) if kind else rows
        rows = rows.filter(state=state) if state else rows
        return Rows(rows, ("-created_at", "id"), COLUMNS)

    def get(self, run_id: UUID | str, caller: Caller | None) -> Run:
        """Raises `OperationNotFound`, also for somebody else's."""
        run = _seen_by(caller).filter(pk=run_id).first()
        if run is None:
            raise OperationNotFound(f"There is no operation {run_id}, or it is not yours.")
        return run

    def cancel(self, run_id: UUID | str, caller: Caller | None) -> Run:
        """One that waits never begins; one at work stops at its next step.

        Raises `OperationNotFound`, `OperationFinished`, and `Forbidden` for one that was somebody else's first.
        """
        with transaction.atomic():
            _require_own(self.get(run_id, caller), caller)
            run = Run.objects.select_for_update().get(pk=run_id)
            if run.state not in OPEN:
                raise OperationFinished(f"The operation is over: it is {run.state}.")
            run.cancel_requested_at = timezone.now()
            if run.state == Run.State.QUEUED:
                run.state, run.finished_at = Run.State.CANCELLED, run.cancel_requested_at
                run.message = "Cancelled before it began."
            run.save(update_fields=["state", "cancel_requested_at", "finished_at", "message"])
        return run

    def give_up_lost(self, before: datetime) -> int:
        """Say of those that have waited since `before`, while nothing is at work, that nobody took them up."""
        if Run.objects.filter(state=Run.State.RUNNING).exists():
            return 0
        lost = Run.objects.filter(state=Run.State.QUEUED, created_at__lt=before).exclude(kind="ingest")
        return lost.update(
            state=Run.State.FAILED,
            finished_at=timezone.now(),
            message="No worker took it up: ask for it again. `lakehouse doctor` says whether one answers.",
        )

    def forget(self, before: datetime) -> int:
        """Delete what ended before: what somebody asked for, and what left a file; not what was measured."""
        asked = Q(requested_by__isnull=False) | Q(kind__in=PRIVATE)
        old = Run.objects.filter(asked, finished_at__lt=before, quality=None)
        return old.delete()[0]

    def known(self, names: Iterable[str]) -> set[str]:
        """Those of the names that are ids of runs."""
        ids = [name for name in names if UUID_TEXT.fullmatch(name)]
        return {str(pk) for pk in Run.objects.filter(pk__in=ids).values_list("pk", flat=True)}


def _sees_all(caller: Caller | None) -> bool:
    return caller is None or (isinstance(caller, User) and caller.has_perm(SEES_ALL))


def _require_own(run: Run, caller: Caller | None) -> None:
    if not _sees_all(caller) and (caller is None or run.requested_by_id != caller.pk):
        raise Forbidden("Somebody else asked for this first: they, or an administrator, may cancel it.")


def _seen_by(caller: Caller | None) -> "QuerySet[Run]":
    if caller is None:
        return Run.objects.all()
    if _sees_all(caller):
        return visible_runs()
    if not caller.pk:
        return Run.objects.none()
    return visible_runs().filter(Q(requested_by_id=caller.pk) | Q(is_shared=True))
