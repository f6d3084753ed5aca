"""Batches of raw records: the contract of the REST API, row by row, as mutations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import strawberry
from django.http import HttpResponse
from ninja import Status
from strawberry.types import Info

from bronze.api import batches as rest
from bronze.api.body import storable_names, storable_rows
from bronze.domain import RowOutcome
from bronze.readers.json_text import encode
from bronze.services import ChangeBatch, DeleteBatch, WriteBatch
from governance.idempotency import HEADER, REPLAYED, idempotent
from lakehouse_project.graphql.rows import Context
from lakehouse_project.graphql.scalars import BigInt, RawRow
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve

ADD, CHANGE, DELETE = (f"bronze.{right}_rawrecord" for right in ("add", "change", "delete"))

Outcomes = Sequence[RowOutcome]


@strawberry.enum(description="ATOMIC: all rows or none. PARTIAL: the good ones, with a status for each row.")
class BatchMode(StrEnum):
    ATOMIC = "atomic"
    PARTIAL = "partial"


@strawberry.type(description="One thing that is wrong with a row.")
class RowError:
    pointer: str
    field: str
    code: str
    message: str
    row: int


@strawberry.type(description="What became of one row. `status` is that of the REST API.")
class BatchRow:
    row: int
    status: int
    key: str | None
    revision: BigInt | None
    errors: list[RowError]


@strawberry.type(
    description="One result per row, in the order of the request, and how many of each kind there are."
)
class BatchResult:
    created: int
    replaced: int
    changed: int
    deleted: int
    failed: int
    results: list[BatchRow]
    replayed: bool = strawberry.field(
        description="The same call came with this key before; it was done once."
    )


@dataclass(frozen=True)
class Arguments:
    """What a mutation is called with."""

    dataset: str
    mode: BatchMode
    key: str | None
    rows: Sequence[Any]


@dataclass(frozen=True)
class Call:
    """One mutation with its arguments, which `Idempotency-Key` tells from others as it does requests."""

    user: Any
    name: str
    given: Arguments

    method = "POST"

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.given.key is None else {HEADER: self.given.key}

    @property
    def body(self) -> bytes:
        told = [self.given.dataset, list(self.given.rows), str(self.given.mode)]
        return encode(told).encode(errors="surrogatepass")

    def get_full_path(self) -> str:
        return f"/graphql/ {self.name}"


@dataclass(frozen=True)
class Writing:
    """What a mutation does with the rows of a batch. It is done to those alone who have the permissions."""

    write: Callable[..., Outcomes]
    permissions: tuple[str, ...]


def mutation(name: str, writing: Writing) -> Callable[..., BatchResult]:
    """The resolver of a mutation of rows, all of which have one shape."""

    def resolver(
        info: Info[Context, None],
        *,
        dataset: str,
        rows: list[RawRow],
        mode: BatchMode = BatchMode.ATOMIC,
        idempotency_key: str | None = None,
    ) -> BatchResult:
        return _done(info, writing, Arguments(dataset, mode, idempotency_key, rows))

    resolver.__name__ = name
    return resolver


def delete_records(
    info: Info[Context, None],
    *,
    dataset: str,
    keys: list[strawberry.ID] | None = None,
    rows: list[RawRow] | None = None,
    mode: BatchMode = BatchMode.ATOMIC,
    idempotency_key: str | None = None,
) -> BatchResult:
    """Records are named by their keys, or by rows as those to be changed are."""
    named = [*(keys or ()), *(rows or ())]
    return _done(info, DELETING, Arguments(dataset, mode, idempotency_key, named))


CREATING = Writing(
    lambda dataset, rows, *, partial: resolve(WriteBatch)(
        dataset, storable_rows(rows), replace=False, partial=partial
    ),
    (ADD,),
)
REPLACING = Writing(
    lambda dataset, rows, *, partial: resolve(WriteBatch)(
        dataset, storable_rows(rows), replace=True, partial=partial
    ),
    (ADD, CHANGE),
)
CHANGING = Writing(
    lambda dataset, rows, *, partial: resolve(ChangeBatch)(dataset, storable_rows(rows), partial=partial),
    (CHANGE,),
)
DELETING = Writing(
    lambda dataset, rows, *, partial: resolve(DeleteBatch)(dataset, storable_names(rows), partial=partial),
    (DELETE,),
)

DELETION = (
    "Delete 1 to 1000 records by their keys, or by rows with their key fields or `_key`. With `_revision` a row is refused "
    "if the record has another one."
)

MUTATIONS: tuple[tuple[Callable[..., BatchResult], str], ...] = (
    (mutation("create_records", CREATING), "Add 1 to 1000 rows to a data set."),
    (
        mutation("replace_records", REPLACING),
        "Add 1 to 1000 rows, or put them in the place of those with the same key.",
    ),
    (mutation("change_records", CHANGING), f"Change some fields of 1 to 1000 records. {rest.CHANGES}"),
    (delete_records, DELETION),
)


def _done(info: Info[Context, None], writing: Writing, given: Arguments) -> BatchResult:
    for permission in writing.permissions:
        require(info.context.request, permission)
    is_partial = given.mode == BatchMode.PARTIAL

    @idempotent
    def once(_call: Call, response: HttpResponse) -> Status[rest.BatchResult]:
        outcomes = writing.write(given.dataset, given.rows, partial=is_partial)
        return Status(207 if is_partial else 200, rest.result_of(outcomes))

    response = HttpResponse()
    answer = once(Call(info.context.caller, info.field_name, given), response=response)
    return _shown(rest.BatchResult.model_validate(answer.value), is_replayed=REPLAYED in response)


def _shown(result: rest.BatchResult, *, is_replayed: bool) -> BatchResult:
    rows = [
        BatchRow(**{**dict(each), "errors": [RowError(**error) for error in each.errors]})
        for each in result.results
    ]
    return BatchResult(**{**dict(result), "results": rows, "replayed": is_replayed})
