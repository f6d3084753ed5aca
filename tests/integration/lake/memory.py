"""A table whose rows are at hand, for tests of how it is published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from governance.feed import Window
from lake.domain import PARTS, LakeColumn, TableSpec, Values
from lake.sources import News

SPEC = TableSpec(
    name="numbers",
    comment="For tests.",
    columns=(LakeColumn("id", pl.Int64(), "Number of the row."), LakeColumn("round", pl.Int64())),
    partition_by=PARTS,
    sorted_by=("id",),
)


@dataclass
class Numbers:
    """In each partition rows that all hold the same `round`."""

    content: dict[Values, tuple[int, int]] = field(default_factory=dict)
    """Partition -> how many rows, and their round."""
    spec: TableSpec = SPEC

    def news(self, window: Window, stamp: str) -> News:
        return News(None)

    def counts(self, partitions: Collection[Values] | None) -> Mapping[Values, int]:
        wanted = self.content if partitions is None else partitions
        return {values: self.content[values][0] for values in wanted if values in self.content}

    def rows(self, partitions: Sequence[Values]) -> pl.DataFrame:
        return pl.concat(self._frame(values) for values in partitions)

    def _frame(self, values: Values) -> pl.DataFrame:
        count, number = self.content[values]
        ids = pl.int_range(count, eager=True)
        dates = {name: pl.lit(value, pl.Int32) for name, value in zip(PARTS, values, strict=True)}
        return pl.DataFrame({"id": ids}).with_columns(pl.lit(number, pl.Int64).alias("round"), **dates)
