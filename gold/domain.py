"""What a refresh of the marts works on and answers with."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Scope:
    """Groups of a mart table: the rows whose `column` is one of `values`; all rows if `values` is None."""

    column: str
    values: Sequence[Any] | None = None

    @property
    def is_empty(self) -> bool:
        return self.values is not None and not self.values

    def union(self, other: "Scope") -> "Scope":
        """The groups of both; everything if either is everything."""
        if self.values is None or other.values is None:
            return Scope(self.column)
        return Scope(self.column, list({*self.values, *other.values}))


@dataclass(frozen=True)
class Touched:
    """What has to be computed anew; None stands for everything. Months are named by their first day."""

    years: Sequence[int] | None = None
    users: Sequence[str] | None = None
    order_months: Sequence[dt.date] = ()
    event_months: Sequence[dt.date] = ()
    documents: Sequence[str] | None = None

    @property
    def is_full(self) -> bool:
        return self.users is None


@dataclass(frozen=True)
class Refreshed:
    """Rows inserted, changed or removed per table. Tables in which nothing changed are left out."""

    rows: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.rows.values())
