"""Identities that hold for any file, however dirty."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bronze.models import RawRecord
from bronze.services import EditRecord
from lakehouse_project.kernel.errors import PermanentError
from lakehouse_project.kernel.services import resolve
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


PARTS = st.integers(2, 6)
KEYED = st.dictionaries(
    st.integers(1, 12).map(str),
    st.sampled_from(["", "Clerk", "Cook", "Chef", "a\nb", '"']),
    min_size=2,
    max_size=12,
)


def parts_of(rows: Sequence[tuple[str, str]], count: int) -> list[Sequence[tuple[str, str]]]:
    """The rows in up to `count` parts, one after the other, of about the same size."""
    size = -(-len(rows) // count)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


@FEW
@given(rows=ROWS, count=PARTS)
def test_any_split_in_the_order_of_the_file_gives_the_same_records(
    rows: list[tuple[str, str]], count: int, db: None
) -> None:
    """Also where a key comes again in a later part: then that row is the last one, as it is in the whole."""
    with rolled_back():
        load("jobs.csv", table(rows))
        whole = everything("jobs")
    with rolled_back():
        for number, part in enumerate(parts_of(rows, count)):
            load(f"part {number}.csv", table(part))
        assert everything("jobs") == whole


@FEW
@given(rows=KEYED, count=PARTS, order=st.randoms(use_true_random=False))
def test_any_split_in_any_order_gives_the_same_records_where_keys_are_unique(
    rows: dict[str, str], count: int, order: Random, db: None
) -> None:
    with rolled_back():
        load("jobs.csv", table(list(rows.items())))
        whole = everything("jobs")
    with rolled_back():
        parts = parts_of(list(rows.items()), count)
        order.shuffle(parts)
        for number, part in enumerate(parts):
            load(f"part {number}.csv", table(part))
        assert everything("jobs") == whole


@FEW
@given(first=KEYED, patches=KEYED, second=KEYED)
def test_edits_survive_a_corrected_file_and_conflicts_are_those_that_it_makes(
    first: dict[str, str], patches: dict[str, str], second: dict[str, str], db: None
) -> None:
    with rolled_back():
        load("jobs.csv", table(list(first.items())))
        patched = {key: job for key, job in patches.items() if key in first}
        for key, job in patched.items():
            resolve(EditRecord)(RawRecord.objects.get(key=key).pk, {"job": job})
        load("corrected.csv", table(list(second.items())))
        found = {record.key: record for record in RawRecord.objects.all()}
        assert found.keys() == first.keys() | second.keys()
        for key, record in found.items():
            received = second.get(key, first.get(key))
            assert record.payload["job"] == received
            assert record.effective["job"] == patched.get(key, received)
            is_contested = key in patched and key in second and second[key] not in (first[key], patched[key])
            assert bool(record.conflict) == is_contested
            assert (record.status == "valid") == bool(record.effective["job"].strip())


RAW_LINES = st.lists(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20),
        st.sampled_from(["1,Clerk", "2,Cook", ",", '"', "1,a,b", "\x00", "id,job", "3,\ufeff", "null", "{}"]),
        st.sampled_from(['{"id": 1, "job": "Clerk"}', '{"id": 2', "[]", '{"id": [1]}', '{"id": 3, "id": 4}']),
    ),
    max_size=12,
)


@FEW
@given(
    lines=RAW_LINES,
    start=st.sampled_from(["id,job", '{"id": 7, "job": "Judge"}']),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_the_lines_of_a_file_are_it_is_refused_or_its_receipt_balances(
    lines: list[str], start: str, end: str, db: None
) -> None:
    name = "jobs.csv" if start == "id,job" else "jobs.ndjson"
    with rolled_back():
        try:
            load(name, end.join([start, *lines, ""]))
        except PermanentError:
            assert not RawRecord.objects.exists()
