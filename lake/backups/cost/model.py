"""Three strategies, what each stores, costs and takes to restore. GB are 10^9 bytes, a month has 30 days.

Every formula is a function here, and stands in the document as well (`lake.backups.cost.document`).
"""

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import Field

from lake.backups.domain import Entity

DAYS_PER_MONTH = 30
HOURS_PER_DAY = 24
PART_GB = 0.008
"""Objects are uploaded in parts of 8 MB, each of them a request."""

Positive = Annotated[float, Field(gt=0)]


class StorageClass(Entity):
    """What a GB costs. An object that is removed before `minimum_days` is paid for until then."""

    name: str
    gb_month: float
    retrieval_gb: float
    put_1000: float
    minimum_days: int
    wait_hours: float


class Prices(Entity):
    """A price list with its date and source."""

    as_of: str
    region: str
    currency: str
    sources: tuple[str, ...]
    classes: tuple[StorageClass, ...]
    snapshot: StorageClass


class Assumptions(Entity):
    """What the figures rest on, beside size and growth. Ratios are bytes stored per byte of the database."""

    dump_ratio: Positive = 0.2
    dump_ratio_source: str = "assumed"
    restore_mb_s: Positive = 20.0
    restore_source: str = "assumed"
    base_ratio: Positive = 0.4
    wal_factor: Positive = 3.0
    wal_ratio: Positive = 0.4
    days_between_bases: Annotated[int, Field(ge=1)] = 7
    copy_mb_s: Positive = 100.0
    replay_mb_s: Positive = 50.0
    block_factor: Positive = 3.0
    attach_hours: Positive = 0.25
    upkeep_hours: tuple[float, float, float] = (0.25, 0.5, 3.0)
    """A month, of somebody who looks after it, by complexity."""
    hour_usd: Annotated[float, Field(ge=0)] = 60.0


class Inputs(Entity):
    """Size of the database today and its growth a day in GB; which restore time and loss are bearable, in hours."""

    size_gb: Positive
    growth_gb_day: Annotated[float, Field(ge=0)]
    rto_hours: Positive = 4.0
    rpo_hours: Positive = 24.0
    assumed: Assumptions = Assumptions()


class Estimate(Entity):
    """One strategy at one retention."""

    strategy: str
    storage_class: str
    stored_gb: float
    month_usd: float
    restore_usd: float
    restore_hours: float
    rpo_hours: float
    complexity: int
    """1 is simple, 3 is not."""
    upkeep_usd: float

    @property
    def total_usd(self) -> float:
        """A month, storage and upkeep."""
        return self.month_usd + self.upkeep_usd

    def meets(self, inputs: Inputs) -> bool:
        return self.restore_hours <= inputs.rto_hours and self.rpo_hours <= inputs.rpo_hours


LOGICAL, PHYSICAL, SNAPSHOTS = "Logical dumps", "Base backup and WAL", "Volume snapshots"
WAL_RPO_HOURS = 1 / 60
"""archive_timeout of a minute."""


@cache
def prices() -> Prices:
    return Prices.model_validate_json(files(__package__).joinpath("prices.json").read_bytes())


def dumps_gb(inputs: Inputs, days: int) -> float:
    """A dump a day, each of the database of its day: r · (D·S + g·D·(D−1)/2)."""
    grown = inputs.growth_gb_day * days * (days - 1) / 2
    return inputs.assumed.dump_ratio * (days * inputs.size_gb + grown)


def bases(inputs: Inputs, days: int) -> int:
    """One more than fit, since going back to the oldest day needs the base before it: ceil(D/b) + 1."""
    return math.ceil(days / inputs.assumed.days_between_bases) + 1


def physical_gb(inputs: Inputs, days: int) -> float:
    """Base backups and the WAL between them: p·(n·S + g·b·n·(n−1)/2) + q·w·g·D."""
    given, count = inputs.assumed, bases(inputs, days)
    grown = inputs.growth_gb_day * given.days_between_bases * count * (count - 1) / 2
    wal = given.wal_ratio * given.wal_factor * inputs.growth_gb_day * days
    return given.base_ratio * (count * inputs.size_gb + grown) + wal


def snapshots_gb(inputs: Inputs, days: int) -> float:
    """The whole volume once, then the blocks that changed in a day: S + k·g·D."""
    return inputs.size_gb + inputs.assumed.block_factor * inputs.growth_gb_day * days


