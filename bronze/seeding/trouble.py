"""What goes wrong in real files, put into generated rows in known numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from bronze.seeding.randomness import BoolArray

DIRTY_PER_MILLE = 18
REPEATED_PER_MILLE = 3
BROKEN_LINES_OF_A_KIND = 2

Spoil = Callable[[str, int], str | None]
"""From a good value (or line) and a random number to a bad one."""


@dataclass(frozen=True)
class Trouble:
    """One way in which the value of a column breaks its contract, whatever the good value was."""

    column: str
    spoil: Spoil


def missing(column: str) -> Trouble:
    return Trouble(column, lambda _value, _dice: None)


def becomes(column: str, *values: str) -> Trouble:
    return Trouble(column, lambda _value, dice: values[dice % len(values)])


def negative(column: str) -> Trouble:
    return Trouble(column, lambda value, _dice: f"-{value}")


def three_decimals(column: str) -> Trouble:
    return Trouble(column, lambda value, dice: f"{value}{1 + dice % 9}")


def impossible_date(column: str) -> Trouble:
    return becomes(column, "2021-02-30", "31/12/2022", "2023-13-01", "yesterday", "0000-00-00")


@dataclass(frozen=True)
class Rows:
    """Rows of text columns; `dirty` marks those that the contract check must quarantine."""

    frame: pl.DataFrame
    dirty: BoolArray

    @classmethod
    def clean(cls, frame: pl.DataFrame) -> "Rows":
        return cls(frame, np.zeros(frame.height, dtype=np.bool_))

    @property
    def dirty_rows(self) -> int:
        return int(self.dirty.sum())

    def afflict(
        self,
        rng: np.random.Generator,
        troubles: Sequence[Trouble],
        per_mille: int = DIRTY_PER_MILLE,
        among: BoolArray | None = None,
    ) -> "Rows":
        """Spoil `per_mille` of the rows (of those in `among`), one trouble each, every kind equally often."""
        candidates = np.arange(self.frame.height) if among is None else np.flatnonzero(among)
        count = -(-len(candidates) * per_mille // 1000)
        chosen = rng.permutation(candidates)[:count]
        dice = rng.integers(0, 1 << 30, count)
        frame, dirty = self.frame, self.dirty.copy()
        for kind, trouble in enumerate(troubles):
            frame = _spoil(frame, trouble, chosen[kind :: len(troubles)], dice[kind :: len(troubles)])
        dirty[chosen] = True
        return Rows(frame, dirty)

    def repeat_some(self, rng: np.random.Generator, per_mille: int = REPEATED_PER_MILLE) -> "Rows":
        """Append exact copies of some clean rows: duplicates of their key, which are no fault of the row."""
        clean = np.flatnonzero(~self.dirty)
        copies = np.sort(rng.permutation(clean)[: -(-len(clean) * per_mille // 1000)])
        frame = pl.concat([self.frame, self.frame[copies]])
        return Rows(frame, np.concatenate([self.dirty, np.zeros(len(copies), dtype=np.bool_)]))


def _spoil(frame: pl.DataFrame, trouble: Trouble, positions: np.ndarray, dice: np.ndarray) -> pl.DataFrame:
    column = frame.get_column(trouble.column)
    good = column.gather(positions).to_list()
    bad = [trouble.spoil(value or "", number) for value, number in zip(good, dice.tolist(), strict=True)]
    return frame.with_columns(column.scatter(positions, pl.Series(bad, dtype=pl.String)))


def break_lines(
    lines: list[str], dirty: BoolArray, rng: np.random.Generator, troubles: Sequence[Spoil]
) -> int:
    """Break a few clean lines beyond parsing, in place; how many rows that made dirty."""
    count = min(BROKEN_LINES_OF_A_KIND * len(troubles), int((~dirty).sum()) // 10)
    chosen = rng.permutation(np.flatnonzero(~dirty))[:count].tolist()
    for number, position in enumerate(chosen):
        lines[position] = troubles[number % len(troubles)](lines[position], position) or ""
    return count


def surplus_field(separator: str) -> Spoil:
    """One separator too many after the first field, so that all that follows is shifted."""
    return lambda line, _dice: line.replace(separator, separator * 2, 1)


def cut_short(separator: str) -> Spoil:
    """A line that ends after its third field."""
    return lambda line, _dice: separator.join(line.split(separator)[:3])


def half_written(line: str, _dice: int) -> str:
    """A JSON line that was never finished."""
    return line[: len(line) * 2 // 3]
