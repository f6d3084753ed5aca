"""Routes of runs: what the pipeline did, and operations that a client polls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Schema

from governance.models import Run
from governance.quality import Check, checks
from governance.repositories import Runs
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.rows import Items, Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["runs"])
quality = Versions(tags=["governance"])


class RunOut(Schema):
    """One run."""

    id: UUID
    kind: str
    state: str
    progress: float
    inputs: dict[str, Any]
    counts: dict[str, Any]
    message: str
    created_at: datetime
    finished_at: datetime | None


class RunFilters(Schema):
    """Filters of the list of runs."""

    kind: str | None = None
    state: Run.State | None = None


@versions.list("", item=RunOut, query=RunFilters, operation_id="list_runs", summary="Runs, newest first")
def list_runs(request: HttpRequest, query: RunFilters) -> Listed:
    require(request, "governance.view_run")
    return resolve(Runs).rows(kind=query.kind, state=query.state)


@versions.get("/{run_id}", response=RunOut, operation_id="get_run", summary="One run")
def get_run(request: HttpRequest, run_id: UUID) -> Run:
    reject_unknown(request, ())
    require(request, "governance.view_run")
    return resolve(Runs).get(run_id)


class CheckOut(Schema):
    """A measure beside its limits of today."""

    subject: str = Field(description="Table, or stage of the pipeline.")
    check: str
    value: float
    at_least: float | None
    at_most: float | None
    passed: bool
    detail: str
    measured_at: datetime
    run: UUID | None = Field(description="The run that measured it; none for what is asked of the clock.")


class QualityFilters(Schema):
    """Filters of the checks."""

    run: UUID | None = Field(None, description="What this run measured, instead of the latest of each check.")
    subject: str | None = Field(None, description="Only of this table or stage.")
    check: str | None = Field(None, description="Only this check.")
    passed: bool | None = Field(None, description="Only those that pass, or fail, by the limits of today.")

    def accepts(self, found: Check) -> bool:
        wanted = {"subject": self.subject, "check": self.check, "passed": self.passed}
        return all(value is None or getattr(found, name) == value for name, value in wanted.items())


@quality.list(
    "/quality",
    item=CheckOut,
    query=QualityFilters,
    response={404: Problem},
    operation_id="list_quality",
    summary="Quality: the latest result of each check on each table, and how fresh the data are",
    description="Counts, shares of rows that are not as they should be, quarantined records per field and rule, columns "
    "that are empty, and ages in seconds: of the newest record of each table and of the last success of each stage. Limits "
    "are set in the admin.",
)
def list_quality(request: HttpRequest, query: QualityFilters) -> Listed:
    require(request, "governance.view_qualityresult")
    if query.run:
        resolve(Runs).get(query.run)
    found = [check for check in checks(run=query.run) if query.accepts(check)]
    return Items(sorted(found, key=_place), _place)


def _place(found: Check) -> tuple[str, str]:
    return (found.subject, found.check)
