"""Runs and quality results to look at."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display

from governance.models import QualityResult, Run, Watermark
from lakehouse_project.kernel.admin import ReadOnlyAdmin, pretty_json

COLOURS = {"succeeded": "success", "failed": "danger", "running": "info", "partial": "warning"}


class QualityInline(TabularInline):
    model = QualityResult
    extra = 0
    can_delete = False


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("kind", "shown_state", "message", "created_at", "finished_at")
    list_filter = ("kind", "state")
    inlines = (QualityInline,)
    fields = (
        "kind",
        "state",
        "message",
        "what",
        "result",
        "created_at",
        "started_at",
        "finished_at",
        "detail",
    )
    readonly_fields = ("what", "result")

    @display(description="State", label=COLOURS, ordering="state")
    def shown_state(self, run: Run) -> str:
        return run.state

    @display(description="Inputs")
    def what(self, run: Run) -> SafeString:
        return pretty_json(run.inputs)

    @display(description="Counts")
    def result(self, run: Run) -> SafeString:
        return pretty_json(run.counts)


@admin.register(Watermark)
class WatermarkAdmin(ReadOnlyAdmin):
    list_display = ("stage", "position", "updated_at")


@admin.register(QualityResult)
class QualityResultAdmin(ReadOnlyAdmin):
    list_display = ("table", "check_name", "value", "passed", "run")
    list_filter = ("passed", "table")
