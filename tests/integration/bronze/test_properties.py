"""Identities that hold for any file, however dirty."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bronze.models import RawRecord
from tests.integration.bronze.intake import Intake, everything, rolled_back

pytestmark = pytest.mark.django_db

FEW = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

CELLS = st.one_of(
    st.integers(-2, 6).map(str),
    st.sampled_from(["", " ", "1.0", "01", "x", '"', "a\nb", "é", "\\N", "2024-01-01", "0001-01-01", "'"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8),
)
ROWS = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12)
LINES = st.lists(
    st.one_of(
        st.just('7,"open'), st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)
    ),
    max_size=4,
)


def table(rows: Sequence[Sequence[str]], extra: Sequence[str] = ()) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["id", "job"])
    writer.writerows(rows)
    return out.getvalue() + "".join(f"{line}\n" for line in extra)


def load(name: str, content: str) -> None:
    with TemporaryDirectory() as folder:
        file = Intake(Path(folder)).load(name, content, "jobs")
    receipt = file.receipt
    assert file.state == "loaded", file.error
    parts = (receipt.inserted, receipt.updated, receipt.unchanged, receipt.duplicate, receipt.quarantined)
    assert receipt.read == sum(parts)
    assert min(parts) >= 0


@FEW
@given(rows=ROWS, extra=LINES)
def test_receipts_balance_and_every_row_is_kept_once(
    rows: list[tuple[str, str]], extra: list[str], db: None
) -> None:
    with rolled_back():
        load("jobs.csv", table(rows, extra))
        assert RawRecord.objects.exclude(status="deleted").exists()
        assert not RawRecord.objects.filter(status="valid").exclude(errors=[]).exists()
        assert not RawRecord.objects.filter(status="quarantined", errors=[]).exists()


@FEW
@given(rows=ROWS)
def test_loading_twice_is_loading_once(rows: list[tuple[str, str]], db: None) -> None:
    with rolled_back():
        load("jobs.csv", table(rows))
        once = everything("jobs")
        revisions = list(RawRecord.objects.order_by("key").values_list("revision", flat=True))
        load("jobs.csv", table(rows) + "\n")
        assert everything("jobs") == once
        assert list(RawRecord.objects.order_by("key").values_list("revision", flat=True)) == revisions


@FEW
@given(rows=ROWS, cut=st.integers(0, 12))
def test_any_split_into_two_files_gives_the_same_records(
    rows: list[tuple[str, str]], cut: int, db: None
) -> None:
    with rolled_back():
        load("jobs.csv", table(rows))
        whole = everything("jobs")
    with rolled_back():
        for number, part in enumerate(part for part in (rows[:cut], rows[cut:]) if part):
            load(f"part {number}.csv", table(part))
        assert everything("jobs") == whole
