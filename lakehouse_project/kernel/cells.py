"""Rows as CSV that is safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lakehouse_project.kernel.tabular.formats import FORMULA

FORMULA_START = re.compile(FORMULA)
BATCH = 1000


def csv_lines(names: Iterable[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The header, then the rows in blocks of lines."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(neutral, names))
    for number, row in enumerate(rows, start=1):
        writer.writerow(map(neutral, row))
        if number % BATCH == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def neutral(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front; times are ISO 8601."""
    if isinstance(cell, str) and FORMULA_START.match(cell):
        return f"'{cell}"
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
