"""What the records of a data set look like, from some of them: names, share filled, types, an example."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from bronze.domain import InferredField
from bronze.readers import LINE
from bronze.rows import frame_of
from lakehouse_project.kernel.kinds import Kind
from lakehouse_project.kernel.parsing import parse_date, parse_datetime, parse_integer, present

SAMPLE = 1000
DECIMAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"


def infer(records: Sequence[Mapping[str, Any]]) -> list[InferredField]:
    """The fields in the order in which they appear first. The example is the first value there is."""
    frame = frame_of(records).drop(LINE)
    return [_inferred(frame[name], records) for name in frame.columns]


def _inferred(texts: pl.Series, records: Sequence[Mapping[str, Any]]) -> InferredField:
    filled = texts.to_frame().select(present(pl.col(texts.name))).to_series().drop_nulls()
    example = next((row[texts.name] for row in records if row.get(texts.name) not in (None, "")), None)
    return InferredField(
        name=texts.name,
        type=guessed_type(filled, example),
        filled=round(filled.len() / len(records), 4),
        example=example,
    )


def guessed_type(texts: pl.Series, example: Any) -> Kind:
    """The narrowest type that every text is of. A number with a leading zero is a code, such as a postal code."""
    if isinstance(example, dict):
        return "object"
    if texts.is_empty():
        return "text"
    column = pl.col(texts.name)
    tests: dict[Kind, pl.Expr] = {
        "integer": parse_integer(column).is_not_null() & ~column.str.contains(r"^[+-]?0[0-9]"),
        "decimal": column.str.contains(DECIMAL) & ~column.str.contains(r"^[+-]?0[0-9]"),
        "date": parse_date(column).is_not_null(),
        "datetime": parse_datetime(column).is_not_null(),
    }
    frame = texts.to_frame()
    return next((kind for kind, test in tests.items() if frame.select(test.all()).item()), "text")
