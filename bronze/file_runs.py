"""The runs that load files, which whoever sent a file looks after."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from bronze.contracts import DOCUMENTS
from bronze.models import SourceFile
from governance.models import Run


def look_after(file_id: int, operation: UUID) -> None:
    """Say which run loads the file."""
    SourceFile.objects.filter(pk=file_id).update(operation=operation)


def is_unwanted(file_id: int) -> bool:
    """Whether somebody has cancelled the loading of the file."""
    loading = SourceFile.objects.filter(pk=file_id).values("operation")
    return Run.objects.filter(pk__in=loading, cancel_requested_at__isnull=False).exists()


def is_due(file_id: int) -> bool:
    """Whether it is the turn of the file, and no other worker loads it: earlier files of its data set come first."""
    received = SourceFile.objects.filter(state=SourceFile.State.RECEIVED)
    with transaction.atomic():
        row = received.select_for_update(skip_locked=True).filter(pk=file_id).first()
        if row is None or row.dataset_id == DOCUMENTS:
            return row is not None
        return not received.filter(dataset_id=row.dataset_id, pk__lt=row.pk).exists()


def settled() -> Sequence[int]:
    """Ids of files that are loaded, or failed, while the run of their loading still waits to be told."""
    waiting = Run.objects.filter(kind="ingest", state=Run.State.QUEUED).values("pk")
    rows = SourceFile.objects.exclude(state=SourceFile.State.RECEIVED).filter(operation__in=waiting)
    return list(rows.values_list("id", flat=True))
