"""Delimiter and quote of a CSV file, by how well each candidate cuts a sample into rows of equal length."""

import csv
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from io import StringIO

from bronze.contracts import plain_name

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "vertical bar", ",": "comma"}
"""The first wins where two cut equally well: in `1;2,5` the comma is a decimal mark."""
SAMPLE_ROWS = 200
PREAMBLE_ROWS = 20
"""The header is looked for in so many rows."""
REGULAR_SHARE = 0.8


@dataclass(frozen=True)
class Dialect:
    """`rows`: the first rows of the sample; `starts`: how many physical lines are above each of them."""

    delimiter: str
    quote: str
    rows: tuple[tuple[str, ...], ...]
    starts: tuple[int, ...]

    @property
    def width(self) -> int:
        """The usual number of cells."""
        return self._usual[0]

    @property
    def share(self) -> float:
        """Of rows with that many cells."""
        return self._usual[1] / len(self.rows)

    @cached_property
    def _usual(self) -> tuple[int, int]:
        return Counter(map(len, self.rows)).most_common(1)[0]

    def from_row(self, position: int) -> "Dialect":
        return replace(self, rows=self.rows[position:], starts=self.starts[position:])

    @property
    def is_table(self) -> bool:
        return self.width > 1 and self.share >= REGULAR_SHARE

    @property
    def title(self) -> str:
        return DELIMITERS.get(self.delimiter, f"delimiter {self.delimiter}")


def find_dialect(
    sample: str, *, is_whole: bool, names: Collection[str], delimiters: Collection[str] = tuple(DELIMITERS)
) -> Dialect | None:
    """The best dialect for a sample; `names` are column names that would be no surprise. None: no row at all."""
    text = sample if is_whole else sample[: sample.rfind("\n") + 1] or sample
    quote = _quote(text)
    tried = [_try(text, delimiter, quote) for delimiter in delimiters]
    return max(
        (dialect for dialect in tried if dialect), key=lambda dialect: _score(dialect, names), default=None
    )


def _try(text: str, delimiter: str, quote: str) -> Dialect | None:
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(
        map(_without_returns, StringIO(text, newline="\n")), delimiter=delimiter, quotechar=quote
    )
    rows: list[tuple[str, ...]] = []
    starts: list[int] = []
    start = 0
    try:
        for row in reader:
            if row:
                rows.append(tuple(row))
                starts.append(start)
            start = reader.line_num
            if len(rows) == SAMPLE_ROWS:
                break
    except csv.Error:
        return None
    return Dialect(delimiter, quote, tuple(rows), tuple(starts)) if rows else None


def _without_returns(line: str) -> str:
    """The line without carriage returns that end no line: `csv.reader` takes none outside of quotes."""
    return line if line.find("\r", 0, -2) < 0 else re.sub(r"\r(?!\n)", " ", line)


def _score(dialect: Dialect, names: Collection[str]) -> tuple[int, bool, float, int]:
    known = max(sum(plain_name(cell) in names for cell in row) for row in dialect.rows[:PREAMBLE_ROWS])
    return known, dialect.is_table, round(dialect.share, 1), dialect.width


def _quote(text: str) -> str:
    """`'` where cells are quoted with it and nothing with `"`."""
    if '"' in text:
        return '"'
    quoted = re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\n]|$)", text, re.MULTILINE)
    return "'" if len(quoted) > text.count("\n") // 2 and len(quoted) > 1 else '"'
