"""Rows of JSON values as the frames of strings that the contract check reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from bronze.readers import LINE
from bronze.readers.json_text import frame_cell

KEYLESS = "?"
"""A row that came without a key, or with one that others of its file had, has a key from its content; that begins so."""


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """One string column per name that any row has, null where a row lacks it, and the empty column `LINE`."""
    names = dict.fromkeys(name for row in rows for name in row if name != LINE)
    columns = [
        pl.Series(name, [frame_cell(row.get(name)) for row in rows], dtype=pl.String) for name in names
    ]
    return pl.DataFrame([*columns, pl.Series(LINE, [None] * len(rows), dtype=pl.Int64)])
