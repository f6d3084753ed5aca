"""Delimiter and quote of a CSV file, by how well each candidate cuts a sample into rows of equal length."""

import csv
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from bronze.readers.formats import plain_name

DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "vertical bar", ",": "comma"}
"""The first wins where two cut equally well: in `1;2,5` the comma is a decimal mark."""
SAMPLE_ROWS = 200
REGULAR_SHARE = 0.8


@dataclass(frozen=True)
class Dialect:
    """`rows`: the first rows of the sample; `width`: the usual number of cells; `share`: of rows with that many."""

    delimiter: str
    quote: str
    rows: tuple[tuple[str, ...], ...]
    width: int
    share: float

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
    rows: list[tuple[str, ...]] = []
    try:
        for row in csv.reader(text.split("\n"), delimiter=delimiter, quotechar=quote):
            rows += [tuple(row)] if row else []
            if len(rows) == SAMPLE_ROWS:
                break
    except csv.Error:
        return None
    if not rows:
        return None
    (width, count), *_ = Counter(map(len, rows)).most_common(1)
    return Dialect(delimiter, quote, tuple(rows), width, count / len(rows))


def _score(dialect: Dialect, names: Collection[str]) -> tuple[int, bool, float, int]:
    known = sum(plain_name(cell) in names for cell in dialect.rows[0])
    return known, dialect.is_table, round(dialect.share, 1), dialect.width


def _quote(text: str) -> str:
    """`'` where cells are quoted with it and nothing with `"`."""
    if '"' in text:
        return '"'
    quoted = re.findall(r"(?:^|[,;\t|])'[^'\n]*'(?=[,;\t|\n]|$)", text, re.MULTILINE)
    return "'" if len(quoted) > text.count("\n") // 2 and len(quoted) > 1 else '"'
