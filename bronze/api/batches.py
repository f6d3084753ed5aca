"""Batches of raw records: 1 to 1000 rows in one request, all or those that are good."""

import inspect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema, Status
from pydantic import BaseModel

from bronze.api.body import json_keys, json_rows
from bronze.api.records import get_record
from bronze.api.routes import Resource, json_body, parameters, refusals, resources
from bronze.domain import RowOutcome
from bronze.errors import RecordExists, RecordInUse, RecordNotFound
from bronze.services import ChangeBatch, DeleteBatch, WriteBatch
from bronze.services.batches import MAX_ROWS
from governance.idempotency import idempotent
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import permitted, require
from lakehouse_project.kernel.preconditions import PreconditionFailed
from lakehouse_project.kernel.problem import error_entry
from lakehouse_project.kernel.routes import with_query
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions()

STATUS = {"created": 201, "replaced": 200, "changed": 200, "deleted": 200}
FAILED = {
    RecordExists.code: 409,
    RecordInUse.code: 409,
    RecordNotFound.code: 404,
    PreconditionFailed.code: 412,
}
"""Status of a row that failed by its first error; every other is 422."""

NOT_OF_PATH = ("request", "response", "query")

CHANGES = (
    "A row has its key fields, or `_key`, and the fields to change, which become edits on top of what was received. With "
    "`_revision` it is refused if the record has another one."
)

DELETIONS = "A key is a text or a number, or an object that names the record as a row of a `PATCH` does, with `_revision`."

NAMED = {
    "type": "object",
    "properties": {"_key": {"type": "string"}, "_revision": {"type": ["integer", "null"]}},
    "additionalProperties": True,
}


Mode = Literal["atomic", "partial"]
MODES = "`atomic`: all rows or none. `partial`: the good ones, and the answer is 207 with one status per row."


class BatchQuery(Schema):
    """What becomes of a batch with rows that are not good."""

    mode: Mode = Field("atomic", description=MODES)

    @property
    def is_partial(self) -> bool:
        return self.mode == "partial"


class PartialQuery(BatchQuery):
    """As in version 2."""

    mode: Mode = Field("partial", description=MODES)


class RowResult(BaseModel):
    """What became of one row. `revision` is what `If-Match` compares with."""

    row: int
    status: int
    key: str | None
    revision: int | None
    errors: list[dict[str, Any]]


class BatchResult(BaseModel):
    """One result per row, in the order of the request, and how many of each kind there are."""

    created: int
    replaced: int
    changed: int
    deleted: int
    failed: int
    results: list[RowResult]


@permitted("bronze.add_rawrecord")
@idempotent
def create_batch(
    request: HttpRequest, response: HttpResponse, query: BatchQuery, *, dataset: str
) -> Status[BatchResult]:
    reject_unknown(request, BatchQuery.model_fields)
    rows = json_rows(request)
    outcomes = resolve(WriteBatch)(dataset, rows, replace=False, partial=query.is_partial)
    return Status(207 if query.is_partial else 201, result_of(outcomes))


def replace_batch(
    request: HttpRequest, response: HttpResponse, query: BatchQuery, *, dataset: str
) -> Status[BatchResult]:
    require(request, "bronze.add_rawrecord")
    require(request, "bronze.change_rawrecord")
    reject_unknown(request, BatchQuery.model_fields)
    rows = json_rows(request)
    outcomes = resolve(WriteBatch)(dataset, rows, replace=True, partial=query.is_partial)
    return Status(207 if query.is_partial else 200, result_of(outcomes))


def change_batch(
    request: HttpRequest, response: HttpResponse, query: BatchQuery, *, dataset: str
) -> Status[BatchResult]:
    require(request, "bronze.change_rawrecord")
    reject_unknown(request, BatchQuery.model_fields)
    outcomes = resolve(ChangeBatch)(dataset, json_rows(request), partial=query.is_partial)
    return Status(207 if query.is_partial else 200, result_of(outcomes))


