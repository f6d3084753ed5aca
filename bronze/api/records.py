"""Single raw records of every data set: list, create, read, replace, change, delete."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router, Status

from bronze.api.body import json_object
from bronze.api.routes import FILTERS, Resource, choices, ending, parameters, refusals, resources
from bronze.asking import listing_of
from bronze.catalog import contract_named
from bronze.domain import Record
from bronze.exports import VIEW, RecordQuery, record_table
from bronze.presentation import present
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord, RestoreRecord
from governance.idempotency import idempotent
from lakehouse_project.kernel.pagination import Page, PageOf
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import permitted, require
from lakehouse_project.kernel.preconditions import etag, expected_tags, is_unchanged
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular.answers import documented, streamed, wanted_format

router = Router()

Row = dict[str, Any]


def list_records(
    request: HttpRequest, query: Query[RecordQuery], *, dataset: str
) -> PageOf | StreamingHttpResponse:
    require(request, VIEW)
    contract = contract_named(dataset)
    if (to := wanted_format(request, query.format)) is not None:
        return streamed(lambda: record_table(contract, request.GET, request.user), to)
    listing = listing_of(request.GET, contract, request.user, own=RecordQuery.model_fields)
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


def _only(row: dict[str, Any], fields: tuple[str, ...] | None) -> dict[str, Any]:
    """The fields that were asked for, and what is known of the record."""
    return row if fields is None else {name: row.get(name) for name in (*fields, "_record")}


def _add_routes(at: Resource) -> None:
    """The single records of one resource, with their fields in the OpenAPI document."""
    whole = at.body(required=True)
    once, match, none_match = map(parameters, ("Idempotency-Key", "If-Match", "If-None-Match"))
    listed = choices() | {"responses": documented()}
    one = "/{path:key}"
    changed = {200: Row} | refusals(400, 404, 412, 422)
    routes: tuple[tuple[str, str, Callable[..., Any], Mapping[int, Any], Mapping[str, Any], str], ...] = (
        ("POST", f"{one}/restore", restore_record, changed, once, "Bring back a deleted record of {}"),
        ("GET", "", list_records, {200: Page[Row]} | refusals(400, 422), listed, "List {}"),
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
