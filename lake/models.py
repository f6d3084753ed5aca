"""What is remembered of published tables, queries and backups; tables and backups themselves are in the storage."""

from typing import ClassVar

from django.db import models

from lake.backups.models import Backup
from lake.sql.models import LakeQuery

__all__ = ["Backup", "LakeQuery", "PublishedTable"]


class PublishedTable(models.Model):
    """The last publish of a table of the lake."""

    name = models.CharField(max_length=80, primary_key=True)
    location = models.TextField(help_text="Where readers find the Delta table.")
    partition_by = models.JSONField(default=list, help_text="Partition columns, coarsest first.")
    version = models.BigIntegerField(help_text="Version of the Delta table.")
    rows = models.BigIntegerField()
    size = models.BigIntegerField(help_text="Bytes of all files.")
    files = models.IntegerField()
    partitions = models.IntegerField()
    stamp = models.TextField(blank=True, help_text="What the source was like when it was published.")
    published_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return f"{self.name} version {self.version}"
