"""Tables of the bronze layer: data sets, source files with their receipts, raw records, documents."""

from typing import Any, ClassVar

import pghistory
import pghistory.models
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now, Trim

from governance.triggers import stamp_revision, stamp_xid
from governance.visibility import Named, OfDataset, OfDocuments
from lakehouse_project.kernel.fields import VirtualField, XidField


class Dataset(models.Model):
    """A named collection of raw records. Its contract, if any, has the same name; others are described here."""

    class DuplicateKeys(models.TextChoices):
        LAST_WINS = "last_wins"
        QUARANTINE = "quarantine"

    name = models.SlugField(primary_key=True, max_length=63)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    key_fields = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    fields = models.JSONField(
        default=list, blank=True, help_text="Described fields, for a data set without a contract in the code."
    )
    duplicate_keys = models.CharField(
        max_length=10,
        choices=DuplicateKeys,
        default=DuplicateKeys.LAST_WINS,
        db_default=DuplicateKeys.LAST_WINS,
        help_text="Rows of one file with the same key: the last one counts, or all of them are quarantined.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Its files and the tombstones of its records stay."
    )

    objects = Named["Dataset"]()
    everything = models.Manager["Dataset"]()

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name = "data set"

    def __str__(self) -> str:
        return self.title


class SourceFile(models.Model):
    """A file as it came, and the receipt that says what became of each of its rows."""

    class State(models.TextChoices):
        RECEIVED = "received"
        LOADED = "loaded"
        FAILED = "failed"
        UNDONE = "undone"

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=255, help_text="Name under which the file was sent.")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="Bytes.")
    media_type = models.CharField(max_length=100)
    format = models.JSONField(help_text="What admission found: kind, encoding, delimiter, header, columns.")
    detected = models.JSONField(default=list, help_text="The findings in words.")
    received_via = models.CharField(max_length=20, help_text="command, upload, folder, s3, seed or api.")
    received_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    attempts = models.SmallIntegerField(default=0, help_text="How often a worker began to load it.")
    error = models.TextField(blank=True, help_text="Why it failed, and what to do.")
    xid = models.BigIntegerField(null=True, editable=False, help_text="Transaction that loaded the rows.")
    rows_read = models.BigIntegerField(default=0)
    rows_inserted = models.BigIntegerField(default=0)
    rows_updated = models.BigIntegerField(default=0)
    rows_unchanged = models.BigIntegerField(default=0)
    rows_duplicate = models.BigIntegerField(default=0)
    rows_quarantined = models.BigIntegerField(default=0)
    received_at = models.DateTimeField(auto_now_add=True)
    loaded_at = models.DateTimeField(null=True, blank=True)
    operation = models.UUIDField(
        null=True, editable=False, help_text="The run that loads it, for whoever sent it to look after."
    )

    objects = OfDataset["SourceFile"]()
    everything = models.Manager["SourceFile"]()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="receipt_balances",
                condition=Q(
                    rows_read=F("rows_inserted")
                    + F("rows_updated")
                    + F("rows_unchanged")
                    + F("rows_duplicate")
                    + F("rows_quarantined")
                ),
            ),
            models.UniqueConstraint(
                name="one_file_per_content",
                fields=["dataset", "sha256"],
                condition=~Q(state__in=["failed", "undone"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


def _effective() -> models.Func:
    """The edits of staff on top of what was received."""
    return models.Func("payload", "patch", arg_joiner=" || ", template="(%(expressions)s)")


class RawRecord(models.Model):
    """A record as received (`payload`), with the edits of staff on top (`patch`)."""

    class Status(models.TextChoices):
        VALID = "valid"
        QUARANTINED = "quarantined"
        DELETED = "deleted"

    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.PROTECT, related_name="records", db_index=False, db_constraint=False
    )
    """Without a constraint, which would be checked row by row: whoever merges holds the data set instead."""
    key = models.TextField(
        help_text="Natural key; parts joined by a colon. A row without a key gets one from its content."
    )
    payload = models.JSONField(help_text="The record as it was received.", db_default={})
    patch = models.JSONField(
        help_text="Fields that staff have overridden.", db_default={}, default=dict, blank=True
    )
    effective = VirtualField(expression=_effective(), output_field=models.JSONField())
    raw_text = models.TextField(  # noqa: DJ001  null: it was parsed; an empty text would be a text
        null=True, blank=True, help_text="The text of a row that could not be parsed."
    )
    status = models.CharField(max_length=11, choices=Status, db_default=Status.VALID)
    errors = models.JSONField(
        db_default=[],
        default=list,
        blank=True,
        help_text="field, rule, message and value of each failed rule.",
    )
    conflict = models.JSONField(
        db_default={},
        default=dict,
        blank=True,
        help_text="Overridden fields of which a later file brought another value.",
    )
    source_file = models.ForeignKey(
        SourceFile,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="records",
    )
    line = models.BigIntegerField(null=True, blank=True, help_text="Physical line in the source file.")
    revision = models.IntegerField(db_default=1, editable=False)
    content_hash = models.BinaryField(editable=False, help_text="SHA-256 of the payload.")
    xid = XidField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfDataset["RawRecord"]()
    everything = models.Manager["RawRecord"]()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source_file", "line"], name="raw_record_origin"),
            models.Index(fields=["xid"], name="raw_record_xid"),
            models.Index(fields=["dataset", "id"], name="raw_record_list", condition=~Q(status="deleted")),
            models.Index(
                Trim(KeyTextTransform("user_id", _effective())),
                name="raw_record_employee",
                condition=Q(dataset="employment_info"),
            ),
            models.Index(
                fields=["dataset", "id"], name="raw_record_quarantine", condition=Q(status="quarantined")
            ),
            models.Index(fields=["dataset", "id"], name="raw_record_patched", condition=~Q(patch={})),
            GinIndex(
                OpClass("errors", "jsonb_path_ops"),
                name="raw_record_errors",
                condition=Q(status="quarantined"),
            ),
        ]
        constraints: ClassVar = [models.UniqueConstraint(name="raw_record_key", fields=["dataset", "key"])]
        triggers: ClassVar = [stamp_revision()]

    def __str__(self) -> str:
        return f"{self.dataset_id} {self.key}"


def _unconstrained(to: Any, **options: Any) -> "models.ForeignKey[Any, Any]":
    """A reference that costs nothing on write: history outlives what it refers to."""
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        **{"db_index": False, **options},
    )


