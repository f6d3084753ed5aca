"""What changed is published: that, all of that, and nothing else."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from governance.models import Run
from lake.models import PublishedTable
from tests.integration.lake.lake import Lake


def test_order_lines_are_published_by_day(lake_anywhere: Lake) -> None:
    lake = lake_anywhere
    lake.order("o1", "2021-01-05")
    lake.order("o2", "2021-01-05", quantity="-1", ordered_at="2021-01-05T23:59:59.123456Z")
    lake.order("o3", "2021-11-30", currency="EUR")
    published = lake.bring()
    assert published.rows["order_lines"] == 3
    frame = lake.read("order_lines").sort("order_id")
    assert frame.select("order_id", "year", "month", "day").rows() == [
        ("o1", 2021, 1, 5),
        ("o2", 2021, 1, 5),
        ("o3", 2021, 11, 30),
    ]
    assert frame["amount"].to_list() == [Decimal("2.50"), Decimal("-1.25"), Decimal("2.50")]
    assert frame["amount_reporting"].to_list() == [Decimal("2.50"), Decimal("-1.25"), None]
    assert frame["ordered_at"][1] == dt.datetime(2021, 1, 5, 23, 59, 59, 123456, tzinfo=dt.UTC)
    assert frame.schema["amount"] == pl.Decimal(18, 2)
    assert frame.schema["ordered_at"] == pl.Datetime("us", "UTC")
    assert {folder.rsplit("/", 2)[0] for folder in lake.folders()} == {
        "year=2021/month=1/day=5",
        "year=2021/month=11/day=30",
    }


def test_only_the_partitions_that_changed_are_replaced(lake: Lake) -> None:
    for day in ("2021-01-05", "2021-01-06", "2021-01-07"):
        lake.order(f"o-{day}", day)
    lake.bring()
    before = lake.folders()
    lake.order("new", "2021-01-06")
    published = lake.bring()
    assert (published.rows, published.partitions) == ({"order_lines": 2}, 1)
    after = lake.folders()
    assert len(before & after) == 2
    assert {folder.rsplit("/", 2)[0] for folder in after - before} == {"year=2021/month=1/day=6"}


def test_a_row_that_moves_leaves_its_old_day(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.order("o2", "2021-01-05")
    lake.order("o3", "2021-01-06")
    lake.bring()
    lake.order("o1", "2021-01-06")
    lake.order("o3", "2021-03-01")
    lake.bring()
    assert lake.counts() == {(2021, 1, 5): 1, (2021, 1, 6): 1, (2021, 3, 1): 1}


def test_a_day_without_rows_is_gone(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.order("o2", "2021-01-06")
    lake.bring()
    lake.warehouse.status("order_lines", "o1:1", "deleted")
    lake.bring()
    assert lake.counts() == {(2021, 1, 6): 1}
    assert len(lake.folders()) == 1


def test_without_news_nothing_happens_and_no_run_is_recorded(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.bring()
    runs, version = Run.objects.filter(kind="lake").count(), lake.tables.get("order_lines").version
    assert lake.publish().is_nothing
    assert Run.objects.filter(kind="lake").count() == runs
    lake.feed.rewind()
    assert lake.publish().is_nothing
    assert lake.tables.state("order_lines").version == version


def test_what_is_remembered_of_a_table(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.order("o2", "2021-01-06")
    lake.bring()
    facts = lake.tables.get("order_lines")
    assert (facts.rows, facts.partitions, facts.files, facts.version) == (2, 2, 2, 0)
    stored = sum(each.size for each in lake.storage.list("lake/order_lines/year"))
    assert facts.size == stored


def test_another_storage_gets_everything(lake: Lake, tmp_path: object) -> None:
    from lake.storage import LocalStorage  # noqa: PLC0415

    lake.order("o1", "2021-01-05")
    lake.bring()
    lake.storage = LocalStorage(root=tmp_path / "elsewhere")  # type: ignore[operator]
    lake.tables = lake.publisher(storage=lake.storage).tables
    assert lake.publisher(storage=lake.storage)().rows["order_lines"] == 1
    assert lake.counts() == {(2021, 1, 5): 1}


def test_a_table_that_was_taken_away_is_published_anew(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.order("o2", "2021-01-06")
    lake.bring()
    lake.storage.delete_prefix("lake/order_lines/")
    lake.order("o3", "2021-01-06")
    lake.bring()
    assert lake.counts() == {(2021, 1, 5): 1, (2021, 1, 6): 2}


@pytest.mark.parametrize("table", ["order_lines", "events", "hires", "employments"])
def test_a_table_without_rows_is_there_with_its_columns(lake: Lake, table: str) -> None:
    lake.bring()
    frame = lake.read(table)
    assert frame.is_empty()
    assert frame.columns[-3:] == ["year", "month", "day"]
    assert PublishedTable.objects.get(name=table).rows == 0
