"""Running one statement on Athena, and reading what it gives."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
from botocore.exceptions import ClientError

from lake.athena.errors import AthenaQueryCancelled, AthenaQueryFailed, asked
from lake.sql.errors import QueryTooLong

FIRST_WAIT, LONGEST_WAIT = 0.2, 2.0
PAGE = 1000

TYPES: dict[str, tuple[pa.DataType, Callable[[str], Any]]] = {
    "boolean": (pa.bool_(), lambda text: text == "true"),
    "tinyint": (pa.int64(), int),
    "smallint": (pa.int64(), int),
    "integer": (pa.int64(), int),
    "bigint": (pa.int64(), int),
    "real": (pa.float64(), float),
    "float": (pa.float64(), float),
    "double": (pa.float64(), float),
    "date": (pa.date32(), dt.date.fromisoformat),
}
"""Types of Athena as Arrow has them; others but decimals come as text."""


@dataclass(frozen=True)
class Execution:
    """A statement that has succeeded."""

    id: str
    scanned: int
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class AthenaQueries:
    """Statements in a database and work group. `wait` sleeps."""

    client: Any
    database: str
    workgroup: str
    seconds: float
    wait: Callable[[float], None] = time.sleep

    def run(self, sql: str) -> Execution:
        """Raises `AthenaQueryFailed`, `AthenaQueryCancelled`, `QueryTooLong` (it is stopped), and what `asked` says."""
        with asked("run the query on Athena"):
            started = self.client.start_query_execution(
                QueryString=sql,
                QueryExecutionContext={"Database": self.database},
                WorkGroup=self.workgroup,
            )
            return self._ended(str(started["QueryExecutionId"]))

    def rows(self, execution: Execution, limit: int) -> tuple[pa.Table, bool]:
        """The first rows of a SELECT, and whether there are more."""
        with asked("fetch the result from Athena"):
            pages = self._pages(execution.id)
            first = next(pages)
            columns = first["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            found = self._values(first, pages, limit + 1)
        return _table(columns, found[:limit]), len(found) > limit

    def _ended(self, execution_id: str) -> Execution:
        deadline, pause = time.monotonic() + self.seconds, FIRST_WAIT
        while True:
            told = self.client.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
            state, reason = told["Status"]["State"], told["Status"].get("StateChangeReason", "")
            if state == "SUCCEEDED":
                numbers = told.get("Statistics", {})
                return Execution(
                    execution_id,
                    int(numbers.get("DataScannedInBytes", 0)),
                    float(numbers.get("TotalExecutionTimeInMillis", 0)),
                )
            if state == "FAILED":
                raise AthenaQueryFailed(f"Athena says: {reason or 'the query failed'}")
            if state == "CANCELLED":
                raise AthenaQueryCancelled(f"The query was cancelled on Athena. {reason}".rstrip())
            if time.monotonic() > deadline:
                self._stop(execution_id)
            self.wait(pause)
            pause = min(pause * 1.5, LONGEST_WAIT)

    def _stop(self, execution_id: str) -> None:
        with suppress(ClientError):  # it may have ended by itself
            self.client.stop_query_execution(QueryExecutionId=execution_id)
        raise QueryTooLong(
            f"The query was stopped on Athena after {self.seconds:g} s (LAKE_QUERY_SECONDS). Choose fewer partitions."
        )

    def _pages(self, execution_id: str) -> Iterator[dict[str, Any]]:
        paginator = self.client.get_paginator("get_query_results")
        yield from paginator.paginate(QueryExecutionId=execution_id, PaginationConfig={"PageSize": PAGE})

    def _values(
        self, first: dict[str, Any], pages: Iterator[dict[str, Any]], wanted: int
    ) -> list[list[str | None]]:
        """The first row of a SELECT names the columns."""
        rows = [_row(row) for row in first["ResultSet"]["Rows"][1:]]
        while len(rows) < wanted and (page := next(pages, None)) is not None:
            rows += [_row(row) for row in page["ResultSet"]["Rows"]]
        return rows[:wanted]


def _row(row: dict[str, Any]) -> list[str | None]:
    return [cell.get("VarCharValue") for cell in row["Data"]]


def _table(columns: list[dict[str, Any]], rows: list[list[str | None]]) -> pa.Table:
    fields, arrays = [], []
    for place, column in enumerate(columns):
        kind, read = _type(column)
        values = [None if row[place] is None else read(str(row[place])) for row in rows]
        fields.append(pa.field(column.get("Label") or column["Name"], kind))
        arrays.append(pa.array(values, kind))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _type(column: dict[str, Any]) -> tuple[pa.DataType, Callable[[str], Any]]:
    kind = str(column["Type"]).lower()
    if kind == "decimal":
        return pa.decimal128(int(column["Precision"]), int(column["Scale"])), Decimal
    return TYPES.get(kind, (pa.string(), str))
