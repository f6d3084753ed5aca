"""Runs, watermarks and quality results: what the pipeline did, how far it got and how good the result is.

And the answers that the API gives again (see `governance.idempotency`).
"""

import uuid
from typing import TYPE_CHECKING, ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

if TYPE_CHECKING:
    from governance.progress import Reporter

PRIVATE = frozenset({"export", "lake query"})
"""Kinds of runs whose inputs are nobody else's business: what somebody looks for tells of whom they look for."""


ADMINISTRATIVE = frozenset({"backup", "backup_verification", "backup_prune"})
"""Kinds of runs that are for those alone who may change runs: they tell how the database can be had whole, or lost."""


class Run(models.Model):
    """One piece of work of the pipeline; also the operation that an API client polls."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        PARTIAL = "partial"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(
        max_length=40, help_text="What was done: ingest, refine, marts, projection, seed."
    )
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0.0, help_text="Share of the work done, 0 to 1.")
    inputs = models.JSONField(default=dict, blank=True)
    counts = models.JSONField(default=dict, blank=True, help_text="Rows by outcome.")
    message = models.TextField(blank=True, help_text="One sentence for people.")
    detail = models.TextField(blank=True, help_text="Technical detail of a failure.")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(
        null=True, blank=True, help_text="When somebody asked to stop it; it stops at its next step."
    )
    result = models.JSONField(
        default=dict,
        blank=True,
        help_text="Where what came of it is: `location`, an address below the API version, or a file.",
    )

    is_shared = models.BooleanField(
        default=False, help_text="Others have asked for the same meanwhile, and look at it, too."
    )

    report: "Reporter"
    """Tells how far the run is; there while `governance.services.track` records it."""

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["kind", "-created_at"], name="run_kind_created"),
            models.Index(
                fields=["kind"], name="run_open", condition=models.Q(state__in=["queued", "running"])
            ),
        ]
        permissions: ClassVar = [
            ("start_pipeline", "Can start runs of the pipeline"),
            ("view_personal_data", "Can see personal data in clear"),
            ("view_secret_data", "Can see secret fields in clear"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Watermark(models.Model):
    """How far a stage has read the transaction ids of its source (see `governance.feed`)."""

    stage = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0, help_text="Every transaction below this id has been read.")
    system_identifier = models.CharField(
        max_length=32, blank=True, help_text="The database cluster read from."
    )
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.stage} at {self.position}"


class QualityResult(models.Model):
    """One measured check on one table after a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="quality")
    table = models.CharField(max_length=80)
    check_name = models.CharField(max_length=80)
    value = models.FloatField()
    passed = models.BooleanField()
    detail = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["table", "check_name"]
        indexes: ClassVar = [models.Index(fields=["table", "check_name", "-id"], name="quality_latest")]

    def __str__(self) -> str:
        return f"{self.table}: {self.check_name} = {self.value}"


class QualityThreshold(models.Model):
    """Limits of a check; a result beyond them fails. They replace the default ones."""

    table = models.CharField(
        max_length=80, blank=True, help_text="Table, or stage of the pipeline. Empty: all of them."
    )
    check_name = models.CharField(
        "check", max_length=80, help_text="As the results name it, such as seconds since newest record."
    )
    at_least = models.FloatField(null=True, blank=True, help_text="Lowest value that is good enough.")
    at_most = models.FloatField(null=True, blank=True, help_text="Highest value that is good enough.")

    class Meta:
        ordering: ClassVar = ["check_name", "table"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_threshold_per_check",
                fields=["table", "check_name"],
                violation_error_message="There is a threshold for this check of this table already.",
            ),
            models.CheckConstraint(
                name="limits_in_order",
                condition=models.Q(at_least=None)
                | models.Q(at_most=None)
                | models.Q(at_least__lte=models.F("at_most")),
                violation_error_message="At least is more than at most: nothing would pass.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_name} of {self.table or 'every table'}"


class StoredAnswer(models.Model):
    """What a request with an `Idempotency-Key` was answered."""

    lookup = models.CharField(
        max_length=64, unique=True, help_text="HMAC-SHA256 of the user and the key that came."
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    request = models.CharField(max_length=500, help_text="Method and address.")
    fingerprint = models.CharField(max_length=64, help_text="HMAC-SHA256 of method, address and body.")
    status = models.SmallIntegerField(help_text="HTTP status.")
    headers = models.JSONField(default=dict)
    body = models.BinaryField(help_text="The JSON of the answer, encrypted.")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.request


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Restriction(models.Model):
    """A data set that only some groups see (see `governance.visibility`)."""

    name = models.SlugField(primary_key=True, max_length=63, help_text="Of the data set.")
    groups = ArrayField(
        models.CharField(max_length=150),
        default=list,
        blank=True,
        help_text="Names of the groups that see it.",
    )

    class Meta:
        ordering: ClassVar = ["name"]
        default_permissions = ("add", "change", "delete")
        verbose_name = "restricted data set"

    def __str__(self) -> str:
        return self.name
