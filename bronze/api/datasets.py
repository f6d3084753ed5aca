"""Data sets: what there is, what it looks like, and those that are described at run time."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Schema, Status
from pydantic import ConfigDict

from bronze.api.routes import refusals
from bronze.catalog import Datasets, contract_named, duplicate_keys, visible_contracts
from bronze.contracts import CONTRACTS, ContractSpec
from bronze.contracts.described import Description, DescriptionChanges
from bronze.domain import DatasetCounts, InferredField, StorableText
from bronze.inference import SAMPLE, infer
from bronze.models import Dataset
from bronze.presentation import seen_by
from bronze.services import ChangeDataset, CreateDataset, DeleteDataset
from lakehouse_project.kernel.parameters import reject_unknown
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.rows import Items
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.slices import Slice, SliceQuery, answer
from lakehouse_project.kernel.versions import Versions

versions = Versions(tags=["datasets"])


class NewDataset(Description):
    """A data set to create. `name` is its place in addresses and what names it in file names and folders."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "weather",
                "title": "Weather stations",
                "key_fields": ["station", "measured_at"],
                "fields": [{"name": "measured_at", "type": "datetime", "required": True}],
            }
        }
    )

    name: StorableText


class DeleteQuery(Schema):
    """Whether a data set with records is deleted, and they with it."""

    with_records: bool = False


class DatasetOut(Schema):
    """A data set and its contract. `is_open`: described at run time, so that records may have other fields as well."""

    name: str
    title: str
    description: str
    key: tuple[str, ...]
    fields: list[dict[str, Any]]
    is_open: bool
    duplicate_keys: str


class DatasetDetail(DatasetOut):
    """A data set, what is in it, and what its newest records look like."""

    counts: DatasetCounts
    inferred: list[InferredField]


@versions.v1.get(
    "/datasets",
    response=list[DatasetOut],
    operation_id="list_datasets",
    summary="Data sets and their contracts",
)
def list_datasets(request: HttpRequest) -> list[DatasetOut]:
    reject_unknown(request, ())
    return _datasets(request)


@versions.v2.get(
    "/datasets",
    response=Slice[DatasetOut],
    operation_id="list_datasets",
    summary="Data sets and their contracts, by name",
)
def list_datasets_in_slices(
    request: HttpRequest, response: HttpResponse, query: Query[SliceQuery]
) -> dict[str, Any]:
    reject_unknown(request, SliceQuery.model_fields)
    found = sorted(_datasets(request), key=_name)
    return answer(request, response, query, Items(found, _name).cut)


def _name(dataset: DatasetOut) -> tuple[str]:
    return (dataset.name,)


def _datasets(request: HttpRequest) -> list[DatasetOut]:
    require(request, "bronze.view_dataset")
    contracts, policies = visible_contracts(), resolve(Datasets).duplicate_keys()
    return [
        DatasetOut(**_described(spec), duplicate_keys=policies.get(name, Dataset.DuplicateKeys.LAST_WINS))
        for name, spec in contracts.items()  # one that has been deleted since has no policy
    ]


@versions.post(
    "/datasets",
    response={201: DatasetDetail} | refusals(409, 422),
    operation_id="create_dataset",
    summary="Create a data set without a contract",
    description="Rows are stored as they are. Described fields are checked by type, masked and encrypted by class; "
    "records may have any other field as well. Without key fields the key is made from the content.",
)
def create_dataset(
    request: HttpRequest, response: HttpResponse, dataset: NewDataset
) -> Status[DatasetDetail]:
    reject_unknown(request, ())
    require(request, "bronze.add_dataset")
    resolve(CreateDataset)(dataset.name, Description(**dataset.model_dump(exclude={"name"})))
    response["Location"] = f"{request.path}/{dataset.name}"
    return Status(201, _detail(request, dataset.name))


@versions.get(
    "/datasets/{name}",
    response={200: DatasetDetail} | refusals(404),
    operation_id="get_dataset",
    summary="One data set: contract, counts, and the schema that its newest records show",
    description=f"`inferred` is what the newest {SAMPLE} records look like: share filled, guessed type, an example.",
)
def get_dataset(request: HttpRequest, name: str) -> DatasetDetail:
    reject_unknown(request, ())
    require(request, "bronze.view_dataset")
    return _detail(request, name)


@versions.patch(
    "/datasets/{name}",
    response={200: DatasetDetail} | refusals(404, 409, 422),
    operation_id="change_dataset",
    summary="Describe a data set otherwise",
    description="Of a data set with a contract in the code only `duplicate_keys` can be set. Other types and required "
    "fields count for rows that come from then on, classes at once.",
)
def change_dataset(request: HttpRequest, name: str, changes: DescriptionChanges) -> DatasetDetail:
    reject_unknown(request, ())
    require(request, "bronze.change_dataset")
    resolve(ChangeDataset)(name, changes)
    return _detail(request, name)


@versions.delete(
    "/datasets/{name}",
    response={204: None} | refusals(404, 409),
    operation_id="delete_dataset",
    summary="Delete a data set without a contract",
    description="With records it is 409 and says how many, unless `with_records=true`: then they become tombstones. "
    "Their history and the receipts of the files stay; the same files can be sent again.",
)
def delete_dataset(request: HttpRequest, name: str, query: Query[DeleteQuery]) -> Status[None]:
    reject_unknown(request, DeleteQuery.model_fields)
    require(request, "bronze.delete_dataset")
    if query.with_records:
        require(request, "bronze.delete_rawrecord")
    resolve(DeleteDataset)(name, with_records=query.with_records)
    return Status(204, None)


def _detail(request: HttpRequest, name: str) -> DatasetDetail:
    contract, datasets = contract_named(name), resolve(Datasets)
    return DatasetDetail(
        **_described(contract),
        duplicate_keys=duplicate_keys(name),
        counts=datasets.counts(name),
        inferred=_inferred(request, contract),
    )


def _inferred(request: HttpRequest, contract: ContractSpec) -> list[InferredField]:
    found = infer(resolve(Datasets).sample(contract.name, SAMPLE))
    examples = seen_by(request.user, contract, {field.name: field.example for field in found})
    return [field.model_copy(update={"example": examples[field.name]}) for field in found]


def _described(contract: ContractSpec) -> dict[str, Any]:
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
    return {
        "name": contract.name,
        "title": contract.title,
        "description": contract.description,
        "key": contract.key,
        "fields": fields,
        "is_open": contract.name not in CONTRACTS,
    }
