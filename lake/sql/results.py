"""Results: kept in the storage as Parquet, shown as JSON, tables and CSV."""

import datetime as dt
import io
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from governance.operations.repositories import OPEN
from lake.sql.errors import ResultNotReady
from lake.sql.models import LakeQuery
from lake.storage import Storage

FOLDER = "queries"
OWN = re.compile(rf"{FOLDER}/(?P<run>[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})\.parquet")
PLAIN = (str, bool, int, float, type(None))


@dataclass(frozen=True, kw_only=True)
class Results:
    """Results by the id of their query."""

    storage: Storage

    def keep(self, run_id: str, table: pa.Table) -> str:
        """The key under which it is kept."""
        buffer, key = io.BytesIO(), f"{FOLDER}/{run_id}.parquet"
        pq.write_table(table, buffer, compression="zstd")
        with self.storage.write(key) as out:
            out.write(buffer.getbuffer())
        return key

    def read(self, query: LakeQuery) -> pa.Table:
        """Raises `ResultNotReady`."""
        if not query.result_key:
            raise ResultNotReady(_why(query), **({"operation": query.pk} if query.run.state in OPEN else {}))
        with self.storage.open(query.result_key) as file:
            return pq.read_table(pa.BufferReader(file.read()))

    def remove(self, query: LakeQuery) -> None:
        self.storage.delete(query.result_key)

    def sweep(self, known: Callable[[Collection[str]], set[str]]) -> None:
        """Remove those whose query is not `known` any more: operations are forgotten after a while. Other files stay."""
        found = [each.key for each in self.storage.list(f"{FOLDER}/")]
        kept = {own["run"]: key for key in found if (own := OWN.fullmatch(key))}
        for run_id in kept.keys() - known(kept.keys()):
            self.storage.delete(kept[run_id])


def columns(table: pa.Table) -> list[dict[str, str]]:
    """Names and types, as Arrow calls them."""
    return [{"name": field.name, "type": str(field.type)} for field in table.schema]


def rows(table: pa.Table) -> Iterator[list[Any]]:
    """Values that JSON has; decimals, times and what else there is become text."""
    for row in table.to_pylist():
        yield [_plain(value) for value in row.values()]


def cells(table: pa.Table) -> Iterator[list[Any]]:
    """Values as files have them: numbers stay numbers."""
    for row in table.to_pylist():
        yield [value if isinstance(value, Decimal) else _plain(value) for value in row.values()]


def texts(table: pa.Table) -> Iterator[list[Any]]:
    """Values as tables show them: nothing is an empty place."""
    for row in cells(table):
        yield ["" if value is None else value for value in row]


def _plain(value: Any) -> Any:
    match value:
        case list() | tuple():  # an entry of a map is a tuple
            return [_plain(each) for each in value]
        case dict():
            return {str(name): _plain(each) for name, each in value.items()}
        case float():
            return value if math.isfinite(value) else str(value)
    return value if isinstance(value, PLAIN) else _text(value)


def _text(value: Any) -> str:
    match value:
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes():
            return value.hex()
    return str(value)


def _why(query: LakeQuery) -> str:
    if query.run.state == query.run.State.SUCCEEDED:
        return "The result was removed after its time. Run the query again."
    return f"The query has no result: it is {query.run.state}. {query.run.message}".rstrip()