def delete_batch(
    request: HttpRequest, response: HttpResponse, query: BatchQuery, *, dataset: str
) -> Status[BatchResult]:
    require(request, "bronze.delete_rawrecord")
    reject_unknown(request, BatchQuery.model_fields)
    outcomes = resolve(DeleteBatch)(dataset, json_keys(request), partial=query.is_partial)
    return Status(207 if query.is_partial else 200, result_of(outcomes))


def result_of(outcomes: Sequence[RowOutcome]) -> BatchResult:
    """What became of the rows of a batch."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    return BatchResult(
        created=counts["created"],
        replaced=counts["replaced"],
        changed=counts["changed"],
        deleted=counts["deleted"],
        failed=counts["failed"],
        results=[_row_result(outcome) for outcome in outcomes],
    )


def _row_result(outcome: RowOutcome) -> RowResult:
    errors = [error_entry(error) for error in outcome.errors]
    status = FAILED.get(errors[0]["code"], 422) if errors else STATUS[outcome.outcome]
    return RowResult(
        row=outcome.row, status=status, key=outcome.key, revision=outcome.revision, errors=errors
    )


def _batch_body(member: str, item: dict[str, Any], example: Any) -> dict[str, Any]:
    array = {"type": "array", "minItems": 1, "maxItems": MAX_ROWS, "items": item}
    wrapped = {
        "type": "object",
        "properties": {member: array},
        "required": [member],
        "additionalProperties": False,
    }
    return json_body({"anyOf": [wrapped, array]}, {member: [example]})


MORE: Mapping[Callable[..., Any], str] = {change_batch: CHANGES, delete_batch: DELETIONS}


def _add_routes(at: Resource) -> None:
    """The batch routes of one resource. A record with the key `batch` is read at their address, too."""
    rows = _batch_body("rows", dict(at.row), dict(at.example))
    some = dict(list(at.example.items())[:2]) | {"_revision": 3}
    changes = _batch_body("rows", dict(at.changes), some)
    keys = _batch_body("keys", {"anyOf": [{"type": ["string", "integer"]}, NAMED]}, "1001")
    routes: tuple[tuple[str, Callable[..., Any], int, Mapping[str, Any], str], ...] = (
        ("POST", create_batch, 201, rows | parameters("Idempotency-Key"), f"Add many to {at.title}"),
        ("PUT", replace_batch, 200, rows, f"Add or replace many of {at.title}"),
        ("PATCH", change_batch, 200, changes, f"Change fields of many of {at.title}"),
        ("DELETE", delete_batch, 200, keys, f"Delete many of {at.title}"),
    )
    for method, view, status, extra, summary in routes:
        for router, query in ((versions.v1, BatchQuery), (versions.v2, PartialQuery)):
            router.add_api_operation(
                f"{at.path}/batch",
                [method],
                _asked_by(query, at.bound(view)),
                response={status: BatchResult, 207: BatchResult} | refusals(400, 409, 422),
                operation_id=at.operation(view),
                summary=summary,
                description=f"{at.description} {MORE.get(view, '')}".rstrip(),
                tags=[at.tag],
                openapi_extra=dict(extra),
            )
    versions.add_api_operation(
        f"{at.path}/batch",
        ["GET"],
        at.bound(get_record, key="batch"),
        response={200: dict[str, Any], 304: None},
        operation_id=f"{at.operation(get_record)}_batch",
        include_in_schema=False,
    )


def _asked_by(query: type[BatchQuery], view: Callable[..., Any]) -> Callable[..., Any]:
    """`view` of the version whose batches `query` asks for."""

    def of_version(request: HttpRequest, **values: Any) -> Any:
        return view(request, **values)

    path = [each for name, each in inspect.signature(view).parameters.items() if name not in NOT_OF_PATH]
    return with_query(of_version, query, *path)


for _resource in resources():
    _add_routes(_resource)
