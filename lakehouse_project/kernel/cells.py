"""Cells of CSV, in one form wherever a list becomes a file.

A text that a spreadsheet would run as a formula has an apostrophe in front, and so has one that began with an apostrophe
and such a formula already, so that taking one away gives every text back: `^'+[=+\\-@\\t\\r]` is one that has got it.
Moments are ISO 8601 with the difference to UTC, and fractions of a second where there are some; truth is `True`, `False`;
nothing is an empty cell, and an empty text is `""`.
"""

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import polars as pl

FORMULA = r"^'*[=+\-@\t\r]"
FORMULA_START = re.compile(FORMULA)
NUMBER = r"^[+-]?[0-9]+(?:\.[0-9]+)?$"
SECONDS = "%Y-%m-%dT%H:%M:%S%:z"
MICROSECONDS = "%Y-%m-%dT%H:%M:%S%.6f%:z"
BATCH = 1000


def header_line(names: Iterable[str]) -> str:
    """Fields of records are called what those who send them like."""
    texts = pl.DataFrame({"name": list(names)}, schema={"name": pl.String})
    return pl.DataFrame(schema=texts.select(_neutral("name")).to_series().to_list()).write_csv()


def frame_lines(frame: pl.DataFrame, *, numbers: Collection[str] = ()) -> str:
    """The rows of a frame. `numbers`: columns of texts that are meant to be numbers: `-5` is no formula there."""
    cells = [_cell(name, dtype, is_number=name in numbers) for name, dtype in frame.schema.items()]
    return frame.select(cells).write_csv(include_header=False)


def csv_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The header, then rows of Python values in blocks of lines."""
    yield header_line(names)
    remaining = iter(rows)
    while block := list(islice(remaining, BATCH)):
        columns = dict(zip(names, map(list, zip(*block, strict=True)), strict=True))
        texts = {name: [_text(value) for value in values] for name, values in columns.items()}
        yield pl.DataFrame(texts, schema=dict.fromkeys(names, pl.String)).write_csv(include_header=False)


def _cell(name: str, dtype: pl.DataType, *, is_number: bool) -> pl.Expr:
    if dtype == pl.String:
        return _neutral(name, is_number=is_number)
    value = pl.col(name)
    if dtype == pl.Boolean:
        return pl.when(value).then(pl.lit("True")).when(~value).then(pl.lit("False")).alias(name)
    if isinstance(dtype, pl.Datetime):
        has_fraction = value.dt.microsecond() != 0
        shown = pl.when(has_fraction).then(value.dt.to_string(MICROSECONDS))
        return shown.otherwise(value.dt.to_string(SECONDS)).alias(name)
    return value


def _neutral(name: str, *, is_number: bool = False) -> pl.Expr:
    text = pl.col(name)
    is_formula = text.str.contains(FORMULA)
    if is_number:
        is_formula &= ~text.str.contains(NUMBER)
    return pl.when(is_formula).then("'" + text).otherwise(text).alias(name)


def _text(cell: Any) -> str | None:
    match cell:
        case None:
            return None
        case str():
            return f"'{cell}" if FORMULA_START.match(cell) else cell
        case dt.date() | dt.time():
            return cell.isoformat()
    return str(cell)
