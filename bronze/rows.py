"""Rows of JSON values as the frames of strings that the contract check reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import polars as pl


def text_of(value: Any) -> str | None:
    """A JSON value as text: numbers and booleans as JSON writes them, nested values as JSON."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """One string column per name that any row has; null where a row lacks it."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {name: [text_of(row.get(name)) for row in rows] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