def month_usd(stored_gb: float, days: int, uploaded_gb_month: float, price: StorageClass) -> float:
    """Storage, for the minimum duration at least, and the requests of uploading: V·max(D, m)/D·c + U/0.008/1000·u."""
    billed = stored_gb * max(days, price.minimum_days) / days
    return billed * price.gb_month + uploaded_gb_month / PART_GB / 1000 * price.put_1000


def estimates(inputs: Inputs, days: int, price_list: Prices) -> list[Estimate]:
    """Each strategy in each class that it can be restored from within the time; snapshots have a class of their own."""
    found = [
        estimate
        for price in price_list.classes
        for estimate in (_logical(inputs, days, price), _physical(inputs, days, price))
    ]
    return [*found, _snapshots(inputs, days, price_list.snapshot)]


def cheapest(found: Sequence[Estimate], inputs: Inputs) -> list[Estimate]:
    """Each strategy in the class that costs least a month, of those that meet the limits if any does."""
    best = {}
    for name in (LOGICAL, PHYSICAL, SNAPSHOTS):
        own = [estimate for estimate in found if estimate.strategy == name]
        fit = [estimate for estimate in own if estimate.meets(inputs)] or own
        best[name] = min(fit, key=lambda estimate: (estimate.month_usd, estimate.restore_hours))
    return list(best.values())


def recommended(best: Sequence[Estimate], inputs: Inputs) -> Estimate:
    """The cheapest that meets both limits, the simpler one if they cost the same; else the fastest to restore."""
    fit = [estimate for estimate in best if estimate.meets(inputs)]
    if fit:
        return min(fit, key=lambda estimate: (round(estimate.total_usd, 2), estimate.complexity))
    return min(best, key=lambda estimate: estimate.restore_hours)


def _end_gb(inputs: Inputs, days: int) -> float:
    """The database when the window is full."""
    return inputs.size_gb + inputs.growth_gb_day * days


def _hours(gigabytes: float, mb_s: float) -> float:
    return gigabytes * 1000 / mb_s / 3600


def _upkeep(inputs: Inputs, complexity: int) -> float:
    return inputs.assumed.upkeep_hours[complexity - 1] * inputs.assumed.hour_usd


def _logical(inputs: Inputs, days: int, price: StorageClass) -> Estimate:
    given, end, stored = inputs.assumed, _end_gb(inputs, days), dumps_gb(inputs, days)
    return Estimate(
        strategy=LOGICAL,
        storage_class=price.name,
        stored_gb=stored,
        month_usd=month_usd(stored, days, given.dump_ratio * end * DAYS_PER_MONTH, price),
        restore_usd=given.dump_ratio * end * price.retrieval_gb,
        restore_hours=price.wait_hours + _hours(end, given.restore_mb_s),
        rpo_hours=HOURS_PER_DAY,
        complexity=1,
        upkeep_usd=_upkeep(inputs, 1),
    )


def _physical(inputs: Inputs, days: int, price: StorageClass) -> Estimate:
    """The longest replay counts: all of the WAL between two base backups."""
    given, end, stored = inputs.assumed, _end_gb(inputs, days), physical_gb(inputs, days)
    wal_day = given.wal_factor * inputs.growth_gb_day
    replayed = wal_day * given.days_between_bases
    uploaded = given.base_ratio * end * DAYS_PER_MONTH / given.days_between_bases
    uploaded += given.wal_ratio * wal_day * DAYS_PER_MONTH
    return Estimate(
        strategy=PHYSICAL,
        storage_class=price.name,
        stored_gb=stored,
        month_usd=month_usd(stored, days, uploaded, price),
        restore_usd=(given.base_ratio * end + given.wal_ratio * replayed) * price.retrieval_gb,
        restore_hours=price.wait_hours + _hours(end, given.copy_mb_s) + _hours(replayed, given.replay_mb_s),
        rpo_hours=WAL_RPO_HOURS,
        complexity=3,
        upkeep_usd=_upkeep(inputs, 3),
    )


def _snapshots(inputs: Inputs, days: int, price: StorageClass) -> Estimate:
    stored = snapshots_gb(inputs, days)
    return Estimate(
        strategy=SNAPSHOTS,
        storage_class=price.name,
        stored_gb=stored,
        month_usd=month_usd(stored, days, 0, price),
        restore_usd=0.0,
        restore_hours=inputs.assumed.attach_hours,
        rpo_hours=HOURS_PER_DAY,
        complexity=2,
        upkeep_usd=_upkeep(inputs, 2),
    )
