"""Single raw records of every data set: list, create, read, replace, change, delete."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from bronze.api.body import json_object
from bronze.api.routes import FILTERS, Resource, ending, parameters, refusals, resources
from bronze.asking import listing_of
from bronze.catalog import contract_named
from bronze.domain import Record
from bronze.exports import VIEW, RecordFilters, record_table
from bronze.presentation import present
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord, RestoreRecord
from governance.idempotency import idempotent
from lakehouse_project.kernel.filters import read_fields
from lakehouse_project.kernel.parameters import FIELDS, reject_unknown
from lakehouse_project.kernel.permissions import permitted, require
from lakehouse_project.kernel.preconditions import etag, expected_tags, is_unchanged, require_condition
from lakehouse_project.kernel.rows import Listed
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.tabular import Table
from lakehouse_project.kernel.versions import Versions

versions = Versions()

Row = dict[str, Any]


def list_records(request: HttpRequest, query: RecordFilters, *, dataset: str) -> Listed:
    require(request, VIEW)
    contract = contract_named(dataset)
    listing = listing_of(request.GET, contract, request.user, own=type(query).model_fields)
    rows = resolve(RawRecords).rows(contract, listing=listing, status=query.record_status)
    return rows.each(lambda record: _only(present(record, request.user, contract), listing.fields))


def export_records(request: HttpRequest, query: RecordFilters, *, dataset: str) -> Table:
    require(request, VIEW)
    own = type(query).model_fields
    return record_table(contract_named(dataset), request.GET, request.user, own=own)


@permitted("bronze.add_rawrecord")
@idempotent
def create_record(request: HttpRequest, response: HttpResponse, *, dataset: str) -> Status[dict[str, Any]]:
    reject_unknown(request, ())
    record = resolve(CreateRecord)(dataset, json_object(request))
    response["Location"] = f"{request.path}/{quote(record.key, safe='')}"
    return Status(201, shown(request, response, record))


def get_record(
    request: HttpRequest, response: HttpResponse, key: str, *, dataset: str
) -> Status[dict[str, Any] | None]:
    reject_unknown(request, (FIELDS,))
    require(request, "bronze.view_rawrecord")
    contract = contract_named(dataset)
    record = resolve(RawRecords).get(dataset, key)
    fields = read_fields(request.GET, {*contract.field_names(), *record.fields})
    row = _only(shown(request, response, record), fields)
    return Status(304, None) if is_unchanged(request, record.revision) else Status(200, row)


def replace_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    reject_unknown(request, ())
    require(request, "bronze.change_rawrecord")
    fields, expected = json_object(request), expected_tags(request)
    return shown(request, response, resolve(ReplaceRecord)(dataset, key, fields, expected=expected))


def change_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    reject_unknown(request, ())
    require(request, "bronze.change_rawrecord")
    changes, expected = json_object(request), expected_tags(request)
    return shown(request, response, resolve(ChangeRecord)(dataset, key, changes, expected=expected))


@permitted("bronze.change_rawrecord")
@idempotent
def restore_record(
    request: HttpRequest, response: HttpResponse, key: str, *, dataset: str
) -> Status[dict[str, Any]]:
    reject_unknown(request, ())
    return Status(200, shown(request, response, resolve(RestoreRecord)(dataset, key)))


def delete_record(request: HttpRequest, key: str, *, dataset: str) -> Status[None]:
    reject_unknown(request, ())
    require(request, "bronze.delete_rawrecord")
    resolve(DeleteRecord)(dataset, key, expected=expected_tags(request))
    return Status(204, None)


def shown(request: HttpRequest, response: HttpResponse, record: Record) -> dict[str, Any]:
    """The record as an answer, with its `ETag`."""
    response["ETag"] = etag(record.revision)
    return present(record, request.user)


def conditional(view: Callable[..., Any], permission: str) -> Callable[..., Any]:
    """`view`, for those alone who have the permission and say which revision they mean."""

    @wraps(view)
    def with_condition(request: HttpRequest, *args: Any, **values: Any) -> Any:
        require(request, permission)
        require_condition(request)
        return view(request, *args, **values)

    return with_condition


def _only(row: dict[str, Any], fields: tuple[str, ...] | None) -> dict[str, Any]:
    """The fields that were asked for, and what is known of the record."""
    return row if fields is None else {name: row.get(name) for name in (*fields, "_record")}


Route = tuple[str, str, Callable[..., Any], Mapping[int, Any], Mapping[str, Any], str]
"""Method, path below the resource, view, answers, what OpenAPI cannot know of the view, summary."""

ONE = "/{path:key}"


def _shared(at: Resource) -> Iterator[Route]:
    """What is the same in both versions."""
    once, chosen = parameters("Idempotency-Key"), parameters("If-None-Match", "fields")
    whole = at.body(required=True) | once
    restored = {200: Row} | refusals(400, 404, 412, 422)
    yield ("POST", f"{ONE}/restore", restore_record, restored, once, "Bring back a deleted record of {}")
    yield ("POST", "", create_record, {201: Row} | refusals(409, 422), whole, "Add to {}")
    yield ("GET", ONE, get_record, {200: Row, 304: None} | refusals(404), chosen, "One record of {}")


def _writes(at: Resource, *, is_conditional: bool) -> Iterator[Route]:
    """What writes one record; version 2 wants to know which revision is meant."""
    match = parameters("If-Match", required=is_conditional)
    refused = (428,) if is_conditional else ()
    changed = {200: Row} | refusals(400, 404, 412, 422, *refused)
    deleted = {204: None} | refusals(400, 404, 409, 412, *refused)
    routes: tuple[tuple[Route, str], ...] = (
        (
            ("PUT", ONE, replace_record, changed, at.body(required=True) | match, "Replace a record of {}"),
            "change",
        ),
        (
            ("PATCH", ONE, change_record, changed, at.body(required=False) | match, "Change a record of {}"),
            "change",
        ),
        (("DELETE", ONE, delete_record, deleted, match, "Delete a record of {}"), "delete"),
    )
    for (method, path, view, answers, extra, summary), right in routes:
        guarded = conditional(view, f"bronze.{right}_rawrecord") if is_conditional else view
        yield (method, path, guarded, answers, extra, summary)


def _add_routes(at: Resource) -> None:
    """The single records of one resource, with their fields in the OpenAPI document."""
    for route in _shared(at):
        _add(versions, at, route)
    versions.list(
        at.path,
        item=Row,
        query=RecordFilters,
        response=refusals(400, 422),
        refuses_unknown=False,
        exported=at.bound(export_records),
        operation_id=at.operation(list_records),
        summary=f"List {at.title}",
        description=f"{at.description} {FILTERS}",
        tags=[at.tag],
        openapi_extra=parameters("ordering", "fields") | at.answered,
    )(at.bound(list_records))
    for router, is_conditional in ((versions.v1, False), (versions.v2, True)):
        for route in _writes(at, is_conditional=is_conditional):
            _add(router, at, route)
            _add_of_longer_key(router, at, route)
    for route in _shared(at):
        if route[1] == ONE:
            _add_of_longer_key(versions, at, route)


def _add(router: Router | Versions, at: Resource, route: Route) -> None:
    method, path, view, response, extra, summary = route
    router.add_api_operation(
        f"{at.path}{path}",
        [method],
        at.bound(view),
        response=dict(response),
        operation_id=at.operation(view),
        summary=summary.format(at.title),
        description=at.description,
        tags=[at.tag],
        openapi_extra=dict(extra) | at.answered,
    )


def _add_of_longer_key(router: Router | Versions, at: Resource, route: Route) -> None:
    """A key may end like the address of what is done to a record."""
    method, _path, view, response, *_rest = route
    router.add_api_operation(
        f"{at.path}{ONE}/restore",
        [method],
        at.bound(ending(view, "/restore")),
        response=dict(response),
        operation_id=f"{at.operation(view)}_restore",
        include_in_schema=False,
    )


for _resource in resources():
    _add_routes(_resource)
