"""The estimate of a query, and the guard that reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

import pyarrow as pa

from lake.errors import LakeUnavailable
from lake.sql.domain import Estimate, TableAddress, TableScan, Verdict, human_bytes
from lake.sql.errors import QueryRefused
from lake.sql.footers import Footers
from lake.sql.planning import Need, Planner
from lake.sql.snapshots import Snapshot, Snapshots
from lake.sql.statements import Statement
from lake.sql.suggesting import suggestion


class Tables(Protocol):
    """The tables that are published."""

    def addresses(self) -> Sequence[TableAddress]: ...


@dataclass(frozen=True)
class Prepared:
    """A query that was looked at: `needs` says which files of which snapshot it reads."""

    statement: Statement
    snapshots: Mapping[str, Snapshot]
    needs: Sequence[Need]
    estimate: Estimate
    datasets: frozenset[str]
    """The data sets that its tables are made of."""


@dataclass(frozen=True, kw_only=True)
class Estimator:
    """Finds out what a query would read, from the table logs and the footers of the files alone."""

    tables: Tables
    planner: Planner
    snapshots: Snapshots = field(default_factory=Snapshots)
    footers: Footers = field(default_factory=Footers)

    def __call__(self, sql: str) -> Prepared:
        """Raises `StatementNotAllowed`, `InvalidQuery`, `LakeUnavailable`, `TableUnreadable`."""
        begun = perf_counter()
        known = {address.name.lower(): address for address in self.tables.addresses()}
        statement = self.planner.check(sql, list(known))
        snapshots = {name: self.snapshots.current(known[name]) for name in statement.tables}
        needs = self.planner.needs(statement, snapshots)
        scans = tuple(self._scan(need, snapshots[need.table], known[need.table]) for need in needs)
        estimate = Estimate(scans=scans, milliseconds=round((perf_counter() - begun) * 1000, 1))
        datasets = frozenset().union(*(known[name].datasets for name in statement.tables))
        return Prepared(statement, snapshots, needs, estimate, datasets)

    def forget(self, prepared: Prepared) -> None:
        """Look anew at the tables of a query next time: a file of theirs was not there."""
        for snapshot in prepared.snapshots.values():
            self.snapshots.forget(snapshot.uri)

    def _scan(self, need: Need, snapshot: Snapshot, address: TableAddress) -> TableScan:
        every = range(snapshot.files.num_rows)
        try:
            sizes = self.footers.of(snapshot, need.hit)
        except (OSError, pa.ArrowException) as error:
            self.snapshots.forget(address.uri)
            raise LakeUnavailable(
                f"A file of the table {need.table} cannot be read: {error}. Ask again; "
                "if that does not help, restore the file, or remove the lake with `lakehouse cleanup --what lake` and "
                "publish it anew with `lakehouse lake publish --everything`."
            ) from error
        return TableScan(
            table=need.table,
            version=snapshot.version,
            columns=need.columns,
            partition_columns=snapshot.partition_columns,
            partition_filter=need.partition_filter,
            partitions=snapshot.partitions(need.rows),
            partitions_total=snapshot.partitions(every),
            files=len(need.rows),
            files_total=len(every),
            row_groups=sum(size.row_groups for size in sizes),
            rows=sum(size.rows for size in sizes),
            bytes=sum(size.of(need.columns) for size in sizes),
            suggestion=suggestion(snapshot, need),
        )


@dataclass(frozen=True)
class Guard:
    """No partitioned table is read without a predicate on its partitions, and no query reads more than the limit."""

    scan_bytes: int

    def verdict(self, estimate: Estimate) -> Verdict:
        unfiltered = [scan for scan in estimate.scans if scan.partition_columns and not scan.partition_filter]
        if unfiltered:
            scan = unfiltered[0]
            return Verdict(estimate=estimate, refusal=_unfiltered(scan), suggestion=_add(scan))
        if estimate.bytes > self.scan_bytes:
            return Verdict(estimate=estimate, refusal=self._too_much(estimate), suggestion=_narrow(estimate))
        return Verdict(estimate=estimate)

    def require(self, estimate: Estimate) -> None:
        """Raises `QueryRefused`."""
        verdict = self.verdict(estimate)
        if verdict.refusal:
            raise QueryRefused(f"{verdict.refusal} {verdict.suggestion}", estimate=estimate)

    def _too_much(self, estimate: Estimate) -> str:
        return (
            f"The query would read {human_bytes(estimate.bytes)} (${estimate.cost} on Athena), "
            f"more than the limit of {human_bytes(self.scan_bytes)} (LAKE_QUERY_SCAN_MB)."
        )


def _unfiltered(scan: TableScan) -> str:
    return (
        f"The query has no filter on the partitions of {scan.table}: it would look into "
        f"{scan.partitions:,} of {scan.partitions_total:,} partitions and read {human_bytes(scan.bytes)}."
    )


def _add(scan: TableScan) -> str:
    columns = ", ".join(scan.partition_columns)
    if scan.suggestion:
        return f"Add to its conditions: {scan.suggestion} (the partitions are {columns})."
    return f"Add a condition on {columns}, such as {scan.partition_columns[0]} = …, to each place where it is read."


def _narrow(estimate: Estimate) -> str:
    largest = max(estimate.scans, key=lambda scan: scan.bytes)
    columns = ", ".join(largest.partition_columns)
    by = f"choose fewer partitions ({columns}) or " if columns else ""
    return f"Most of it is {largest.table}: {by}name fewer columns than the {len(largest.columns)} it reads."
