"""Runs and quality results to look at."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from governance.models import PRIVATE, QualityResult, QualityThreshold, Run, Watermark
from governance.quality import NEWEST, names, plain
from governance.repositories import SEES_ALL, visible_runs
from lakehouse_project.kernel.admin import LayerAdmin, ReadOnlyAdmin, ReadOnlyInline, pretty_json

COLOURS = {"succeeded": "success", "failed": "danger", "running": "info", "partial": "warning"}

COUNTS_SHOWN = 5


class QualityInline(ReadOnlyInline):
    model = QualityResult
    fields = ("table", "check_name", "value", "passed", "detail")
    readonly_fields = fields


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("kind", "shown_state", "subject", "outcome", "started_at", "took")
    list_filter = ("kind", "state")
    inlines = (QualityInline,)
    fields = (
        "kind",
        "shown_state",
        "message",
        "what",
        "outcomes",
        "created_at",
        "started_at",
        "finished_at",
        "took",
        "detail",
    )
    readonly_fields = ("shown_state", "what", "outcomes", "took")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """What others look for on their own account is for administrators alone."""
        rows = visible_runs().order_by("-created_at")
        return rows if request.user.has_perm(SEES_ALL) else rows.exclude(kind__in=PRIVATE)

    @display(description="State", label=COLOURS, ordering="state")
    def shown_state(self, run: Run) -> str:
        return run.state

    @display(description="Of")
    def subject(self, run: Run) -> str:
        return str(run.inputs.get("name") or run.inputs.get("dataset") or "-")

    @display(description="Outcome")
    def outcome(self, run: Run) -> str:
        """What it says in words, or else the largest of its counts."""
        return run.message or largest(run.counts) or "-"

    @display(description="Took", ordering="finished_at")
    def took(self, run: Run) -> str:
        if run.started_at is None or run.finished_at is None:
            return "-"
        return f"{(run.finished_at - run.started_at).total_seconds():,.1f} s"

    @display(description="Inputs")
    def what(self, run: Run) -> SafeString:
        return pretty_json(run.inputs)

    @display(description="Counts")
    def outcomes(self, run: Run) -> SafeString:
        return pretty_json(run.counts)


def largest(counts: Mapping[str, int]) -> str:
    """The counts that are not zero; of many those that say most, all being on the page of the run."""
    told = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    if len(told) <= COUNTS_SHOWN:
        return ", ".join(f"{counts[name]:,} {name}" for name in counts if counts[name])
    shown = ", ".join(f"{counts[name]:,} {name}" for name in told[:COUNTS_SHOWN])
    return f"{shown} and {len(told) - COUNTS_SHOWN} more"


@admin.register(Watermark)
class WatermarkAdmin(ReadOnlyAdmin):
    list_display = ("stage", "position", "updated_at")


@admin.register(QualityResult)
class QualityResultAdmin(ReadOnlyAdmin):
    list_display = ("table", "check_name", "shown_value", "passed", "run", "detail")
    list_filter = ("passed", "table")
    list_select_related = ("run",)
    search_fields = ("check_name",)
    ordering = ("-pk",)

    @display(description="Value", ordering="value")
    def shown_value(self, result: QualityResult) -> str:
        return "-" if result.check_name == NEWEST else plain(result.value)


@admin.register(QualityThreshold)
class QualityThresholdAdmin(LayerAdmin):
    list_display = ("check_name", "of", "at_least", "at_most")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """What a threshold can be for is chosen: a name that nothing measures would do nothing, and say nothing."""
        if db_field.name in ("table", "check_name"):
            subjects, checks = names()
            offered = {"table": [("", "every table"), *_pairs(subjects)], "check_name": _pairs(checks)}
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=offered[db_field.name])
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @display(description="Of", ordering="table", empty_value="every table")
    def of(self, threshold: QualityThreshold) -> str | None:
        return threshold.table or None


def _pairs(values: list[str]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]
