"""The quarantine: what is in it and why, and repairs of many records at a time."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema
from pydantic import ConfigDict

from bronze.api.routes import refusals
from bronze.catalog import contract_named
from bronze.contracts import Classification
from bronze.domain import MAX_NAME, FailedRule, Removal, Repair, Selection, StorableText
from bronze.edits import Edit
from bronze.presentation import class_of, present_repair
from bronze.quarantine import Counts, Quarantine
from bronze.services import DeleteQuarantined, PreviewRepair, RepairRecords
from bronze.services.quarantine import AT_ONCE
from lakehouse_project.kernel.masking import PERMISSION
from lakehouse_project.kernel.parameters import WholeQuery, reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["quarantine"])

MAX_EDITS = 50
EXAMPLE: Any = {
    "selection": {"dataset": "users", "field": "email", "rule": "pattern"},
    "note": "Asked by phone",
}


class CountsQuery(WholeQuery):
    """Which quarantined records to count."""

    dataset: str
    file: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    field: Annotated[str, Field(max_length=MAX_NAME)] | None = None
    rule: Annotated[str, Field(max_length=MAX_NAME)] | None = None


class FileCountOut(Schema):
    """A file, null for rows that came over the API, and how many of its records are quarantined."""

    id: int | None
    name: str
    count: int


class CountsOut(Schema):
    """What is in the quarantine. `bounded`: only the newest records were counted, there are more."""

    total: int
    bounded: bool
    reasons: list[FailedRule]
    files: list[FileCountOut]


class Which(Schema):
    """Which records, and why something is done to them; the note is kept in their history, for all to see."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    selection: Selection
    note: Annotated[StorableText, Field(max_length=500)] = ""


class RepairIn(Which):
    """`is_right`: of rows of one file that share a key, the selected ones are those that count."""

    edits: Annotated[tuple[Edit, ...], Field(max_length=MAX_EDITS)] = ()
    is_right: bool = False


@versions.get(
    "",
    response={200: CountsOut} | refusals(400, 404),
    operation_id="count_quarantine",
    summary="Quarantined records of a data set, counted by reason and by file",
)
def count_quarantine(request: HttpRequest, query: Query[CountsQuery]) -> Counts:
    reject_unknown(request, CountsQuery.model_fields)
    require(request, "bronze.view_rawrecord")
    contract_named(query.dataset)
    return resolve(Quarantine).counts(Selection(**query.model_dump()))


@versions.post(
    "/preview",
    response={200: Repair} | refusals(404, 422),
    operation_id="preview_repair",
    summary="What edits of quarantined records would do; nothing is changed",
)
def preview_repair(request: HttpRequest, body: RepairIn) -> Repair:
    _require_rights(request, body)
    done = resolve(PreviewRepair)(body.selection, body.edits, is_right=body.is_right)
    return present_repair(done, request.user)


@versions.post(
    "/apply",
    response={200: Repair} | refusals(404, 422),
    operation_id="repair_records",
    summary="Edit quarantined records and check them again; what is valid is released",
    description=f"Up to {AT_ONCE:,} records at a time, the oldest first; `more` says that there are others.",
)
def repair_records(request: HttpRequest, body: RepairIn) -> Repair:
    _require_rights(request, body)
    done = resolve(RepairRecords)(body.selection, body.edits, is_right=body.is_right, note=body.note)
    return present_repair(done, request.user)


@versions.post(
    "/recheck",
    response={200: Repair} | refusals(404, 422),
    operation_id="recheck_records",
    summary="Check quarantined records again; what is valid is released",
)
def recheck_records(request: HttpRequest, body: Which) -> Repair:
    _require_rights(request, body)
    return present_repair(resolve(RepairRecords)(body.selection, note=body.note), request.user)


@versions.post(
    "/delete",
    response={200: Removal} | refusals(404, 422),
    operation_id="delete_quarantined",
    summary="Delete quarantined records; those that others refer to are kept",
)
def delete_quarantined(request: HttpRequest, body: Which) -> Removal:
    reject_unknown(request, ())
    require(request, "bronze.delete_rawrecord")
    return resolve(DeleteQuarantined)(body.selection, note=body.note)


def _require_rights(request: HttpRequest, body: RepairIn | Which) -> None:
    """An edit tells how many values it changes, and so whether a value is there: nobody guesses at what he may not see."""
    reject_unknown(request, ())
    require(request, "bronze.change_rawrecord")
    edits = body.edits if isinstance(body, RepairIn) else ()
    contract = contract_named(body.selection.dataset)
    if any(class_of(contract, edit.field) is Classification.PERSONAL for edit in edits):
        require(request, PERMISSION)
