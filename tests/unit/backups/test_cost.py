"""Every figure of the cost analysis follows from its inputs."""

import math
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from lake.backups.cost.document import document
from lake.backups.cost.model import (
    LOGICAL,
    PHYSICAL,
    SNAPSHOTS,
    Assumptions,
    Inputs,
    cheapest,
    estimates,
    prices,
    recommended,
)
from lake.backups.cost.units import days, gigabytes, gigabytes_a_day
from lakehouse_project.kernel.errors import InvalidInput
from tests.architecture.project import read

INPUTS = Inputs(size_gb=100, growth_gb_day=2)


def by_hand(size: float, growth: float, window: int) -> dict[str, float]:
    """Stored GB, day by day, with the usual assumptions, not by the formulas."""
    dumps = sum(0.2 * (size + growth * day) for day in range(window))
    count = math.ceil(window / 7) + 1
    bases = sum(0.4 * (size + growth * 7 * number) for number in range(count))
    wal = sum(0.4 * 3 * growth for _ in range(window))
    return {LOGICAL: dumps, PHYSICAL: bases + wal, SNAPSHOTS: size + sum(3 * growth for _ in range(window))}


@pytest.mark.parametrize("window", [1, 30, 90])
def test_what_is_stored_is_as_counted_day_by_day(window: int) -> None:
    for estimate in estimates(INPUTS, window, prices()):
        assert estimate.stored_gb == pytest.approx(by_hand(100, 2, window)[estimate.strategy])


def test_the_cost_is_as_computed_by_hand() -> None:
    """30 days of dumps in Standard: 774 GB at 0.023, and 0.2 * 160 * 30 / 0.008 uploads at 0.005 for a thousand."""
    [dumps] = [
        each
        for each in estimates(INPUTS, 30, prices())
        if (each.strategy, each.storage_class) == (LOGICAL, "S3 Standard")
    ]
    assert dumps.month_usd == pytest.approx(774 * 0.023 + 960 / 0.008 / 1000 * 0.005)
    assert dumps.restore_hours == pytest.approx(160_000 / 20 / 3600)


def test_what_goes_before_its_time_is_paid_for_until_then() -> None:
    cold = {each.storage_class: each for each in estimates(INPUTS, 30, prices()) if each.strategy == LOGICAL}
    deep = cold["S3 Glacier Deep Archive"]
    assert deep.month_usd == pytest.approx(774 * 180 / 30 * 0.00099 + 960 / 0.008 / 1000 * 0.05)
    assert deep.restore_hours > 12


def test_every_figure_of_the_document_in_the_repository_can_be_computed_again() -> None:
    text = read("docs/cost-analysis.md")
    command = re.search(
        r"`lakehouse backup-cost --size (\S+) --growth (\S+) --retention (\S+) --assume`", text
    )
    assert command
    assert document(INPUTS, [30, 90], prices(), command[0].strip("`")) == text
    rows = re.findall(r"^\| ([A-Z][\w ]+) \| [^|]+ \| ([\d.,]+) GB \|", text, re.MULTILINE)
    found = [(name, float(stored.replace(",", ""))) for name, stored in rows]
    expected = [(name, stored) for window in (30, 90) for name, stored in by_hand(100, 2, window).items()]
    assert [name for name, _ in found] == [name for name, _ in expected]
    assert [stored for _, stored in found] == pytest.approx([stored for _, stored in expected], abs=0.06)


SIZES = st.floats(0.01, 1e5)
GROWTHS = st.floats(0, 1e3)


@given(size=SIZES, more=st.floats(1, 1e4), growth=GROWTHS, window=st.integers(1, 365))
def test_a_larger_database_costs_no_less_and_restores_no_faster(
    size: float, more: float, growth: float, window: int
) -> None:
    small = estimates(Inputs(size_gb=size, growth_gb_day=growth), window, prices())
    large = estimates(Inputs(size_gb=size + more, growth_gb_day=growth), window, prices())
    for one, other in zip(small, large, strict=True):
        assert other.month_usd >= one.month_usd
        assert other.restore_hours >= one.restore_hours


@given(size=SIZES, growth=GROWTHS, window=st.integers(1, 364))
def test_keeping_longer_stores_no_less(size: float, growth: float, window: int) -> None:
    inputs = Inputs(size_gb=size, growth_gb_day=growth)
    for one, other in zip(
        estimates(inputs, window, prices()), estimates(inputs, window + 1, prices()), strict=True
    ):
        assert other.stored_gb >= one.stored_gb


@given(size=SIZES, growth=GROWTHS, rto=st.floats(0.1, 1000), rpo=st.floats(0.01, 48))
def test_what_is_recommended_meets_the_limits_if_anything_does(
    size: float, growth: float, rto: float, rpo: float
) -> None:
    inputs = Inputs(size_gb=size, growth_gb_day=growth, rto_hours=rto, rpo_hours=rpo)
    found = estimates(inputs, 30, prices())
    choice = recommended(cheapest(found, inputs), inputs)
    assert choice.meets(inputs) or not any(estimate.meets(inputs) for estimate in found)


def test_an_hour_of_loss_asks_for_wal() -> None:
    strict = INPUTS.model_copy(update={"rpo_hours": 1.0})
    assert recommended(cheapest(estimates(strict, 30, prices()), strict), strict).strategy == PHYSICAL


def test_a_better_compression_makes_dumps_cheaper() -> None:
    better = INPUTS.model_copy(update={"assumed": Assumptions(dump_ratio=0.1)})
    one, other = (estimates(inputs, 30, prices())[0].month_usd for inputs in (INPUTS, better))
    assert other < one


@pytest.mark.parametrize(
    ("text", "size"), [("100GB", 100), ("1.5 TB", 1500), ("512MiB", 0.536870912), ("2gb", 2), ("500 MB", 0.5)]
)
def test_sizes_as_people_write_them(text: str, size: float) -> None:
    assert gigabytes(text) == pytest.approx(size)


@pytest.mark.parametrize("text", ["100", "GB", "-1GB", "0GB", "1 GBit", "1,5GB", "", "nan GB", "1e3GB"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(InvalidInput, match="size"):
        gigabytes(text)


def test_growth_and_retention() -> None:
    assert (gigabytes_a_day("2GB/day"), gigabytes_a_day("0MB/d"), days("90, 30,30")) == (2, 0, [30, 90])


@pytest.mark.parametrize("text", ["2GB", "2GB/week", "-2GB/day", "/day"])
def test_what_is_no_growth_is_told(text: str) -> None:
    with pytest.raises(InvalidInput):
        gigabytes_a_day(text)


@pytest.mark.parametrize("text", ["0", "-30", "30;90", "", "thirty", "4000"])
def test_what_is_no_retention_is_told(text: str) -> None:
    with pytest.raises(InvalidInput, match="retention"):
        days(text)


def test_the_command_writes_the_analysis(tmp_path: Path) -> None:
    wanted = tmp_path / "cost.md"
    call_command("backup_cost", "--size", "10GB", "--growth", "1GB/day", "--assume", "--output", str(wanted))
    assert "**30 days: Logical dumps**" in wanted.read_text()
