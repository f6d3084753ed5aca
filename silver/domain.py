"""What a refinement tells about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

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

    quarantined: int = 0
    """Raw records among those read that are quarantined."""
    empty: Mapping[str, int] = field(default_factory=dict)
    """Rows without a value, by column that may lack one."""
    newest: datetime | None = None
    """When the latest change of those records came in."""

    @property
    def counts(self) -> dict[str, int]:
        return {name: value for name, value in vars(self).items() if isinstance(value, int)}

    def __add__(self, other: "Tally") -> "Tally":
        counts = {name: count + other.counts[name] for name, count in self.counts.items()}
        columns = {*self.empty, *other.empty}
        return Tally(
            **counts,
            empty={name: self.empty.get(name, 0) + other.empty.get(name, 0) for name in columns},
            newest=max(filter(None, [self.newest, other.newest]), default=None),
        )


@dataclass(frozen=True, kw_only=True)
class RefineResult:
    """What one run of silver did. `changes` is the number of `Change` rows it wrote."""

    tallies: Mapping[str, Tally]
    changes: int
    quarantined: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Data set -> field and rule -> records read that are quarantined for it."""

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome over all tables."""
        total = sum(self.tallies.values(), start=Tally())
        return {**total.counts, "changes": self.changes}
