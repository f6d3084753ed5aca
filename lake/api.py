"""Routes of the published tables."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from governance.idempotency import idempotent
from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue_once
from lake.delta import as_columns
from lake.schemas import (
    PartitionPage,
    PublishIn,
    TableDetailOut,
    TablePage,
)
from lake.tables import LakeTables
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.pagination import PageOf, PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import permitted
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.services import resolve

router = Router(tags=["lake"])

VIEW, PUBLISH = "lake.view_publishedtable", "lake.change_publishedtable"


@router.get("/tables", response=TablePage, operation_id="lake_tables", summary="Published tables")
@permitted(VIEW)
def tables(request: HttpRequest, query: Query[PageQuery]) -> PageOf:
    """The Delta tables of the lake, by name. Personal data is not in them, or masked (`LAKE_PERSONAL_DATA`)."""
    reject_unknown(request, PageQuery.model_fields)
    found = resolve(LakeTables).facts()
    return PageOf(found[query.window], len(found))


@router.get(
    "/tables/{name}",
    response={200: TableDetailOut, 404: Problem, 503: Problem},
    operation_id="lake_table",
    summary="A published table and its columns",
)
@permitted(VIEW)
def table(request: HttpRequest, name: str) -> dict[str, Any]:
    lake = resolve(LakeTables)
    return asdict(lake.get(name)) | {"columns": as_columns(lake.state(name).schema)}


@router.get(
    "/tables/{name}/partitions",
    response={200: PartitionPage, 404: Problem, 503: Problem},
    operation_id="lake_partitions",
    summary="The partitions of a table, with counts and sha256 of each file",
)
@permitted(VIEW)
def partitions(request: HttpRequest, name: str, query: Query[PageQuery]) -> PageOf:
    """The plain Hive catalogue, for readers that know partitions and no Delta log."""
    reject_unknown(request, PageQuery.model_fields)
    found = resolve(LakeTables).manifest(name)["partitions"]
    return PageOf(found[query.window], len(found))


@router.post(
    "/publish",
    response={202: OperationOut, 403: Problem, 409: Problem, 422: Problem},
    operation_id="publish_lake",
    summary="Publish what has changed, or look at everything",
    description="The same that waits already, or is at work, is answered with.",
)
@permitted(PUBLISH)
@idempotent
def publish(request: HttpRequest, response: HttpResponse, wanted: PublishIn) -> Status[OperationOut]:
    kind, inputs = ("rebuild", {"layer": "lake"}) if wanted.everything else ("pipeline", {"step": "publish"})
    run, is_new = enqueue_once(kind, user_id=request.user.pk, **inputs)
    if is_new:
        resolve(EventBus).publish("lake.run_wanted", run_id=str(run.pk), everything=wanted.everything)
    return accepted(request, response, run)
