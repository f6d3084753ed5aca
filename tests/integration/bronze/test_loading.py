"""The rows of a file come batch by batch: what becomes of them does not depend on where one batch ends."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bronze.catalog import contract_named
from bronze.domain import Receipt
from bronze.encryption import FieldCipher
from bronze.incoming import IncomingBatch
from bronze.loading import FileLoad
from bronze.models import RawRecord
from bronze.readers import LINE, RowBatch
from lakehouse_project.kernel.services import resolve
from tests.integration.bronze.intake import Intake, rolled_back

pytestmark = pytest.mark.django_db

Row = tuple[str, str]
"""Id and job; without a job it is quarantined."""

FILE = 999_999
ROW = st.tuples(st.sampled_from("123456"), st.sampled_from(["Clerk", "Cook", ""]))
BATCHES = st.lists(st.lists(ROW, min_size=1, max_size=4), min_size=1, max_size=6)


def load(batches: Sequence[Sequence[Row]]) -> Receipt:
    contract, cipher = contract_named("jobs"), resolve(FieldCipher)
    file = FileLoad("jobs", FILE)
    for number, rows in enumerate(batches):
        lines = [10 * number + place for place in range(len(rows))]
        frame = pl.DataFrame(
            {"id": [row[0] for row in rows], "job": [row[1] for row in rows], LINE: lines},
            schema_overrides={LINE: pl.Int64},
        )
        file.add(file.prepare(IncomingBatch(RowBatch(frame, None, (), 0), contract, cipher)))
    return file.merge().receipt


def stored() -> Mapping[str, str]:
    rows = RawRecord.objects.filter(dataset="jobs")
    assert all((row.status == "quarantined") == (row.payload["job"] == "") for row in rows)
    return {row.key: row.payload["job"] for row in rows}


def expected(before: Mapping[str, str], rows: Sequence[Row]) -> tuple[Mapping[str, str], Receipt]:
    """The last row of a key counts, and each of the others is a duplicate."""
    last = dict(rows)
    fates = [_fate(job, before.get(key)) for key, job in last.items()]
    counts = {fate: fates.count(fate) for fate in set(fates)}
    return {**before, **last}, Receipt(read=len(rows), duplicate=len(rows) - len(last), **counts)


def _fate(job: str, before: str | None) -> str:
    if not job:
        return "quarantined"
    if before is None:
        return "inserted"
    return "unchanged" if job == before else "updated"


@pytest.fixture
def some_jobs(db: None) -> Mapping[str, str]:
    with TemporaryDirectory() as folder:
        Intake(Path(folder)).load("jobs.csv", "id,job\n1,Clerk\n2,Cook\n3,\n")
    return {"1": "Clerk", "2": "Cook", "3": ""}


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(batches=[[("1", "Clerk")], [("4", "Clerk")], [("1", "Clerk"), ("1", "Clerk")]])
@example(batches=[[("4", "Cook")], [("1", "")], [("1", "Clerk")]])
@given(batches=BATCHES)
def test_the_last_row_of_a_key_counts_wherever_batches_end(
    some_jobs: Mapping[str, str], batches: list[list[Row]]
) -> None:
    with rolled_back():
        receipt = load(batches)
        assert (stored(), receipt) == expected(some_jobs, [row for rows in batches for row in rows])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=BATCHES)
def test_so_it_is_in_an_empty_data_set_where_nobody_asks_for_the_keys_first(
    db: None, batches: list[list[Row]]
) -> None:
    with rolled_back():
        receipt = load(batches)
        assert (stored(), receipt) == expected({}, [row for rows in batches for row in rows])
