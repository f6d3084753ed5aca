"""Parquet in slices, every column cast to text in one stable way."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bronze.readers.csv_exact import unique_names
from bronze.readers.errors import UnreadableFile
from bronze.readers.formats import LINE, BrokenRow, FileFormat, ReadLimits, RowBatch, storable

LAST_NANOSECOND = 2**63 - 1

_DAMAGED = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What polars raises for a damaged file. A panic is no `Exception`: nobody else would catch it."""


def read_parquet(path: Path, fmt: FileFormat, limits: ReadLimits) -> Iterator[RowBatch]:
    """Batches of `limits.parquet_rows` rows; `_line` is the row number from 1.

    Dates are ISO 8601, decimals keep their digits, nested values are JSON, bytes that are not UTF-8 are hexadecimal.
    Raises `UnreadableFile` for a damaged file.
    """
    size, taken = path.stat().st_size, 0
    try:
        table = _scanned(path)
        height = table.select(pl.len()).collect().item()
        for offset in range(0, height, limits.parquet_rows):
            piece = table.slice(offset, limits.parquet_rows).collect()
            position = size * (offset + piece.height) // height
            yield _batch(piece, fmt, offset, position - taken)
            taken = position
    except _DAMAGED as error:  # pylint: disable=catching-non-exception  # it is a BaseException
        raise UnreadableFile(f"The Parquet file is damaged: {str(error).splitlines()[0]}.") from error


def _scanned(path: Path) -> pl.LazyFrame:
    """The table. Nanoseconds that do not fit into 64 bits, as INT96 has them for 9999-12-31, are read as microseconds:
    polars gives the last moment that does fit in their place."""
    table = pl.scan_parquet(path, glob=False)
    kinds = table.collect_schema()
    names = [name for name, kind in kinds.items() if kind == pl.Datetime("ns")]
    if not names:
        return table
    latest = table.select(pl.col(names).max().to_physical()).collect().row(0)
    beyond = {
        name: pl.Datetime("us") for name, last in zip(names, latest, strict=True) if last == LAST_NANOSECOND
    }
    if not beyond:
        return table
    options = pl.ScanCastOptions(datetime_cast="nanosecond-downcast")
    return pl.scan_parquet(path, glob=False, schema={**kinds, **beyond}, cast_options=options)


def parquet_columns(path: Path) -> list[str]:
    """Names of the columns. Raises `UnreadableFile` for a damaged file."""
    return parquet_shape(path)[0]


def parquet_shape(path: Path) -> tuple[list[str], int]:
    """Names of the columns and number of rows. Raises `UnreadableFile` for a damaged file."""
    try:
        table = pl.scan_parquet(path, glob=False)
        return table.collect_schema().names(), table.select(pl.len()).collect().item()
    except _DAMAGED as error:  # pylint: disable=catching-non-exception  # it is a BaseException
        raise UnreadableFile(f"The Parquet file is damaged: {str(error).splitlines()[0]}.") from error


def _batch(piece: pl.DataFrame, fmt: FileFormat, offset: int, bytes_read: int) -> RowBatch:
    names = unique_names(piece.columns, fmt.aliases)
    columns = [as_text(column).alias(name) for column, name in zip(piece.get_columns(), names, strict=True)]
    lines = pl.int_range(offset + 1, offset + 1 + piece.height, eager=True).alias(LINE)
    rows, broken = _without_nuls(pl.DataFrame([*columns, lines]))
    return RowBatch(rows, None, broken, bytes_read)


def as_text(column: pl.Series) -> pl.Series:
    """A column of any type as text; null stays null."""
    kind = column.dtype
    if kind.is_nested():
        text = _nested_as_json(column)
    elif kind.is_temporal() and kind != pl.Time:
        text = column.dt.to_string("iso:strict")
    elif kind == pl.Binary:
        text = _binary_as_text(column)
    else:
        text = column.cast(pl.String)
    return text


def _nested_as_json(column: pl.Series) -> pl.Series:
    """Only structs can be encoded, so the value is wrapped into `{"v":…}` and taken out again."""
    text = column.rename("v").to_frame().to_struct("v").struct.json_encode()
    inner = text.str.slice(5, text.str.len_chars() - 6)
    return pl.select(pl.when(column.is_not_null()).then(inner)).to_series()


def _binary_as_text(column: pl.Series) -> pl.Series:
    return pl.Series([None if value is None else _text_or_hex(value) for value in column], dtype=pl.String)


def _text_or_hex(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _without_nuls(rows: pl.DataFrame) -> tuple[pl.DataFrame, tuple[BrokenRow, ...]]:
    has_nul = pl.any_horizontal(pl.col(pl.String).str.contains("\x00", literal=True).fill_null(value=False))
    if rows.width == 1 or not (marks := rows.select(has_nul).to_series()).any():
        return rows, ()
    broken = tuple(
        BrokenRow(row[LINE], _shown(row), "nul_character", f"row {row[LINE]} has a NUL character")
        for row in rows.filter(marks).iter_rows(named=True)
    )
    return rows.filter(~marks), broken


def _shown(row: dict[str, str]) -> str:
    return storable(
        json.dumps(
            {name: str(cell).replace("\x00", "\u2400") for name, cell in row.items()}, ensure_ascii=False
        )
    )
