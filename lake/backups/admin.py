"""Receipts of backups, for administrators: to look at, to make one, to verify some."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.decorators import action, display

from governance.services import enqueue_once
from lake.backups.models import PERMISSION, Backup
from lake.backups.status import DescribeProtection
from lakehouse_project.kernel.admin import ReadOnlyAdmin
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.services import resolve

COLOURS = {"verified": "success", "failed": "danger", "stored": "warning"}


@admin.register(Backup)
class BackupAdmin(ReadOnlyAdmin):
    list_display = (
        "taken_at",
        "shown_state",
        "reason",
        "bytes",
        "took",
        "rows",
        "tables",
        "rto",
        "verified_at",
        "is_encrypted",
    )
    list_filter = ("state", "reason")
    list_before_template = "admin/backups.html"
    actions = ("verify",)
    fields = (
        *("id", "shown_state", "reason", "taken_at", "took", "bytes", "database_size", "tables", "rows"),
        *("is_encrypted", "key", "sha256", "verified_at", "rto", "wrong"),
    )
    readonly_fields = ("shown_state", "took", "bytes", "database_size", "rto", "wrong")

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return bool(request.user.has_perm(PERMISSION))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[Any]:
        make = self.admin_site.admin_view(self.make)
        return [path("make/", make, name="lake_backup_make"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        protection = resolve(DescribeProtection)() if self.has_view_permission(request) else None
        return super().changelist_view(request, {"protection": protection, **(extra_context or {})})

    @method_decorator(require_POST)
    def make(self, request: HttpRequest) -> HttpResponse:
        """Ask a worker for a backup."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = {"verify": True, "with_secrets": False}
        run, is_new = enqueue_once("backup", user_id=request.user.pk, **wanted)
        if is_new:
            resolve(EventBus).publish("lake.backup_wanted", run_id=str(run.pk), **wanted)
        messages.info(request, "A worker makes the backup and verifies it. Runs show how it goes.")
        return HttpResponseRedirect(reverse("admin:lake_backup_changelist"))

    @action(description="Verify by restoring into a scratch database", permissions=["view"])
    def verify(self, request: HttpRequest, chosen: QuerySet[Backup]) -> None:
        for backup in chosen:
            run, is_new = enqueue_once("backup_verification", user_id=request.user.pk, backup=backup.pk)
            if is_new:
                resolve(EventBus).publish("lake.verification_wanted", run_id=str(run.pk), backup=backup.pk)
        messages.info(request, "A worker verifies them one after the other. Runs show how it goes.")

    @display(description="State", label=COLOURS, ordering="state")
    def shown_state(self, backup: Backup) -> str:
        return backup.state

    @display(description="Size", ordering="size")
    def bytes(self, backup: Backup) -> str:
        return filesizeformat(backup.size)

    @display(description="Size of the database")
    def database_size(self, backup: Backup) -> str:
        return filesizeformat(backup.database_bytes)

    @display(description="Took", ordering="seconds")
    def took(self, backup: Backup) -> str:
        return f"{backup.seconds:,.1f} s"

    @display(description="RTO", ordering="restore_seconds")
    def rto(self, backup: Backup) -> str:
        return "-" if backup.restore_seconds is None else f"{backup.restore_seconds:,.1f} s"

    @display(description="Findings")
    def wrong(self, backup: Backup) -> str:
        return "; ".join(backup.findings) or "-"
