"""Routes of runs: what the pipeline did, and operations that a client polls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from governance.models import Run
from governance.repositories import Runs
from lakehouse_project.kernel.pagination import Page, PageOf, PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve

router = Router(tags=["runs"])


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


class RunQuery(PageQuery):
    """Filters of the list of runs."""

    kind: str | None = None
    state: Run.State | None = None


@router.get("", response=Page[RunOut], operation_id="list_runs", summary="Runs, newest first")
def list_runs(request: HttpRequest, query: Query[RunQuery]) -> PageOf:
    reject_unknown(request, RunQuery.model_fields)
    require(request, "governance.view_run")
    return resolve(Runs).page(query.window, kind=query.kind, state=query.state)


@router.get("/{run_id}", response=RunOut, operation_id="get_run", summary="One run")
def get_run(request: HttpRequest, run_id: UUID) -> Run:
    require(request, "governance.view_run")
    return resolve(Runs).get(run_id)
