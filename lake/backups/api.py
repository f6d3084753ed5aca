"""Routes of backups, for administrators: receipts, how well protected everything is, and work that is asked for."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema, Status
from pydantic import ConfigDict

from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue_once
from lake.backups.models import PERMISSION, Backup
from lake.backups.prune import Plan, PruneBackups
from lake.backups.repositories import Receipts
from lake.backups.status import DescribeProtection, Protection
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import NoFilters, Versions

versions = Versions(tags=["backups"])


class BackupOut(Schema):
    """The receipt of a backup."""

    id: str
    state: Backup.State = Field(
        description="stored: not restored yet; verified: it came back as it was; failed: it did not."
    )
    reason: str
    taken_at: datetime = Field(description="Everything committed before is in it.")
    seconds: float = Field(description="How long making it took.")
    size: int = Field(description="Bytes in the storage.")
    database_bytes: int
    tables: int
    rows: int
    is_encrypted: bool
    key: str = Field(description="Of the dump in the storage.")
    sha256: str
    verified_at: datetime | None
    restore_seconds: float | None = Field(description="Measured when it was verified: RTO.")
    findings: list[str] = Field(description="What the verification found to be wrong.")


class ProtectionOut(Schema):
    """What a disaster of this moment would cost."""

    newest: str | None
    newest_verified: str | None
    unprotected_since: datetime | None = Field(description="What came in since is in no verified backup.")
    rpo_seconds: float | None = Field(description="The same as an age.")
    rto_seconds: float | None = Field(description="How long restoring the newest verified backup took.")
    max_age_hours: float = Field(description="BACKUP_MAX_AGE_HOURS; 0: no limit.")
    is_overdue: bool


class DecisionOut(Schema):
    """What pruning would do with a backup."""

    id: str
    taken_at: datetime
    size: int
    is_kept: bool
    why: str


class PlanOut(Schema):
    """What pruning would do now."""

    decisions: list[DecisionOut]
    loose: list[str] = Field(description="Objects of interrupted backups, which go once they are a day old.")
    damaged: list[str] = Field(description="Manifests that cannot be read; they stay.")


class BackupIn(Schema):
    """How to make it."""

    model_config = ConfigDict(extra="forbid")

    verify: Annotated[bool, Field(description="Restore it into a scratch database afterwards.")] = True
    with_secrets: Annotated[
        bool, Field(description="With the keys of secrets.json; needs BACKUP_RECIPIENT.")
    ] = False


Identifier = Annotated[str, Field(max_length=40)]


@versions.list("", item=BackupOut, operation_id="list_backups", summary="Receipts, newest first")
def list_backups(request: HttpRequest, query: NoFilters) -> Listed:
    require(request, PERMISSION)
    return resolve(Receipts).rows()


@versions.get(
    "/status", response=ProtectionOut, operation_id="get_protection", summary="RPO and RTO of this moment"
)
def get_protection(request: HttpRequest) -> Protection:
    require(request, PERMISSION)
    return resolve(DescribeProtection)()


@versions.get(
    "/retention", response=PlanOut, operation_id="plan_prune", summary="What pruning would remove, and why"
)
def plan_prune(request: HttpRequest) -> Plan:
    require(request, PERMISSION)
    return resolve(PruneBackups).plan()


@versions.post(
    "/prune",
    response={202: OperationOut},
    operation_id="prune_backups",
    summary="Remove what the settings do not keep",
)
def prune_backups(request: HttpRequest, response: HttpResponse) -> Status[OperationOut]:
    return _begun(request, response, "backup_prune", "lake.prune_wanted")


@versions.get("/{backup_id}", response=BackupOut, operation_id="get_backup", summary="One receipt")
def get_backup(request: HttpRequest, backup_id: Identifier) -> Backup:
    require(request, PERMISSION)
    return resolve(Receipts).get(backup_id)


@versions.post("", response={202: OperationOut}, operation_id="create_backup", summary="Make a backup")
def create_backup(
    request: HttpRequest, response: HttpResponse, wanted: BackupIn | None = None
) -> Status[OperationOut]:
    return _begun(request, response, "backup", "lake.backup_wanted", **(wanted or BackupIn()).dict())


@versions.post(
    "/{backup_id}/verification",
    response={202: OperationOut},
    operation_id="verify_backup",
    summary="Restore it into a scratch database and compare",
)
def verify_backup(
    request: HttpRequest, response: HttpResponse, backup_id: Identifier
) -> Status[OperationOut]:
    require(request, PERMISSION)
    known = resolve(Receipts).get(backup_id).pk
    return _begun(request, response, "backup_verification", "lake.verification_wanted", backup=known)


def _begun(
    request: HttpRequest, response: HttpResponse, kind: str, event: str, **inputs: Any
) -> Status[OperationOut]:
    """The operation that does it; the one that waits or is at work already, if it is the same work."""
    reject_unknown(request, ())
    require(request, PERMISSION)
    run, is_new = enqueue_once(kind, user_id=request.user.pk, **inputs)
    if is_new:
        resolve(EventBus).publish(event, run_id=str(run.pk), **inputs)
    return accepted(request, response, run)
