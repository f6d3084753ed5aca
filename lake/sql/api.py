"""Routes of queries over the lake."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Field, Query, Schema, Status
from pydantic import ConfigDict

from governance.operations.schemas import look_after
from lake.sql.domain import Actual, Estimate, Verdict
from lake.sql.models import LakeQuery
from lake.sql.repositories import LakeQueries, result_address
from lake.sql.results import Results, cells, columns, rows
from lake.sql.services import PERMISSION, AskQuery, EstimateQuery
from lakehouse_project.kernel.addresses import in_version
from lakehouse_project.kernel.cells import csv_lines
from lakehouse_project.kernel.pagination import PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import NoFilters, Versions

CSV = "text/csv"
CSV_ANSWER = {200: {"content": {CSV: {"schema": {"type": "string"}}}}}

versions = Versions(tags=["lake"])


class SqlIn(Schema):
    """One SELECT (or WITH … SELECT) over tables of the lake, in the dialect of DuckDB."""

    model_config = ConfigDict(extra="forbid")

    sql: Annotated[
        str,
        Field(
            min_length=1,
            max_length=20_000,
            examples=[
                "SELECT status, count(*) AS order_lines FROM order_lines WHERE year = 2024 AND month = 5 GROUP BY status"
            ],
        ),
    ]


class QueryIn(SqlIn):
    """A query, and who runs it."""

    engine: Annotated[
        LakeQuery.Engine,
        Field(description="embedded: DuckDB on this machine; athena: where the lake is on S3."),
    ] = LakeQuery.Engine.EMBEDDED


class TakenOut(Schema):
    """The run to poll at `Location`, and where the result will be."""

    run: UUID
    state: str
    result: str
    estimate: Estimate


class VerdictOut(Schema):
    """An estimate: bytes of the columns in the row groups that are left, and what Athena would charge."""

    allowed: bool
    refusal: str | None
    suggestion: str | None
    bytes: int
    partitions: int
    partitions_total: int
    cost_usd: str
    estimate: Estimate

    @staticmethod
    def of(verdict: Verdict) -> "VerdictOut":
        estimate = verdict.estimate
        return VerdictOut(
            allowed=verdict.refusal is None,
            refusal=verdict.refusal,
            suggestion=verdict.suggestion,
            bytes=estimate.bytes,
            partitions=estimate.partitions,
            partitions_total=estimate.partitions_total,
            cost_usd=str(estimate.cost),
            estimate=estimate,
        )


class QueryOut(Schema):
    """A query: its state, and what it did read beside what was estimated."""

    run: UUID
    sql: str
    engine: str
    state: str
    message: str
    asked_at: datetime
    finished_at: datetime | None
    estimate: Estimate
    estimated_bytes: int
    actual: Actual | None
    scanned_bytes: int | None
    rows: int | None
    truncated: bool


class ResultQuery(PageQuery):
    """Which part of a result, and how."""

    format: Annotated[
        Literal["json", "csv"] | None,
        Field(description="csv gives all rows with a header line, as `Accept: text/csv` does."),
    ] = None


class ResultOut(Schema):
    """A page of a result. `truncated`: the query had more rows than are kept."""

    columns: list[dict[str, str]]
    items: list[list[Any]]
    count: int
    truncated: bool


@versions.post("", response={202: TakenOut}, operation_id="ask_lake", summary="Run a query over the lake")
def ask(request: HttpRequest, response: HttpResponse, wanted: QueryIn) -> Status[TakenOut]:
    require(request, PERMISSION)
    query = resolve(AskQuery)(wanted.sql, engine=wanted.engine, user_id=request.user.pk)
    look_after(request, response, query.pk)
    return Status(202, _taken(request, query))


@versions.post(
    "/estimate",
    response=VerdictOut,
    operation_id="estimate_lake",
    summary="What a query would read and cost, and whether it may run",
)
def estimate_query(request: HttpRequest, wanted: SqlIn) -> VerdictOut:
    require(request, PERMISSION)
    return VerdictOut.of(resolve(EstimateQuery)(wanted.sql))


@versions.list("", item=QueryOut, operation_id="list_lake_queries", summary="Your queries, newest first")
def list_queries(request: HttpRequest, query: NoFilters) -> Listed:
    require(request, PERMISSION)
    return resolve(LakeQueries).rows(user_id=_user_id(request))


@versions.get("/{run_id}", response=QueryOut, operation_id="get_lake_query", summary="One of your queries")
def get_query(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    require(request, PERMISSION)
    return resolve(LakeQueries).item(run_id, _user_id(request))


@versions.get(
    "/{run_id}/result",
    response=ResultOut,
    operation_id="get_lake_result",
    summary="The result of one of your queries, as JSON or CSV",
    openapi_extra={"responses": CSV_ANSWER},
)
def get_result(request: HttpRequest, run_id: UUID, query: Query[ResultQuery]) -> Any:
    reject_unknown(request, ResultQuery.model_fields)
    require(request, PERMISSION)
    asked = resolve(LakeQueries).own(run_id, _user_id(request))
    table = resolve(Results).read(asked)
    if _wants_csv(request, query):
        return csv_answer(asked, table)
    part = table.slice(query.window.start, query.page_size)
    return ResultOut(
        columns=columns(table), items=list(rows(part)), count=table.num_rows, truncated=asked.truncated
    )


def csv_answer(query: LakeQuery, table: Any) -> StreamingHttpResponse:
    """All rows as a file."""
    lines = csv_lines(table.schema.names, cells(table))
    response = StreamingHttpResponse(lines, content_type=f"{CSV}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="query-{str(query.pk)[:8]}.csv"'
    return response


def _taken(request: HttpRequest, query: LakeQuery) -> TakenOut:
    estimate = Estimate.model_validate(query.estimate)
    result = in_version(request, result_address(query.pk))
    return TakenOut(run=query.pk, state=query.run.state, result=result, estimate=estimate)


def _wants_csv(request: HttpRequest, query: ResultQuery) -> bool:
    if query.format is not None:
        return query.format == "csv"
    return request.get_preferred_type(["application/json", CSV]) == CSV


def _user_id(request: HttpRequest) -> int:
    return int(cast("Any", request.user).pk)