class RecordHistory(pghistory.models.Event):
    """An earlier revision of a raw record, kept by triggers when it is replaced or removed.

    `pgh_created_at` and `pgh_context` (who, why) tell of the change that ended it. One statement writes them for all
    the rows of an update, so a merge stays a merge.
    """

    pgh_tracked_model = RawRecord  # type: ignore[assignment]  # the base says None
    pgh_trackers = (  # type: ignore[assignment]
        pghistory.UpdateEvent(
            row=pghistory.Old, condition=None, level=pghistory.Statement, trigger_name="history_of_update"
        ),
        pghistory.DeleteEvent(level=pghistory.Statement, trigger_name="history_of_delete"),
    )

    pgh_id = models.BigAutoField(primary_key=True)
    pgh_obj = _unconstrained(RawRecord)
    pgh_context = _unconstrained("pghistory.Context", null=True)
    dataset = _unconstrained(Dataset)
    key = models.TextField()
    payload = models.JSONField()
    patch = models.JSONField()
    raw_text = models.TextField(null=True)  # noqa: DJ001  as in the record
    status = models.CharField(max_length=11, choices=RawRecord.Status)
    errors = models.JSONField()
    conflict = models.JSONField()
    source_file = _unconstrained(SourceFile, null=True, db_index=True)
    line = models.BigIntegerField(null=True)
    revision = models.IntegerField()
    content_hash = models.BinaryField()
    updated_at = models.DateTimeField(help_text="When this revision was written.")

    objects: ClassVar = OfDataset["RecordHistory"]()  # type: ignore[assignment]  # the base has another one
    everything = models.Manager["RecordHistory"]()

    class Meta:
        verbose_name_plural = "record history"
        constraints: ClassVar = [
            models.UniqueConstraint(name="record_history_revision", fields=["pgh_obj", "revision"])
        ]

    def __str__(self) -> str:
        return f"{self.dataset_id} {self.key}, revision {self.revision}"


class Document(models.Model):
    """A PDF or text file as a searchable document."""

    class Status(models.TextChoices):
        PENDING = "pending"
        OK = "ok"
        PARTIAL = "partial"
        ENCRYPTED = "encrypted"
        CORRUPT = "corrupt"
        LIMIT = "limit"
        TIMEOUT = "timeout"
        NO_TEXT = "no_text"

    sha256 = models.CharField(max_length=64, primary_key=True)
    source_file = models.OneToOneField(SourceFile, on_delete=models.CASCADE, related_name="document")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    message = models.TextField(blank=True)
    title = models.TextField(blank=True)
    author = models.TextField(blank=True)
    page_count = models.IntegerField(default=0)
    user_id = models.CharField(
        max_length=64, blank=True, db_index=True, help_text="Natural key of the user it belongs to."
    )
    linked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    linked_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When somebody chose the user. Empty: the text names the user, or nobody.",
    )
    ocr_at = models.DateTimeField(
        null=True, blank=True, help_text="When pages without text were read from their picture."
    )
    is_deleted = models.BooleanField(default=False)
    xid = XidField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OfDocuments["Document"]()
    everything = models.Manager["Document"]()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["xid"], name="document_xid")]
        triggers: ClassVar = [stamp_xid()]

    def __str__(self) -> str:
        return self.title or self.sha256[:12]


class DocumentPage(models.Model):
    """The text of one page."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="pages")
    number = models.IntegerField(help_text="From 1.")
    text = models.TextField()
    error = models.TextField(blank=True)
    is_ocr = models.BooleanField(default=False, help_text="The text was read from the picture of the page.")

    class Meta:
        ordering: ClassVar = ["document_id", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_row_per_page", fields=["document", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.document_id[:12]} page {self.number}"
