"""Queries of the lake: who asked what, what it was said to read, what it did read."""

from typing import ClassVar

from django.db import models

from governance.models import Run


class LakeQuery(models.Model):
    """One query that was run, or waits to be. Its state, message and who asked are those of its run."""

    class Engine(models.TextChoices):
        EMBEDDED = "embedded"
        ATHENA = "athena"

    run = models.OneToOneField(Run, primary_key=True, on_delete=models.CASCADE, related_name="lake_query")
    sql = models.TextField("SQL")
    engine = models.CharField(max_length=10, choices=Engine, default=Engine.EMBEDDED)
    estimate = models.JSONField(help_text="What it would read, found out before it ran.")
    estimated_bytes = models.BigIntegerField()
    actual = models.JSONField(null=True, blank=True, help_text="What it did read.")
    scanned_bytes = models.BigIntegerField(null=True, blank=True)
    rows = models.IntegerField(null=True, blank=True, help_text="Rows of the result that are kept.")
    truncated = models.BooleanField(default=False, help_text="The result had more rows than are kept.")
    result_key = models.CharField(
        max_length=120, blank=True, help_text="Where the result is in the storage; empty once it is removed."
    )

    class Meta:
        ordering: ClassVar = ["-run__created_at"]
        app_label = "lake"
        verbose_name = "query"
        verbose_name_plural = "queries"
        permissions: ClassVar = [("view_lake", "Can query the tables of the lake")]

    def __str__(self) -> str:
        return self.sql[:60]
