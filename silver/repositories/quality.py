"""Quality results of a run: of what it read and wrote, so that measuring costs nothing more."""

from collections.abc import Iterator, Mapping

from governance.models import Run
from governance.quality import NEWEST, Measure, record
from silver.domain import RefineResult, Tally
from silver.repositories.statements import fetch
from silver.repositories.tables import FROM_RECORDS, Table

_COUNTED_EXACTLY = 100_000


def record_quality(run: Run, result: RefineResult) -> None:
    """Write the results of the tables that the run touched."""
    record(
        run,
        [
            Measure(FROM_RECORDS[dataset].name, *found)
            for dataset, tally in result.tallies.items()
            for found in _found(FROM_RECORDS[dataset], tally, result.quarantined.get(dataset, {}))
        ]
        + [
            Measure(FROM_RECORDS[dataset].name, NEWEST, at.timestamp(), f"{at:%Y-%m-%d %H:%M:%S} UTC")
            for dataset, tally in result.tallies.items()
            if (at := tally.newest)
        ],
    )


def _found(table: Table, tally: Tally, quarantined: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    yield "rows", _row_count(table)
    yield "records read", tally.read
    yield "rows written", tally.written
    yield "rows removed", tally.removed
    yield "records rejected", tally.rejected
    yield "share of unique keys", 1 - _share(tally.duplicate, tally.read)
    yield "share of records quarantined", _share(tally.quarantined, tally.read)
    yield from ((f"records quarantined: {rule}", count) for rule, count in quarantined.items())
    if tally.rows:
        yield from _of_rows(table, tally)


def _of_rows(table: Table, tally: Tally) -> Iterator[tuple[str, float]]:
    if table.required_references and not table.keeps_gone:
        yield "share of rows with an unknown member", _share(tally.unbound, tally.rows)
    if table.converted:
        yield "share of rows without a reporting amount", _share(tally.unconverted, tally.rows)
    for column in table.may_be_empty:
        yield f"null rate of {column}", _share(tally.empty.get(column, 0), tally.rows)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _row_count(table: Table) -> int:
    """Rows of the table, the unknown member included; the planner's estimate where counting would take long."""
    [(estimate,)] = fetch("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table.name])
    if estimate > _COUNTED_EXACTLY:
        return int(estimate)
    [(count,)] = fetch("SELECT count(*) FROM {table}", table=table.name)
    return int(count)
