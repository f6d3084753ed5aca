"""Queries in the admin: an editor with estimate, plan and result, and one's own history."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.decorators import action, display

from lake.sql.api import csv_answer
from lake.sql.domain import Actual, Estimate, human_bytes
from lake.sql.models import LakeQuery
from lake.sql.repositories import LakeQueries, actual_of
from lake.sql.results import Results, columns, texts
from lake.sql.services import PERMISSION, AskQuery, Engines, EstimateQuery, PlanQuery
from lake.sql.tables import sql_name
from lake.tables import LakeTables
from lakehouse_project.kernel.admin import ReadOnlyAdmin, pretty_json
from lakehouse_project.kernel.errors import LakehouseError
from lakehouse_project.kernel.services import resolve

SHOWN_ROWS = 200
COLOURS = {"succeeded": "success", "failed": "danger", "running": "info", "queued": "info"}
WAITING = ("queued", "running")
NUMBERS = ("int", "uint", "double", "float", "decimal")


@admin.register(LakeQuery)
class LakeQueryAdmin(ReadOnlyAdmin):
    """People see their own queries."""

    list_display = ("shown_sql", "engine", "shown_state", "estimated", "scanned", "rows", "asked_at")
    list_filter = ("engine",)
    list_select_related = ("run",)
    actions_list = ("ask_lake",)
    fields = ("sql", "engine", "shown_state", "message", "rows", "truncated", "what_would", "what_did")
    readonly_fields = ("shown_state", "message", "what_would", "what_did")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LakeQuery]:
        return resolve(LakeQueries).of(_user_id(request)).select_related("run")

    def get_urls(self) -> list[Any]:
        pages = [
            ("ask/", self.editor, "lake_ask"),
            ("ask/<uuid:run_id>/", self.editor, "lake_asked"),
            ("ask/<uuid:run_id>/csv/", self.download, "lake_csv"),
        ]
        own = [path(address, self._guarded(view), name=name) for address, view, name in pages]
        return [*own, *super().get_urls()]

    @action(description="Ask the lake", icon="terminal", url_path="editor")
    def ask_lake(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:lake_ask"))

    @display(description="Query")
    def shown_sql(self, query: LakeQuery) -> str:
        text = " ".join(query.sql.split())
        return text if len(text) <= 90 else f"{text[:89]}…"

    @display(description="State", label=COLOURS)
    def shown_state(self, query: LakeQuery) -> str:
        return query.run.state

    @display(description="Estimated", ordering="estimated_bytes")
    def estimated(self, query: LakeQuery) -> str:
        return human_bytes(query.estimated_bytes)

    @display(description="Scanned", ordering="scanned_bytes")
    def scanned(self, query: LakeQuery) -> str:
        return "-" if query.scanned_bytes is None else human_bytes(query.scanned_bytes)

    @display(description="Asked", ordering="run__created_at")
    def asked_at(self, query: LakeQuery) -> Any:
        return query.run.created_at

    @display(description="Message")
    def message(self, query: LakeQuery) -> str:
        return query.run.message or "-"

    @display(description="Estimate")
    def what_would(self, query: LakeQuery) -> Any:
        return pretty_json(query.estimate)

    @display(description="Actual")
    def what_did(self, query: LakeQuery) -> Any:
        return pretty_json(query.actual)

    def editor(self, request: HttpRequest, run_id: UUID | None = None) -> HttpResponse:
        """The page with the query, and what is known of it. Sent back, it runs, estimates or explains."""
        if request.method == "POST":
            return self._asked(request)
        if run_id is None:
            return self._page(request, sql=request.GET.get("sql", ""))
        query = resolve(LakeQueries).own(run_id, _user_id(request))
        return self._page(request, sql=query.sql, engine=query.engine, **_outcome(query))

    def download(self, request: HttpRequest, run_id: UUID) -> HttpResponseBase:
        query = resolve(LakeQueries).own(run_id, _user_id(request))
        return csv_answer(query, resolve(Results).read(query))

    def _asked(self, request: HttpRequest) -> HttpResponse:
        sql, engine = request.POST.get("sql", ""), request.POST.get("engine", LakeQuery.Engine.EMBEDDED)
        wanted = request.POST.get("wanted", "run")
        try:
            if wanted == "estimate":
                return self._page(request, sql=sql, engine=engine, verdict=resolve(EstimateQuery)(sql))
            if wanted == "plan":
                plan = resolve(PlanQuery)(sql, engine=engine)
                return self._page(
                    request, sql=sql, engine=engine, verdict=resolve(EstimateQuery)(sql), plan=plan
                )
            query = resolve(AskQuery)(sql, engine=engine, user_id=_user_id(request))
        except LakehouseError as error:
            return self._page(request, sql=sql, engine=engine, error=error.message)
        return HttpResponseRedirect(reverse("admin:lake_asked", args=[query.pk]))

    def _page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        tables = [(sql_name(facts.name), facts) for facts in resolve(LakeTables).facts()]
        engines = list(resolve(Engines).by_name)
        chosen = {"title": "Ask the lake", "tables": tables, "engines": engines, **context}
        if verdict := context.get("verdict"):
            chosen["summary"] = _said(verdict.estimate)
        return TemplateResponse(
            request,
            "admin/lake/ask.html",
            {**self.admin_site.each_context(request), "opts": self.opts, **chosen},
        )

    def _guarded(self, view: Callable[..., HttpResponseBase]) -> Any:
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(PERMISSION):
                raise PermissionDenied
            try:
                return view(request, **kwargs)
            except LakehouseError as error:
                return self._page(request, sql="", error=error.message)

        return self.admin_site.admin_view(guarded)


def _outcome(query: LakeQuery) -> dict[str, Any]:
    """What the page shows of a query that was asked."""
    estimate, actual = Estimate.model_validate(query.estimate), actual_of(query)
    known = {"query": query, "is_waiting": query.run.state in WAITING, "summary": _said(estimate)}
    if actual is None:
        return known
    known["actual"] = _read(actual)
    if not query.result_key:
        return known
    table = resolve(Results).read(query)
    kinds = [(column["name"], column["type"].startswith(NUMBERS)) for column in columns(table)]
    lines = [
        [(cell, is_number) for cell, (_, is_number) in zip(row, kinds, strict=True)]
        for row in texts(table.slice(0, SHOWN_ROWS))
    ]
    return {
        **known,
        "columns": kinds,
        "lines": lines,
        "has_more": table.num_rows > SHOWN_ROWS,
        "limit": SHOWN_ROWS,
    }


def _said(estimate: Estimate) -> list[tuple[str, str]]:
    return [
        ("partitions", f"{estimate.partitions:,} of {estimate.partitions_total:,}"),
        ("estimated", human_bytes(estimate.bytes)),
        ("cost at $5 per TB", f"${estimate.cost}"),
        ("estimated in", f"{estimate.milliseconds:g} ms"),
    ]


def _read(actual: Actual) -> list[tuple[str, str]]:
    return [("scanned", human_bytes(actual.bytes)), ("took", f"{actual.milliseconds:,.0f} ms")]


def _user_id(request: HttpRequest) -> int:
    return int(request.user.pk or 0)
