"""Single raw records of every data set that has a contract: list, create, read, replace, change, delete."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status

from bronze.api.body import json_object
from bronze.api.routes import body_schema, bound
from bronze.contracts import CONTRACTS, MODELS, Classification, Contract
from bronze.domain import Record
from bronze.domain import Status as RecordStatus
from bronze.presentation import present
from bronze.repositories import RawRecords
from bronze.services import ChangeRecord, CreateRecord, DeleteRecord, ReplaceRecord
from lakehouse_project.kernel.masking import may_see_personal_data
from lakehouse_project.kernel.pagination import Page, PageOf, PageQuery
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve

router = Router()


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


def create_record(request: HttpRequest, response: HttpResponse, *, dataset: str) -> Status[dict[str, Any]]:
    require(request, "bronze.add_rawrecord")
    record = resolve(CreateRecord)(dataset, json_object(request))
    response["Location"] = f"{request.path}/{quote(record.key, safe='')}"
    return Status(201, _shown(request, response, record))


def get_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    require(request, "bronze.view_rawrecord")
    return _shown(request, response, resolve(RawRecords).get(dataset, key))


def replace_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    require(request, "bronze.change_rawrecord")
    return _shown(request, response, resolve(ReplaceRecord)(dataset, key, json_object(request)))


def change_record(request: HttpRequest, response: HttpResponse, key: str, *, dataset: str) -> dict[str, Any]:
    require(request, "bronze.change_rawrecord")
    return _shown(request, response, resolve(ChangeRecord)(dataset, key, json_object(request)))


def delete_record(request: HttpRequest, key: str, *, dataset: str) -> Status[None]:
    require(request, "bronze.delete_rawrecord")
    resolve(DeleteRecord)(dataset, key)
    return Status(204, None)


def _shown(request: HttpRequest, response: HttpResponse, record: Record) -> dict[str, Any]:
    response["ETag"] = f'"{record.revision}"'
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
    name, title = model.about.name, model.about.title.lower()
    whole, some = body_schema(model, required=True), body_schema(model, required=False)
    routes: tuple[tuple[str, str, Callable[..., Any], Any, Mapping[str, Any], str], ...] = (
        ("GET", "", list_records, Page[dict[str, Any]], {}, f"List {title}"),
        ("POST", "", create_record, {201: dict[str, Any]}, whole, f"Add to {title}"),
        ("GET", "/{path:key}", get_record, dict[str, Any], {}, f"One record of {title}"),
        ("PUT", "/{path:key}", replace_record, dict[str, Any], whole, f"Replace a record of {title}"),
        ("PATCH", "/{path:key}", change_record, dict[str, Any], some, f"Change a record of {title}"),
        ("DELETE", "/{path:key}", delete_record, {204: None}, {}, f"Delete a record of {title}"),
    )
    for method, path, view, response, extra, summary in routes:
        router.add_api_operation(
            f"/{name}{path}",
            [method],
            bound(view, dataset=name),
            response=response,
            operation_id=f"{view.__name__}_{name}",
            summary=summary,
            description=model.spec().description,
            tags=[name],
            openapi_extra=dict(extra),
        )


for _model in MODELS:
    _add_routes(_model)
