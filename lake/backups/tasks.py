"""Tasks of backups. What goes wrong stands on their runs; trying again is up to the clock."""

from contextlib import suppress

from celery import shared_task
from django.conf import settings

from governance.backoff import is_resting
from governance.services import track
from lake.backups.create import CreateBackup
from lake.backups.domain import Reason, StoredBackup
from lake.backups.prune import PruneBackups
from lake.backups.status import DescribeProtection
from lake.backups.verify import VerifyBackup
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

RUN, VERIFICATION_RUN, PRUNE_RUN = "backup", "backup_verification", "backup_prune"


@shared_task(name="lake.create_backup")
def create_backup(run_id: str, verify: bool = True, with_secrets: bool = False) -> None:
    """As somebody asked for."""
    with suppress(LakehouseError):
        backup = _create("request", run_id=run_id, with_secrets=with_secrets)
        if verify:
            verify_backup(backup.id)


@shared_task(name="lake.verify_backup")
def verify_backup(backup: str, run_id: str | None = None) -> None:
    """One that is no good makes the run a failed one."""
    with suppress(LakehouseError), track(VERIFICATION_RUN, run_id=run_id, backup=backup) as run:
        judged = resolve(VerifyBackup)(backup, on_progress=run.report)
        run.message, run.result = judged.verdict, {"location": f"/backups/{backup}"}
        run.state = run.state if judged.state == "verified" else run.State.FAILED


@shared_task(name="lake.prune_backups")
def prune_backups(run_id: str | None = None) -> None:
    with suppress(LakehouseError), track(PRUNE_RUN, run_id=run_id) as run:
        run.counts = {"removed": len(resolve(PruneBackups)().doomed)}


@shared_task(name="lake.back_up_when_due")
def back_up_when_due() -> None:
    """Make, verify and prune, once the newest backup is as old as `BACKUP_INTERVAL_HOURS`."""
    if is_resting(RUN) or not resolve(DescribeProtection).is_due(settings.BACKUP_INTERVAL_HOURS):
        return
    with suppress(LakehouseError):
        backup = _create("schedule")
        if resolve(VerifyBackup).can_open(backup):
            verify_backup(backup.id)
        prune_backups()


def _create(reason: Reason, *, run_id: str | None = None, with_secrets: bool = False) -> StoredBackup:
    with track(RUN, run_id=run_id) as run:
        backup = resolve(CreateBackup)(reason=reason, with_secrets=with_secrets, on_progress=run.report)
        run.result = {"location": f"/backups/{backup.id}"}
        run.counts, run.message = backup.counts, f"Backup {backup.id}"
    return backup
