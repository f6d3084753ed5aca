"""Single raw records of every data set: list, create, read, replace, change, delete."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from bronze.api.body import json_object
from bronze.api.routes import Resource, parameters, refusals, resources
from bronze.catalog import contract_named
from bronze.contracts import ContractSpec
from bronze.domain import Record
from bronze.domain import Status as RecordStatus
from bronze.presentation import hidden_classes, present
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord
from governance.idempotency import idempotent
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
    filters = _filters(request, contract)
    records, count = resolve(RawRecords).page(
        dataset, window=query.window, filters=filters, status=query.record_status
    )
    return PageOf([present(record, request.user, contract) for record in records], count)


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


def delete_record(request: HttpRequest, key: str, *, dataset: str) -> Status[None]:
    require(request, "bronze.delete_rawrecord")
    resolve(DeleteRecord)(dataset, key, expected=expected_tags(request))
    return Status(204, None)


def _shown(request: HttpRequest, response: HttpResponse, record: Record) -> dict[str, Any]:
    response["ETag"] = etag(record.revision)
    return present(record, request.user)


def _filters(request: HttpRequest, contract: ContractSpec) -> dict[str, str]:
    """Filters on fields. Personal ones only for those who may see them; secret ones for nobody."""
    hidden = hidden_classes(request.user)
    fields = [field.name for field in contract.fields if field.classification not in hidden]
    reject_unknown(request, [*RecordQuery.model_fields, *fields])
    return {name: request.GET[name] for name in fields if name in request.GET}


def _add_routes(at: Resource) -> None:
    """The single records of one resource, with their fields in the OpenAPI document."""
    whole, some = at.body(required=True), at.body(required=False)
    once, match, none_match = map(parameters, ("Idempotency-Key", "If-Match", "If-None-Match"))
    one = "/{path:key}"
    changed = {200: Row} | refusals(404, 412, 422)
    routes: tuple[tuple[str, str, Callable[..., Any], Mapping[int, Any], Mapping[str, Any], str], ...] = (
        ("GET", "", list_records, {200: Page[Row]} | refusals(400, 422), {}, "List {}"),
        ("POST", "", create_record, {201: Row} | refusals(409, 422), whole | once, "Add to {}"),
        ("GET", one, get_record, {200: Row, 304: None} | refusals(404), none_match, "One record of {}"),
        ("PUT", one, replace_record, changed, whole | match, "Replace a record of {}"),
        ("PATCH", one, change_record, changed, some | match, "Change a record of {}"),
        ("DELETE", one, delete_record, {204: None} | refusals(404, 409, 412), match, "Delete a record of {}"),
    )
    for method, path, view, response, extra, summary in routes:
        router.add_api_operation(
            f"{at.path}{path}",
            [method],
            at.bound(view),
            response=dict(response),
            operation_id=at.operation(view),
            summary=summary.format(at.title),
            description=at.description,
            tags=[at.tag],
            openapi_extra=dict(extra),
        )


for _resource in resources():
    _add_routes(_resource)
