"""What is said about a query: what it reads, what that costs, what came out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

DOLLARS_PER_TB = Decimal(5)
TB, MB = 10**12, 10**6
MINIMUM_BYTES = 10 * MB
"""Athena charges $5 per terabyte, and for each query that reads at least for 10 MB."""


class TableScan(BaseModel):
    """One reading of a table by a query. `bytes` are those of `columns` in the row groups that the filters leave."""

    model_config = ConfigDict(frozen=True)

    table: str
    version: int = Field(description="Version of the Delta table.")
    columns: tuple[str, ...]
    partition_columns: tuple[str, ...]
    partition_filter: str | None = Field(
        description="What of the query chooses partitions; none: all are read."
    )
    partitions: int
    partitions_total: int
    files: int
    files_total: int
    row_groups: int
    rows: int = Field(description="Rows in these row groups.")
    bytes: int
    suggestion: str | None = Field(
        None, description="A predicate that would choose the same rows by partition."
    )


class Estimate(BaseModel):
    """What a query would read, found out before it runs."""

    model_config = ConfigDict(frozen=True)

    scans: tuple[TableScan, ...]
    milliseconds: float = Field(description="How long finding out took.")

    @property
    def bytes(self) -> int:
        return sum(scan.bytes for scan in self.scans)

    @property
    def partitions(self) -> int:
        return sum(scan.partitions for scan in self.scans)

    @property
    def partitions_total(self) -> int:
        return sum(scan.partitions_total for scan in self.scans)

    @property
    def cost(self) -> Decimal:
        return cost_of(self.bytes) if self.scans else Decimal(0)


class Actual(BaseModel):
    """What a query did read. `None` is what the engine does not tell."""

    model_config = ConfigDict(frozen=True)

    bytes: int
    partitions: int | None
    milliseconds: float

    @property
    def cost(self) -> Decimal:
        return cost_of(self.bytes)


class Verdict(BaseModel):
    """What the scan guard says."""

    model_config = ConfigDict(frozen=True)

    estimate: Estimate
    refusal: str | None = Field(None, description="Why the query is not run.")
    suggestion: str | None = Field(None, description="What to add to it.")


@dataclass(frozen=True)
class Limits:
    """What one query may take."""

    scan_bytes: int
    seconds: float
    memory_mb: int
    rows: int


@dataclass(frozen=True)
class Answer:
    """Rows of a result, the first `Limits.rows` of them. `table` is an Arrow table."""

    table: Any
    truncated: bool
    actual: Actual


@dataclass(frozen=True)
class TableAddress:
    """A Delta table of the lake and how to reach it: `options` are those of delta-rs for its storage."""

    name: str
    uri: str
    options: dict[str, str] | None = field(default=None, repr=False)
    datasets: frozenset[str] = frozenset()
    """The data sets that it is made of."""


def cost_of(scanned: int) -> Decimal:
    """Dollars for so many bytes scanned, as Athena charges."""
    return (DOLLARS_PER_TB * max(scanned, MINIMUM_BYTES) / TB).quantize(Decimal("0.000001"))


def human_bytes(size: int) -> str:
    """12.3 MB and the like, in powers of ten."""
    amount, units = float(size), ["B", "kB", "MB", "GB", "TB", "PB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:.0f} {units[0]}" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def local_root(uri: str) -> Path | None:
    """The folder of a table that is not in a bucket."""
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return None
    return Path(unquote(parts.path)) if parts.scheme else Path(uri)
