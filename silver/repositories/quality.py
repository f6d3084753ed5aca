"""Quality results of a run: shares over what it refined, so that measuring costs nothing more."""

from collections.abc import Iterator, Mapping

from governance.models import QualityResult, Run
from silver.domain import Tally
from silver.repositories.statements import fetch
from silver.repositories.tables import FROM_RECORDS, Table

_COUNTED_EXACTLY = 100_000


def record_quality(run: Run, tallies: Mapping[str, Tally]) -> None:
    """Write the results of the tables that the run touched."""
    QualityResult.objects.bulk_create(
        QualityResult(run=run, table=FROM_RECORDS[dataset].name, check_name=name, value=value, passed=passed)
        for dataset, tally in tallies.items()
        for name, value, passed in _results(dataset, tally)
    )


def _results(dataset: str, tally: Tally) -> Iterator[tuple[str, float, bool]]:
    count = _row_count(FROM_RECORDS[dataset])
    yield "rows", count, count > 0 or tally.rows == 0
    yield "records rejected", tally.rejected, tally.rejected == 0
    yield "share of unique keys", 1 - _share(tally.duplicate, tally.read), tally.duplicate == 0
    if not FROM_RECORDS[dataset].keeps_gone:
        yield "share of rows with an unknown member", _share(tally.unbound, tally.rows), tally.unbound == 0
    if FROM_RECORDS[dataset].converted:
        yield (
            "share of rows without a reporting amount",
            _share(tally.unconverted, tally.rows),
            tally.unconverted == 0,
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _row_count(table: Table) -> int:
    """Rows of the table, the unknown member included; the planner's estimate where counting would take long."""
    [(estimate,)] = fetch("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [table.name])
    if estimate > _COUNTED_EXACTLY:
        return int(estimate)
    [(count,)] = fetch("SELECT count(*) FROM {table}", table=table.name)
    return int(count)
