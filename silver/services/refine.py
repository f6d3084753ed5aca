"""The refinement: what changed in bronze, into the star schema."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from governance.feed import Window
from governance.models import Run
from governance.services import track
from lakehouse_project.kernel.events import EventBus
from silver.domain import OnProgress, RefineResult, Tally
from silver.repositories import keys
from silver.repositories.filling import Filling, is_fillable, swap
from silver.repositories.loading import Merged, changed_keys, close_ledger, merge, open_ledger, retire_orphans
from silver.repositories.quality import record_quality
from silver.repositories.records import Extent, all_pages, extents, open_todo, pages, quarantined_by_rule
from silver.repositories.revisits import (
    align_user_versions,
    revisit_concerned_facts,
    revisit_heirs,
    revisit_titles,
)
from silver.repositories.spellings import settle_names
from silver.repositories.tables import FROM_RECORDS, Table
from silver.repositories.unit import is_there_news, unread
from silver.services.lookups import Calendar, Lookups
from silver.transforms.keys import UNKNOWN
from silver.transforms.records import QUARANTINED, Refined, is_empty, newest
from silver.transforms.registry import TRANSFORMS, Transform
from silver.transforms.titles import rebound_titles

_FACTS = tuple(each for each in TRANSFORMS.values() if FROM_RECORDS[each.name].is_fact)
_DIMENSIONS = tuple(each for each in TRANSFORMS.values() if each not in _FACTS)


@dataclass(frozen=True, kw_only=True)
class RefineChanges:
    """Bring the star schema up to date with the raw records, in one transaction.

    Cost follows the change; running it again changes nothing. A full window (first run, or after a restore) reads every
    record, keeps the surrogate keys, and retracts what has lost its raw record.
    """

    events: EventBus
    calendar: Calendar
    reporting_currency: str
    rate_max_age_days: int | None = None
    """An amount without a rate of its day or of so many days before stays unconverted; None: any age will do."""
    fill_from: int = 50_000
    """An empty fact table is filled by `Filling` if at least so many records are to be refined."""

    def __call__(self) -> RefineResult | None:
        """Return what was done, None if there was nothing to do. Raises `FeedBusy` if another run is at work."""
        if not is_there_news():
            return None
        with track("refine") as run, unread() as window:
            return self._refine(window, run, run.report)

    def everything(self, on_progress: OnProgress | None = None, *, run_id: str | None = None) -> RefineResult:
        """Refine all raw records; waits for another run that is at work."""
        with track("rebuild", run_id=run_id, layer="silver") as run, unread(everything=True) as window:
            run.report.listener = on_progress
            return self._refine(window, run, run.report)

    def _refine(self, window: Window, run: Run, on_progress: OnProgress | None = None) -> RefineResult:
        lookups = Lookups(
            reporting_currency=self.reporting_currency,
            rate_max_age_days=self.rate_max_age_days,
            calendar=self.calendar,
        )
        result = _Work(lookups, window, self.fill_from, on_progress).run()
        record_quality(run, result)
        if result.changes:
            self.events.publish("silver.changed")
        run.counts = result.counts
        return result


@dataclass
class _Work:
    """One refinement, inside of its transaction."""

    lookups: Lookups
    window: Window
    fill_from: int
    on_progress: OnProgress | None
    extents: Mapping[str, Extent] = field(default_factory=dict)
    fillings: list[Filling] = field(default_factory=list)
    done: int = 0

    def run(self) -> RefineResult:
        open_ledger()
        open_todo(self.window)
        self.extents = extents(self.window)
        quarantined = quarantined_by_rule(self.window)
        if self.window.is_full:
            self.lookups.calendar.fill()
        tallies = self._each(_DIMENSIONS)
        align_user_versions()
        if not self.window.is_full:
            revisit_concerned_facts()
            revisit_titles(_titles_to_rebind())
        tallies |= self._each(_FACTS)
        swap(self.fillings)
        settle_names(everything=self.window.is_full)
        return RefineResult(tallies=tallies, changes=close_ledger(), quarantined=quarantined)

    def _each(self, transforms: Iterable[Transform]) -> dict[str, Tally]:
        """Refine data set by data set; those without anything to do are left out."""
        tallies = {transform.name: self._dataset(transform) for transform in transforms}
        return {dataset: tally for dataset, tally in tallies.items() if tally != Tally()}

    def _dataset(self, transform: Transform) -> Tally:
        dataset = transform.name
        table, extent = FROM_RECORDS[dataset], self.extents.get(dataset)
        if table.is_fact and extent and extent.count >= self.fill_from and is_fillable(table):
            return self._filled(transform, Filling(table))
        tally = self._refined(transform, self._pages(transform))
        if self.window.is_full:
            tally += Tally(removed=retire_orphans(dataset, table))
        if tally != Tally() and revisit_heirs(dataset, transform.key):
            tally += self._refined(transform, pages(dataset, transform.fields))
        return tally

    def _filled(self, transform: Transform, filling: Filling) -> Tally:
        tally = self._refined(transform, self._pages(transform), filling)
        filling.complete()
        self.fillings.append(filling)
        return tally

    def _pages(self, transform: Transform) -> Iterator[pl.DataFrame]:
        if not self.window.is_full:
            return pages(transform.name, transform.fields)
        extent = self.extents.get(transform.name)
        return all_pages(transform.name, transform.fields, extent) if extent else iter(())

    def _refined(
        self, transform: Transform, records: Iterator[pl.DataFrame], filling: Filling | None = None
    ) -> Tally:
        table, tally = FROM_RECORDS[transform.name], Tally()
        for page in records:
            typed = transform.typed(page)
            refined = transform.bound(typed, self.lookups.of(transform.name, typed.rows))
            merged = (
                filling.add(refined.rows) if filling else merge(table, refined.rows, page["raw_record_id"])
            )
            tally += _tally(table, page, refined, merged)
            self._tell(page.height)
        return tally

    def _tell(self, records: int) -> None:
        self.done += records
        if self.on_progress:
            self.on_progress(self.done, sum(extent.count for extent in self.extents.values()))


def _titles_to_rebind() -> list[str]:
    """Titles of employments that mean another job since the jobs changed."""
    if not changed_keys("job"):
        return []
    return rebound_titles(keys.titles_in_use(), keys.active_jobs())


def _tally(table: Table, page: pl.DataFrame, refined: Refined, merged: Merged) -> Tally:
    return Tally(
        read=page.height,
        rows=refined.rows.height,
        written=merged.written,
        removed=merged.removed,
        rejected=refined.rejected,
        duplicate=refined.duplicate,
        unbound=_how_many(refined.rows, [pl.col(name) == UNKNOWN for name in table.required_references]),
        unconverted=_how_many(refined.rows, [pl.col(name).is_null() for name in table.converted]),
        quarantined=_how_many(page, [pl.col("record_status") == QUARANTINED]),
        empty={name: refined.rows.filter(is_empty(name)).height for name in table.may_be_empty},
        newest=newest(page),
    )


def _how_many(rows: pl.DataFrame, conditions: list[pl.Expr]) -> int:
    return rows.filter(pl.any_horizontal(conditions)).height if conditions else 0
