"""Raw records of every data set as lists, with what is wrong with them, and the quarantine by reason."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import strawberry
from django.http import QueryDict
from strawberry.types import Info

from bronze.api.quarantine import CountsQuery
from bronze.asking import listing_of
from bronze.catalog import contract_named
from bronze.domain import Selection
from bronze.presentation import present
from bronze.quarantine import Quarantine
from bronze.repositories import RawRecords
from lakehouse_project.graphql.checked import checked
from lakehouse_project.graphql.inputs import require_few
from lakehouse_project.graphql.pages import Connection, connection_type, page
from lakehouse_project.graphql.rows import Context
from lakehouse_project.graphql.scalars import BigInt, Json
from lakehouse_project.kernel.parameters import OPERATOR, ORDERING
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.slices import LIMIT

PERMISSION = "bronze.view_rawrecord"


@strawberry.enum(description="What has become of a raw record.")
class RecordStatus(StrEnum):
    VALID = "valid"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


@strawberry.enum(description="How a field is compared, as in the query string of the REST API.")
class FilterOperator(StrEnum):
    EQ = "eq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    ISNULL = "isnull"
    CONTAINS = "contains"
    STARTSWITH = "startswith"


@strawberry.input(
    description="A condition on a field of a data set, or on record_id, record_key, record_updated_at."
)
class FieldFilter:
    field: str
    op: FilterOperator = FilterOperator.EQ
    value: str = strawberry.field(description="As in a query string; for IN with commas between the values.")


@strawberry.input(description="A field of a data set to order by.")
class FieldOrder:
    field: str
    descending: bool = False


@strawberry.type(
    description="A rule that a field of a record breaks. Values that you may not see are left out."
)
class RecordError:
    field: str
    rule: str
    message: str
    value: str | None


@strawberry.type(description="A raw record with the edits of staff applied.")
class RawRecord:
    id: BigInt
    key: str
    status: RecordStatus
    fields: Json = strawberry.field(description="Personal data are masked for those without the right.")
    errors: list[RecordError]
    conflict: Json = strawberry.field(
        description="Edited fields of which a later file brought another value."
    )
    revision: BigInt = strawberry.field(description="What `_revision` of a change is compared with.")
    source_file: BigInt | None
    line: BigInt | None


OF_ERROR = ("field", "rule", "message", "value")
RecordConnection: Any = connection_type(RawRecord)


def records(
    info: Info[Context, None],
    *,
    dataset: str,
    status: RecordStatus | None = None,
    where: list[FieldFilter] | None = None,
    order_by: list[FieldOrder] | None = None,
    first: int = LIMIT,
    after: str | None = None,
) -> Connection:
    require(info.context.request, PERMISSION)
    contract, caller = contract_named(dataset), info.context.caller
    listing = listing_of(_query(where or (), order_by or ()), contract, caller, own=())
    rows = resolve(RawRecords).rows(contract, listing=listing, status=status)
    shown = rows.each(lambda record: _node(present(record, caller, contract)))
    return page(f"records of {dataset}", shown, first, after)


def _query(where: Sequence[FieldFilter], order_by: Sequence[FieldOrder]) -> QueryDict:
    """The query string that says the same."""
    require_few("where", len(where))
    require_few("orderBy", len(order_by))
    query = QueryDict(mutable=True)
    for each in where:
        is_equality = each.op == FilterOperator.EQ
        name = each.field if is_equality else f"{each.field}{OPERATOR}{each.op}"
        query.appendlist(name, each.value)
    for order in order_by:
        query.appendlist(ORDERING, f"-{order.field}" if order.descending else order.field)
    return query


def _node(shown: dict[str, Any]) -> RawRecord:
    about = shown.pop("_record")
    errors = [RecordError(**{name: each.get(name) for name in OF_ERROR}) for each in about["errors"]]
    return RawRecord(**{**about, "errors": errors, "fields": shown, "status": RecordStatus(about["status"])})


# --- the quarantine -----------------------------------------------------------------------------------------------


@strawberry.type(description="How many records break a rule.")
class FailedRule:
    field: str
    rule: str
    count: int


@strawberry.type(
    description="A file, null for rows that came over the API, and how many of its records wait."
)
class FileCount:
    id: BigInt | None
    name: str
    count: int


@strawberry.type(description="What waits in the quarantine of a data set.")
class QuarantineCounts:
    total: int
    bounded: bool = strawberry.field(description="Only the newest records were counted, there are more.")
    reasons: list[FailedRule]
    files: list[FileCount]


def quarantine(
    info: Info[Context, None],
    *,
    dataset: str,
    file: BigInt | None = None,
    field: str | None = None,
    rule: str | None = None,
) -> QuarantineCounts:
    require(info.context.request, PERMISSION)
    asked = {"dataset": dataset, "file": file, "field": field, "rule": rule}
    selection = Selection(**checked(CountsQuery, asked).model_dump())
    contract_named(dataset)
    counts: Any = resolve(Quarantine).counts(selection)  # it has the fields of the type
    return counts  # type: ignore[no-any-return]
