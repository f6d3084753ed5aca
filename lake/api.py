"""Routes of the published tables."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Status

from governance.idempotency import idempotent
from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue_once
from lake.delta import as_columns
from lake.domain import TableFacts
from lake.schemas import PartitionOut, PublishIn, TableDetailOut, TableOut
from lake.tables import LakeTables
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.permissions import permitted, require
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.rows import Items, Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import NoFilters, Versions

versions = Versions(tags=["lake"])

VIEW, PUBLISH = "lake.view_publishedtable", "lake.change_publishedtable"


@versions.list("/tables", item=TableOut, operation_id="lake_tables", summary="Published tables")
def tables(request: HttpRequest, query: NoFilters) -> Listed:
    """The Delta tables of the lake, by name. Personal data is not in them, or masked (`LAKE_PERSONAL_DATA`)."""
    require(request, VIEW)
    return Items(resolve(LakeTables).facts(), _name)


@versions.get(
    "/tables/{name}",
    response={200: TableDetailOut, 404: Problem, 503: Problem},
    operation_id="lake_table",
    summary="A published table and its columns",
)
@permitted(VIEW)
def table(request: HttpRequest, name: str) -> dict[str, Any]:
    lake = resolve(LakeTables)
    return asdict(lake.get(name)) | {"columns": as_columns(lake.state(name).schema)}


@versions.list(
    "/tables/{name}/partitions",
    item=PartitionOut,
    response={404: Problem, 503: Problem},
    operation_id="lake_partitions",
    summary="The partitions of a table, with counts and sha256 of each file",
)
def partitions(request: HttpRequest, query: NoFilters, name: str) -> Listed:
    """The plain Hive catalogue, for readers that know partitions and no Delta log."""
    require(request, VIEW)
    found = resolve(LakeTables).manifest(name)["partitions"]
    return Items(sorted(found, key=_values), _values)


def _name(facts: TableFacts) -> tuple[str]:
    return (facts.name,)


def _values(partition: dict[str, Any]) -> tuple[int, ...]:
    return tuple(partition["values"].values())


@versions.post(
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
