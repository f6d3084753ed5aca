"""From blocks of rows to files, with one block in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from bronze.seeding.trouble import Rows, Spoil, break_lines


@dataclass(frozen=True)
class SeedFile:
    """A written file. `dirty_rows`: how many of its `rows` the contract check must quarantine."""

    path: Path
    dataset: str
    rows: int
    dirty_rows: int


@dataclass(frozen=True)
class Block:
    """Some consecutive rows of a file as text that ends with a line break (or, within a JSON array, without)."""

    text: str
    rows: int
    dirty_rows: int


@dataclass(frozen=True)
class TextFormat:
    """What stands around the blocks of a file."""

    suffix: str
    head: str = ""
    between: str = ""
    tail: str = ""


NDJSON = TextFormat(".ndjson")
JSON_ARRAY = TextFormat(".json", head="[\n", between=",\n", tail="\n]\n")


def csv_format(columns: Sequence[str], separator: str = ",") -> TextFormat:
    """CSV with a header line; without one if there are no columns."""
    return TextFormat(".csv", head=f"{separator.join(columns)}\n" if columns else "")


@dataclass(frozen=True)
class FileSet:
    """The files of one data set: one, or numbered ones of `blocks_per_file` blocks each."""

    folder: Path
    dataset: str
    name: str
    text_format: TextFormat

    def write(self, blocks: Iterable[Block], blocks_per_file: int, *, numbered: bool) -> Iterator[SeedFile]:
        remaining = iter(blocks)
        number = 1
        while first := next(remaining, None):
            stem = f"{self.name}-{number:04}" if numbered else self.name
            yield self._write_one(stem, first, islice(remaining, blocks_per_file - 1))
            number += 1

    def _write_one(self, stem: str, first: Block, others: Iterable[Block]) -> SeedFile:
        path = self.folder / f"{stem}{self.text_format.suffix}"
        rows, dirty_rows = first.rows, first.dirty_rows
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(self.text_format.head + first.text)
            for block in others:
                file.write(self.text_format.between + block.text)
                rows, dirty_rows = rows + block.rows, dirty_rows + block.dirty_rows
            file.write(self.text_format.tail)
        return SeedFile(path, self.dataset, rows, dirty_rows)


def csv_block(
    rows: Rows, rng: np.random.Generator, breaks: Sequence[Spoil] = (), *, separator: str = ","
) -> Block:
    text = rows.frame.write_csv(None, include_header=False, separator=separator)
    return line_block(text.splitlines(), rows, rng, breaks)


def line_block(lines: list[str], rows: Rows, rng: np.random.Generator, breaks: Sequence[Spoil]) -> Block:
    """One row per line, a few of them broken by each of `breaks`."""
    broken = break_lines(lines, rows.dirty, rng, breaks) if breaks else 0
    return Block("\n".join(lines) + "\n", len(lines), rows.dirty_rows + broken)


def repeat_header(block: Block, columns: Sequence[str]) -> Block:
    """With the header line once more in the middle, as where somebody joined two exports; the line is a dirty row."""
    lines = block.text.splitlines()
    middle = len(lines) // 2
    text = "\n".join([*lines[:middle], ",".join(columns), *lines[middle:]]) + "\n"
    return Block(text, block.rows + 1, block.dirty_rows + 1)


def json_text(column: str) -> pl.Expr:
    """JSON string of text without quotes and control characters; null of null."""
    value = pl.col(column)
    return pl.when(value.is_null()).then(pl.lit("null")).otherwise(pl.format('"{}"', value.fill_null("")))


def json_number(column: str) -> pl.Expr:
    """The text as a JSON number if it is one, else as a JSON string."""
    is_number = pl.col(column).str.contains(r"^-?\d+(\.\d+)?$")
    return pl.when(is_number).then(pl.col(column)).otherwise(json_text(column))
