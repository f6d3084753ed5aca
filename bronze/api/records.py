"""Single raw records of every data set that has a contract: list, create, read, replace, change, delete."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status

from bronze.api.body import json_object
from bronze.api.routes import body_schema, bound, parameters, refusals
from bronze.contracts import CONTRACTS, MODELS, Classification, Contract
from bronze.domain import Record
from bronze.domain import Status as RecordStatus
from bronze.presentation import present
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord
from governance.idempotency import idempotent
from lakehouse_project.kernel.masking import may_see_personal_data
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


class DatasetOut(Schema):
    """A data set and its contract."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    fields: list[dict[str, Any]]


@router.get(
    "/datasets",
    response=list[DatasetOut],
    operation_id="list_datasets",
    tags=["datasets"],
    summary="Data sets and their contracts",
)
def list_datasets(request: HttpRequest) -> list[DatasetOut]:
    reject_unknown(request, ())
    require(request, "bronze.view_dataset")
    return [_describe(name) for name in CONTRACTS]


def list_records(request: HttpRequest, query: Query[RecordQuery], *, dataset: str) -> PageOf:
    require(request, "bronze.view_rawrecord")
    filters = _filters(request, dataset)
    records, count = resolve(RawRecords).page(
        dataset, window=query.window, filters=filters, status=query.record_status
    )
    return PageOf([present(record, request.user) for record in records], count)


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


def _filters(request: HttpRequest, dataset: str) -> dict[str, str]:
    """Filters on fields. Personal ones only for those who may see them; secret ones for nobody."""
    hidden = {Classification.SECRET} | (
        set() if may_see_personal_data(request.user) else {Classification.PERSONAL}
    )
    fields = [field.name for field in CONTRACTS[dataset].fields if field.classification not in hidden]
    reject_unknown(request, [*RecordQuery.model_fields, *fields])
    return {name: request.GET[name] for name in fields if name in request.GET}


def _describe(name: str) -> DatasetOut:
    contract = CONTRACTS[name]
    fields = [
        {
            "name": field.name,
            "type": field.kind,
            "required": field.required,
            "description": field.description,
            "classification": field.classification,
            "example": field.example,
        }
        for field in contract.fields
    ]
    return DatasetOut(
        name=name, title=contract.title, description=contract.description, key=contract.key, fields=fields
    )


def _add_routes(model: type[Contract]) -> None:
    """The routes of one contract, with its fields in the OpenAPI document."""
    name = model.about.name
    whole, some = body_schema(model, required=True), body_schema(model, required=False)
    once, match, none_match = map(parameters, ("Idempotency-Key", "If-Match", "If-None-Match"))
    one = "/{path:key}"
    routes: tuple[tuple[str, str, Callable[..., Any], Mapping[int, Any], Mapping[str, Any], str], ...] = (
        ("GET", "", list_records, {200: Page[Row]} | refusals(400, 422), {}, "List {}"),
        ("POST", "", create_record, {201: Row} | refusals(409, 422), whole | once, "Add to {}"),
        ("GET", one, get_record, {200: Row, 304: None} | refusals(404), none_match, "One record of {}"),
        (
            "PUT",
            one,
            replace_record,
            {200: Row} | refusals(404, 412, 422),
            whole | match,
            "Replace a record of {}",
        ),
        (
            "PATCH",
            one,
            change_record,
            {200: Row} | refusals(404, 412, 422),
            some | match,
            "Change a record of {}",
        ),
        ("DELETE", one, delete_record, {204: None} | refusals(404, 409, 412), match, "Delete a record of {}"),
    )
    for method, path, view, response, extra, summary in routes:
        router.add_api_operation(
            f"/{name}{path}",
            [method],
            bound(view, dataset=name),
            response=dict(response),
            operation_id=f"{view.__name__}_{name}",
            summary=summary.format(model.about.title.lower()),
            description=model.spec().description,
            tags=[name],
            openapi_extra=dict(extra),
        )


for _model in MODELS:
    _add_routes(_model)
