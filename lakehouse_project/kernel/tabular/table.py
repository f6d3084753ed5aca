"""Rows on their way out, whichever list they are of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of a list as a caller may see them. They are read when they are asked for.

    `frames`: as columns of `schema`. `objects`: as the JSON text of each row, as the list itself shows it.
    """

    name: str
    """Of the file, without its ending."""
    schema: Mapping[str, pl.DataType]
    frames: Callable[[], Iterator[pl.DataFrame]]
    objects: Callable[[], Iterator[pl.Series]]
    count: Callable[[], int]
    needs: tuple[str, ...]
    """The permissions without which nobody may see what is in it."""
    numbers: frozenset[str] = field(default=frozenset())
    """Columns of texts that are meant to be numbers: `-5` is no formula there."""
