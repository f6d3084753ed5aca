"""What a refinement tells about itself."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

OnProgress = Callable[[int, int], None]
"""Told how many raw records of how many are done."""


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Rows of one table in one run, counted where they passed."""

    read: int = 0
    """Raw records read."""
    rows: int = 0
    """Rows that the transform made of them."""
    written: int = 0
    """Rows that were new or different."""
    removed: int = 0
    """Rows retracted, or members set inactive."""
    rejected: int = 0
    """Valid raw records that are no row all the same."""
    duplicate: int = 0
    """Raw records that gave way to another one with the same natural key."""
    unbound: int = 0
    """Rows with at least one unknown member."""
    unconverted: int = 0
    """Rows without an amount in the reporting currency."""

    def __add__(self, other: "Tally") -> "Tally":
        mine, theirs = asdict(self), asdict(other)
        return Tally(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True, kw_only=True)
class RefineResult:
    """What one run of silver did. `changes` is the number of `Change` rows it wrote."""

    tallies: Mapping[str, Tally]
    changes: int

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome over all tables."""
        total = sum(self.tallies.values(), start=Tally())
        return {**asdict(total), "changes": self.changes}
