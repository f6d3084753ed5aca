"""Rows of marts as CSV."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gold.registry import Column
from lakehouse_project.kernel import cells
from lakehouse_project.kernel.cells import neutral

__all__ = ["csv_lines", "neutral"]


def csv_lines(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The header, then the rows in blocks of lines."""
    return cells.csv_lines((column.name for column in columns), rows)
