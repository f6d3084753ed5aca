"""What is asked for: how much of everything, and the random numbers that it is made from."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bronze.seeding.randomness import stream


@dataclass(frozen=True)
class Span:
    """Rows [start, stop) of a data set, made in one go as block `number`."""

    number: int
    start: int
    stop: int

    @property
    def size(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Recipe:
    """Same recipe, same bytes. Memory follows `block_rows`; a file holds at most `blocks_per_file` blocks."""

    scale: float
    seed: int
    block_rows: int = 50_000
    blocks_per_file: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.scale < math.inf:
            raise ValueError(f"The scale must be a number above 0, not {self.scale}.")
        if self.seed < 0:
            raise ValueError(f"The seed must not be negative, but is {self.seed}.")

    def rows(self, at_scale_one: int) -> int:
        return max(1, round(at_scale_one * self.scale))

    def documents(self, at_scale_one: int) -> int:
        """Documents grow with the root of the scale above 1: text extraction costs far more than a row."""
        return self.rows(at_scale_one) if self.scale <= 1 else round(at_scale_one * math.sqrt(self.scale))

    def stream(self, name: str, block: int = 0) -> np.random.Generator:
        return stream(self.seed, name, block)

    def spans(self, start: int, stop: int, block_rows: int | None = None) -> Iterator[Span]:
        size = block_rows or self.block_rows
        for number, first in enumerate(range(start, stop, size)):
            yield Span(number, first, min(first + size, stop))

    def needs_numbers(self, rows: int) -> bool:
        """True if that many rows take several files."""
        return rows > self.block_rows * self.blocks_per_file
