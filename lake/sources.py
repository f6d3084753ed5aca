"""What the layers above hand in to be published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from governance.feed import Window
from lake.domain import TableSpec, Values


@dataclass(frozen=True)
class News:
    """What has to be published anew: these partitions, or all if None; and the stamp to remember."""

    partitions: Collection[Values] | None
    stamp: str = ""


class Source(Protocol):
    """The rows of one table."""

    @property
    def spec(self) -> TableSpec: ...

    def news(self, window: Window, stamp: str) -> News:
        """What has changed in the window, or since the stamp was given."""

    def counts(self, partitions: Collection[Values] | None) -> Mapping[Values, int]:
        """Rows of each of the partitions (None: of all) that has any."""

    def rows(self, partitions: Sequence[Values]) -> pl.DataFrame:
        """The rows of these partitions in any order: the columns of the spec, and those of the partition."""


class PublishedLayer(Protocol):
    """The tables of one layer."""

    def sources(self) -> Sequence[Source]: ...

    def has_news(self, position: int, stamps: Mapping[str, str]) -> bool:
        """Whether anything was committed from transaction `position` on, or since the stamps by table. Cheap."""
