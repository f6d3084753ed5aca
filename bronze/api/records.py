"""Single raw records of every data set: list, create, read, replace, change, delete."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from bronze.api.body import json_object
from bronze.api.routes import FILTERS, Resource, choices, ending, parameters, refusals, resources
from bronze.catalog import Datasets, contract_named
from bronze.contracts import ContractSpec
from bronze.domain import InferredField, Record
from bronze.domain import Status as RecordStatus
from bronze.inference import SAMPLE, infer
from bronze.listing import OF_RECORD, columns_of, is_of_record
from bronze.presentation import class_of, hidden_classes, present
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord, RestoreRecord
from governance.idempotency import idempotent
from lakehouse_project.kernel.errors import UnknownParameter
from lakehouse_project.kernel.filters import Listing, read_listing
from lakehouse_project.kernel.pagination import Page, PageOf, PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import permitted, require
from lakehouse_project.kernel.preconditions import etag, expected_tags, is_unchanged
from lakehouse_project.kernel.services import resolve

router = Router()

Row = dict[str, Any]


class RecordQuery(PageQuery):
    """Which records to list. Every field of the data set is a filter of its own as well."""

    record_status: RecordStatus | None = None


def list_records(request: HttpRequest, query: Query[RecordQuery], *, dataset: str) -> PageOf:
    require(request, "bronze.view_rawrecord")
    contract = contract_named(dataset)
    listing = _listing(request, contract)
    records, count = resolve(RawRecords).page(
        contract, window=query.window, listing=listing, status=query.record_status
    )
    shown = [present(record, request.user, contract) for record in records]
    return PageOf([_only(row, listing.fields) for row in shown], count)


@permitted("bronze.add_rawrecord")
@idempotent
def create_record(request: HttpRequest, response: HttpResponse, *, dataset: str) -> Status[dict[str, Any]]:
    record = resolve(CreateRecord)(dataset, json_object(request))
    response["Location"] = f"{request.path}/{quote(record.key, safe='')}"
    return Status(201, _shown(request, response, record))


def get_record(
    request: HttpRequest, response: HttpResponse, key: str, *, dataset: str
) -> Status[dict[str, Any] | None]:
    require(request, "bronze.view_rawrecord")
    record = resolve(RawRecords).get(dataset, key)
    shown = _shown(request, response, record)
    return Status(304, None) if is_unchanged(request, record.revision) else Status(200, shown)


def replace_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    require(request, "bronze.change_rawrecord")
    fields, expected = json_object(request), expected_tags(request)
    return _shown(request, response, resolve(ReplaceRecord)(dataset, key, fields, expected=expected))


def change_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    require(request, "bronze.change_rawrecord")
    changes, expected = json_object(request), expected_tags(request)
    return _shown(request, response, resolve(ChangeRecord)(dataset, key, changes, expected=expected))


@permitted("bronze.change_rawrecord")
@idempotent
def restore_record(
    request: HttpRequest, response: HttpResponse, key: str, *, dataset: str
) -> Status[dict[str, Any]]:
    reject_unknown(request, ())
    return Status(200, _shown(request, response, resolve(RestoreRecord)(dataset, key)))


def delete_record(request: HttpRequest, key: str, *, dataset: str) -> Status[None]:
    require(request, "bronze.delete_rawrecord")
    resolve(DeleteRecord)(dataset, key, expected=expected_tags(request))
    return Status(204, None)


def _shown(request: HttpRequest, response: HttpResponse, record: Record) -> dict[str, Any]:
    response["ETag"] = etag(record.revision)
    return present(record, request.user)


def _listing(request: HttpRequest, contract: ContractSpec) -> Listing:
    """Personal fields are filters for those alone who may see them, secret ones for nobody: who looks for a value and
    finds it knows it. What the contract does not know is looked up only where a name may mean it."""
    if any(name in request.META["QUERY_STRING"] for name in OF_RECORD):
        return _read(request, contract, _other_fields(contract))
    try:
        return _read(request, contract)
    except UnknownParameter:
        return _read(request, contract, _other_fields(contract))


def _read(request: HttpRequest, contract: ContractSpec, others: Sequence[InferredField] = ()) -> Listing:
    hidden = hidden_classes(request.user)
    columns = [
        column
        for column in columns_of(contract, others)
        if is_of_record(column) or class_of(contract, column.name) not in hidden
    ]
    shown = [*contract.field_names(), *(field.name for field in others)]
    return read_listing(request.GET, columns, shown=shown, own=RecordQuery.model_fields)


def _other_fields(contract: ContractSpec) -> list[InferredField]:
    """Fields that the newest records have and the contract does not know."""
    sample = resolve(Datasets).sample(contract.name, SAMPLE)
    return [field for field in infer(sample) if field.name not in contract.field_names()]


def _only(row: dict[str, Any], fields: tuple[str, ...] | None) -> dict[str, Any]:
    """The fields that were asked for, and what is known of the record."""
    return row if fields is None else {name: row.get(name) for name in (*fields, "_record")}


def _add_routes(at: Resource) -> None:
    """The single records of one resource, with their fields in the OpenAPI document."""
    whole = at.body(required=True)
    once, match, none_match = map(parameters, ("Idempotency-Key", "If-Match", "If-None-Match"))
    one = "/{path:key}"
    changed = {200: Row} | refusals(400, 404, 412, 422)
    routes: tuple[tuple[str, str, Callable[..., Any], Mapping[int, Any], Mapping[str, Any], str], ...] = (
        ("POST", f"{one}/restore", restore_record, changed, once, "Bring back a deleted record of {}"),
        ("GET", "", list_records, {200: Page[Row]} | refusals(400, 422), choices(), "List {}"),
        ("POST", "", create_record, {201: Row} | refusals(409, 422), whole | once, "Add to {}"),
        ("GET", one, get_record, {200: Row, 304: None} | refusals(404), none_match, "One record of {}"),
        ("PUT", one, replace_record, changed, whole | match, "Replace a record of {}"),
        ("PATCH", one, change_record, changed, at.body(required=False) | match, "Change a record of {}"),
        (
            "DELETE",
            one,
            delete_record,
            {204: None} | refusals(400, 404, 409, 412),
            match,
            "Delete a record of {}",
        ),
    )
    for method, path, view, response, extra, summary in routes:
        router.add_api_operation(
            f"{at.path}{path}",
            [method],
            at.bound(view),
            response=dict(response),
            operation_id=at.operation(view),
            summary=summary.format(at.title),
            description=f"{at.description} {FILTERS}" if view is list_records else at.description,
            tags=[at.tag],
            openapi_extra=dict(extra),
        )
    of_key: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("GET", get_record),
        ("PUT", replace_record),
        ("PATCH", change_record),
        ("DELETE", delete_record),
    )
    for method, view in of_key:
        router.add_api_operation(
            f"{at.path}{one}/restore",
            [method],
            at.bound(ending(view, "/restore")),
            response={200: Row, 204: None, 304: None},
            operation_id=f"{at.operation(view)}_restore",
            include_in_schema=False,
        )


for _resource in resources():
    _add_routes(_resource)
