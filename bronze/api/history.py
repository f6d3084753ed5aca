"""Earlier revisions of records, and conflicts between edits and files.

The record is named in the query: a key may hold slashes, so nothing can follow it in an address.
"""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query

from bronze.api.records import shown
from bronze.api.routes import ROW, refusals
from bronze.catalog import contract_named
from bronze.contracts import CONTRACTS
from bronze.domain import Revision
from bronze.history import Revisions
from bronze.presentation import present_revision
from bronze.repositories import RawRecords
from bronze.services import ResolveConflict, RestoreRevision
from lakehouse_project.kernel.parameters import WholeQuery, reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.rows import Items, Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["history"])


class RecordNamed(WholeQuery):
    """A record, deleted or not."""

    dataset: str
    key: str

    def id(self) -> int:
        return resolve(RawRecords).id_of(contract_named(self.dataset).name, self.key)


class RestoreQuery(RecordNamed):
    """Which revision comes back."""

    revision: Annotated[int, Field(ge=1, le=2**31 - 1)]


class ConflictQuery(RecordNamed):
    """Which field, and what counts: the edit of staff, or what the file says."""

    field: str
    keep: Literal["patch", "received"]


@versions.list(
    "",
    item=Revision,
    query=RecordNamed,
    response=refusals(404),
    operation_id="list_revisions",
    summary="The revisions of a record, newest first: when, who, why, and which fields",
)
def list_revisions(request: HttpRequest, query: RecordNamed) -> Listed:
    require(request, "bronze.view_rawrecord")
    revisions = resolve(Revisions).of(query.id())
    return Items(revisions, _newest_first).each(
        lambda found: present_revision(query.dataset, found, request.user)
    )


def _newest_first(revision: Revision) -> tuple[int]:
    return (-revision.revision,)


@versions.post(
    "/restore",
    response={200: dict[str, Any]} | refusals(404, 409, 412),
    openapi_extra={ROW: {field.name: field.example for field in CONTRACTS["users"].fields}},
    operation_id="restore_revision",
    summary="Bring an earlier revision back, as a new one",
)
def restore_revision(
    request: HttpRequest, response: HttpResponse, query: Query[RestoreQuery]
) -> dict[str, Any]:
    reject_unknown(request, RestoreQuery.model_fields)
    require(request, "bronze.change_rawrecord")
    return shown(request, response, resolve(RestoreRevision)(query.id(), query.revision))


@versions.post(
    "/conflict",
    response={200: dict[str, Any]} | refusals(404, 409, 412),
    openapi_extra={ROW: {field.name: field.example for field in CONTRACTS["users"].fields}},
    operation_id="resolve_conflict",
    summary="Choose between the edit of a field and what a later file says",
)
def resolve_conflict(
    request: HttpRequest, response: HttpResponse, query: Query[ConflictQuery]
) -> dict[str, Any]:
    reject_unknown(request, ConflictQuery.model_fields)
    require(request, "bronze.change_rawrecord")
    return shown(request, response, resolve(ResolveConflict)(query.id(), query.field, keep=query.keep))
