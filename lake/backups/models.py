"""Receipts of backups, as pages and routes list them. The storage is the truth: this is its index."""

from typing import ClassVar

from django.db import models

PERMISSION = "lake.manage_backups"


class Backup(models.Model):
    """One backup in the storage, and what the newest verification has shown."""

    class State(models.TextChoices):
        STORED = "stored"
        VERIFIED = "verified"
        FAILED = "failed"

    id = models.CharField(primary_key=True, max_length=40)
    state = models.CharField(max_length=10, choices=State)
    reason = models.CharField(max_length=10, help_text="request, schedule or safety (before a restore).")
    taken_at = models.DateTimeField(
        db_index=True, help_text="The moment of the snapshot: everything committed before is in it."
    )
    seconds = models.FloatField(help_text="How long it took.")
    size = models.BigIntegerField(help_text="Bytes in the storage.")
    database_bytes = models.BigIntegerField(help_text="Bytes of the database.")
    tables = models.IntegerField()
    rows = models.BigIntegerField()
    is_encrypted = models.BooleanField()
    key = models.CharField(max_length=120, help_text="Where the dump is in the storage.")
    sha256 = models.CharField(max_length=64, help_text="Of the dump as it is stored.")
    verified_at = models.DateTimeField(null=True, blank=True)
    restore_seconds = models.FloatField(
        null=True, blank=True, help_text="How long restoring it took when it was verified: RTO."
    )
    findings = models.JSONField(
        default=list, blank=True, help_text="What the verification found to be wrong."
    )

    class Meta:
        ordering: ClassVar = ["-taken_at"]
        default_permissions = ()
        permissions: ClassVar = [
            ("manage_backups", "Can make, verify and remove backups, and see their receipts")
        ]

    def __str__(self) -> str:
        return self.id
