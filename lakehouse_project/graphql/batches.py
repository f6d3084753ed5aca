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
from bronze.api.body import storable_rows
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
class Call:
    """One mutation with its arguments, which `Idempotency-Key` tells from others as it does requests."""

    user: Any
    name: str
    arguments: tuple[Any, ...]
    key: str | None

    method = "POST"

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.key is None else {HEADER: self.key}

    @property
    def body(self) -> bytes:
        return encode(list(self.arguments)).encode(errors="surrogatepass")

    def get_full_path(self) -> str:
        return f"/graphql/ {self.name}"


def create_records(
    info: Info[Context, None],
    *,
    dataset: str,
    rows: list[RawRow],
    mode: BatchMode = BatchMode.ATOMIC,
    idempotency_key: str | None = None,
) -> BatchResult:
    return _done(
        info,
        (dataset, rows, str(mode)),
        idempotency_key,
        lambda partial: resolve(WriteBatch)(dataset, storable_rows(rows), replace=False, partial=partial),
        ADD,
    )


def replace_records(
    info: Info[Context, None],
    *,
    dataset: str,
    rows: list[RawRow],
    mode: BatchMode = BatchMode.ATOMIC,
    idempotency_key: str | None = None,
) -> BatchResult:
    return _done(
        info,
        (dataset, rows, str(mode)),
        idempotency_key,
        lambda partial: resolve(WriteBatch)(dataset, storable_rows(rows), replace=True, partial=partial),
        ADD,
        CHANGE,
    )


def change_records(
    info: Info[Context, None],
    *,
    dataset: str,
    rows: list[RawRow],
    mode: BatchMode = BatchMode.ATOMIC,
    idempotency_key: str | None = None,
) -> BatchResult:
    return _done(
        info,
        (dataset, rows, str(mode)),
        idempotency_key,
        lambda partial: resolve(ChangeBatch)(dataset, storable_rows(rows), partial=partial),
        CHANGE,
    )


def delete_records(
    info: Info[Context, None],
    *,
    dataset: str,
    keys: list[strawberry.ID],
    mode: BatchMode = BatchMode.ATOMIC,
    idempotency_key: str | None = None,
) -> BatchResult:
    return _done(
        info,
        (dataset, keys, str(mode)),
        idempotency_key,
        lambda partial: resolve(DeleteBatch)(dataset, keys, partial=partial),
        DELETE,
    )


MUTATIONS: tuple[tuple[Callable[..., BatchResult], str], ...] = (
    (create_records, "Add 1 to 1000 rows to a data set."),
    (replace_records, "Add 1 to 1000 rows, or put them in the place of those with the same key."),
    (change_records, f"Change some fields of 1 to 1000 records. {rest.CHANGES}"),
    (delete_records, "Delete 1 to 1000 records by their keys."),
)


def _done(
    info: Info[Context, None],
    arguments: tuple[Any, ...],
    key: str | None,
    write: Callable[[bool], Outcomes],
    *permissions: str,
) -> BatchResult:
    """`arguments`: what tells the call from others, the mode at their end."""
    for permission in permissions:
        require(info.context.request, permission)
    is_partial = arguments[-1] == BatchMode.PARTIAL

    @idempotent
    def once(call: Call, response: HttpResponse) -> Status[rest.BatchResult]:
        return Status(207 if is_partial else 200, rest.result_of(write(is_partial)))

    response = HttpResponse()
    answer = once(Call(info.context.caller, info.field_name, arguments, key), response=response)
    return _shown(rest.BatchResult.model_validate(answer.value), is_replayed=REPLAYED in response)


def _shown(result: rest.BatchResult, *, is_replayed: bool) -> BatchResult:
    rows = [
        BatchRow(**{**dict(each), "errors": [RowError(**error) for error in each.errors]})
        for each in result.results
    ]
    return BatchResult(**{**dict(result), "results": rows, "replayed": is_replayed})
