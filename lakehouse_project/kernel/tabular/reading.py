"""The rows of a query as frames, streamed from the server by one COPY."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import polars as pl
from django.db import connection, models, transaction

from lakehouse_project.kernel.copy import NULL_OUT
from lakehouse_project.kernel.masking import MASK
from lakehouse_project.kernel.rows import statement_of

BATCH_BYTES = 4 << 20
MOMENT = pl.Datetime("us", "UTC")
WHOLE = pl.Int64()

_TYPES: Mapping[type[Any], pl.DataType] = MappingProxyType(
    {
        models.BooleanField: pl.Boolean(),
        models.DateTimeField: MOMENT,
        models.DateField: pl.Date(),
        models.FloatField: pl.Float64(),
        models.IntegerField: WHOLE,
        models.ForeignKey: WHOLE,
    }
)


def dtype_of(field: Any) -> pl.DataType:
    """The type of a model field, or of an expression's output, as a column of a frame."""
    if isinstance(field, models.DecimalField):
        return pl.Decimal(38, field.decimal_places)
    return next((dtype for kind, dtype in _TYPES.items() if isinstance(field, kind)), pl.String())


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read in the block is of one moment. It holds up no stage of the pipeline: it writes nothing."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def text_frames(rows: "models.QuerySet[Any, Any]", names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of a `values_list`, all columns text or null, in frames of about `BATCH_BYTES`.

    The connection can do nothing else until the last one is taken.
    """
    wanted = statement_of(rows)
    if wanted is None:
        return
    query, params = wanted
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv, NULL '{NULL_OUT}')"
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(statement, params) as copy,
    ):
        piece, size = [], 0
        for row in copy:
            piece.append(bytes(row))
            size += len(row)
            if size >= BATCH_BYTES:
                yield _frame(piece, names)
                piece, size = [], 0
        if piece:
            yield _frame(piece, names)


def _frame(rows: list[bytes], names: Sequence[str]) -> pl.DataFrame:
    return pl.read_csv(
        b"".join(rows),
        has_header=False,
        new_columns=list(names),
        infer_schema=False,
        null_values=NULL_OUT,
        empty_string_is_null=False,
    )


def typed(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Texts as PostgreSQL writes them, as columns of `schema`."""
    return frame.select(_typed(pl.col(name), dtype).alias(name) for name, dtype in schema.items())


def _typed(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return text == "t"
    if dtype == pl.Date:
        return text.str.to_date("%Y-%m-%d")
    if dtype == MOMENT:
        naive = text.str.strip_suffix("+00").str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
        return naive.dt.replace_time_zone("UTC")
    return text if dtype == pl.String else text.cast(dtype)


def masked(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Texts keep their first character, as `kernel.masking.mask` does it; of other values nothing is left."""
    return frame.with_columns(_masked(frame[name]) for name in names)


def _masked(column: pl.Series) -> pl.Expr:
    text = pl.col(column.name)
    if column.dtype != pl.String:
        return pl.lit(None, column.dtype).alias(column.name)
    return pl.when(text != "").then(text.str.head(1) + MASK).otherwise(text).alias(column.name)


def objects(frame: pl.DataFrame, *, floats: frozenset[str] = frozenset()) -> pl.Series:
    """Each row as JSON, as the API writes values: decimals are texts but for those in `floats`, moments end with Z."""
    columns = [_json_value(frame[name], is_float=name in floats) for name in frame.columns]
    return frame.select(pl.struct(columns).struct.json_encode()).to_series()


def _json_value(column: pl.Series, *, is_float: bool) -> pl.Expr:
    value = pl.col(column.name)
    if column.dtype.is_decimal():
        return value.cast(pl.Float64 if is_float else pl.String)
    if column.dtype == pl.Date:
        return value.dt.to_string("%Y-%m-%d")
    if column.dtype == MOMENT:
        is_whole = value.dt.microsecond() == 0
        return (
            pl.when(is_whole)
            .then(value.dt.to_string("%Y-%m-%dT%H:%M:%SZ"))
            .otherwise(value.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ"))
            .alias(column.name)
        )
    return value
