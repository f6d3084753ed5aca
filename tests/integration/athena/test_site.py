"""Database, tables with partitions, and work group: made, brought up to date, and taken away."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from django.db import transaction

from governance.feed import ChangeFeed
from governance.models import Run
from lake.athena.errors import AthenaNotSetUp, AthenaUnavailable
from lake.athena.following import FollowPublish
from lake.athena.glue import Flips
from lake.athena.site import AthenaSite, SetUp
from lake.cleanup import AthenaObjects, StoredObjects, remaining, removed
from lake.repositories import PublishedTables
from lake.services import VacuumLake
from lake.storage import Storage
from tests.integration.athena import published

pytestmark = pytest.mark.django_db

MOVED = published.ORDERS.with_columns(
    amount=pl.when(pl.col("day") == 2)
    .then(pl.col("amount") + 1)
    .otherwise(pl.col("amount"))
    .cast(pl.Decimal(18, 2))
).filter(pl.col("day") != 4)
FIRST = ["2023", "12", "1"]


def statements(site: AthenaSite) -> list[str]:
    ids = site.athena.list_query_executions(WorkGroup=site.workgroup)["QueryExecutionIds"]
    found = [site.athena.get_query_execution(QueryExecutionId=each)["QueryExecution"] for each in ids]
    assert {each["QueryExecutionContext"]["Database"] for each in found} <= {site.glue.database}
    return [each["Query"] for each in found]


def partitions(site: AthenaSite) -> dict[tuple[str, ...], str]:
    found = site.glue.client.get_partitions(DatabaseName=site.glue.database, TableName="order_lines_hive")
    return {tuple(each["Values"]): each["StorageDescriptor"]["Location"] for each in found["Partitions"]}


def table(site: AthenaSite) -> dict[str, Any]:
    return next(each for each in site.tables() if each["Name"] == "order_lines_hive")


def test_delta_tables_are_told_where_they_are(site: AthenaSite, storage: Storage) -> None:
    assert site.set_up() == [SetUp("city_payroll", "delta"), SetUp("order_lines", "delta")]
    assert set(statements(site)) == {
        f"CREATE EXTERNAL TABLE IF NOT EXISTS `{site.glue.database}`.`{name}` "
        f"LOCATION '{storage.where}/lake/{folder}/' TBLPROPERTIES ('table_type' = 'DELTA')"
        for name, folder in (("city_payroll", "city-payroll"), ("order_lines", "order_lines"))
    }


def test_the_work_group_limits_what_a_query_scans(site: AthenaSite, storage: Storage) -> None:
    site.set_up()
    site.set_up()
    settings = site.athena.get_work_group(WorkGroup=site.workgroup)["WorkGroup"]["Configuration"]
    assert settings["BytesScannedCutoffPerQuery"] == 10**9
    assert settings["EnforceWorkGroupConfiguration"]
    assert settings["ResultConfiguration"]["OutputLocation"] == f"{storage.where}/athena-results/"


def test_a_work_group_with_other_limits_is_changed(site: AthenaSite) -> None:
    """moto does not take the call: what is sent is all that can be seen."""
    site.set_up()
    sent: list[dict[str, Any]] = []
    events = site.athena.meta.events
    events.register("provide-client-params.athena.UpdateWorkGroup", lambda params, **_: sent.append(params))
    with pytest.raises(AthenaUnavailable):
        replace(site, scan_bytes=10**10).set_up()
    [told] = sent
    assert told["WorkGroup"] == site.workgroup
    assert told["ConfigurationUpdates"]["BytesScannedCutoffPerQuery"] == 10**10
    assert told["ConfigurationUpdates"]["ResultConfigurationUpdates"]["OutputLocation"] == site.results


def test_hive_partitions_are_told_and_moved_when_they_are_published_anew(
    site: AthenaSite, storage: Storage
) -> None:
    made = site.set_up("partitions")
    assert SetUp("order_lines_hive", "hive", Flips(4, 0, 0)) in made
    before = partitions(site)
    assert before[tuple(FIRST)].startswith(f"{storage.where}/lake/order_lines/year=2023/month=12/day=1/")
    columns = {column["Name"]: column["Type"] for column in table(site)["StorageDescriptor"]["Columns"]}
    assert columns["ordered_at"] == "timestamp"
    assert columns["amount"] == "decimal(18,2)"
    assert [key["Name"] for key in table(site)["PartitionKeys"]] == ["year", "month", "day"]

    published.publish(storage, MOVED)
    assert SetUp("order_lines_hive", "hive", Flips(0, 1, 1)) in site.set_up("partitions")
    after = partitions(site)
    assert after.keys() == before.keys() - {("2023", "12", "4")}
    assert {values for values in after if after[values] != before[values]} == {("2023", "12", "2")}


def test_many_partitions_are_told_in_batches(site: AthenaSite, storage: Storage) -> None:
    """Glue takes 100 at once, and deletes 25."""
    published.publish(storage, published.lake_tables.orders(days=130, per_day=1))
    site.set_up("partitions")
    assert len(partitions(site)) == 130
    published.publish(storage)
    assert SetUp("order_lines_hive", "hive", Flips(0, 4, 126)) in site.set_up("partitions")
    assert len(partitions(site)) == 4


def test_projected_partitions_are_lists_of_files_at_places_that_follow_from_their_values(
    site: AthenaSite, storage: Storage
) -> None:
    assert SetUp("order_lines_hive", "hive, projected") in site.set_up("projection")
    told = table(site)
    root = f"{storage.where}/athena/links/order_lines/"
    assert told["StorageDescriptor"]["InputFormat"].endswith("SymlinkTextInputFormat")
    assert (
        told["Parameters"]["storage.location.template"]
        == f"{root}year=${{year}}/month=${{month}}/day=${{day}}/"
    )
    assert told["Parameters"]["projection.year.range"].startswith("2023,")
    first = read(storage, 1)
    assert [line.rsplit("/", 2)[0] for line in first] == [
        f"{storage.where}/lake/order_lines/year=2023/month=12/day=1"
    ]
    for line in first:
        storage.head(line.removeprefix(f"{storage.where}/"))

    second = read(storage, 2)
    published.publish(storage, MOVED)
    site.set_up("projection")
    assert read(storage, 1) == first
    assert read(storage, 2) != second
    with pytest.raises(FileNotFoundError):
        read(storage, 4)


def read(storage: Storage, day: int) -> list[str]:
    with storage.open(f"athena/links/order_lines/year=2023/month=12/day={day}/files") as file:
        return file.read().decode().split()


def test_all_of_it_is_taken_away_and_the_lake_stays(site: AthenaSite, storage: Storage) -> None:
    site.set_up("projection")
    assert not site.is_empty()
    dropped = site.drop()
    assert set(dropped.tables) >= {"order_lines_hive"}
    assert site.is_empty()
    assert not list(storage.list("athena/"))
    assert list(storage.list("lake/order_lines/"))
    assert site.drop().tables == ()


def test_hive_partitions_follow_a_publish(site: AthenaSite, storage: Storage) -> None:
    """In whichever form they were made; without them nobody asks AWS for anything."""
    follow = FollowPublish(links=site.links, site=lambda: site, atomic=transaction.atomic)
    site.set_up()
    follow()
    assert not Run.objects.exists()

    site.set_up("partitions")
    before = partitions(site)
    published.publish(storage, MOVED)
    follow()
    assert Run.objects.get().counts == {"added": 0, "moved": 1, "removed": 1}
    after = partitions(site)
    assert after.keys() == before.keys() - {("2023", "12", "4")}
    [moved] = [after[values] for values in after if after[values] != before[values]]
    assert list(storage.list(moved.removeprefix(f"{storage.where}/")))

    site.set_up("projection")
    published.publish(storage)
    second = read(storage, 2)
    follow()
    assert read(storage, 2) != second
    assert read(storage, 4)


def test_files_that_athena_still_names_are_not_deleted(site: AthenaSite, storage: Storage) -> None:
    site.set_up("partitions")
    published.publish(storage, MOVED)
    site.glue.delete_database()
    vacuum = VacuumLake(
        storage=storage,
        published=PublishedTables(),
        feed=ChangeFeed("lake"),
        atomic=transaction.atomic,
        grace_hours=0,
        follow=FollowPublish(links=site.links, site=lambda: site, atomic=transaction.atomic),
    )
    with pytest.raises(AthenaNotSetUp, match="lakehouse lake athena setup"):
        vacuum()
    assert Run.objects.get().state == Run.State.FAILED
    site.set_up("partitions")
    assert vacuum() > 0


def test_a_cleanup_leaves_nothing_on_athena_and_proves_it(site: AthenaSite, storage: Storage) -> None:
    targets = [
        AthenaObjects(name="athena", site=site),
        StoredObjects(name="athena", storage=storage, prefix="athena/"),
    ]
    assert all(target.look().is_nothing for target in targets)
    site.set_up("projection")
    assert site.links.is_marked()
    assert [target.look().is_nothing for target in targets] == [False, False]
    site.glue.delete_table("order_lines_hive")  # as if a clean-up was killed
    assert not targets[0].look().is_nothing

    assert list(removed(targets)) == targets
    assert remaining(targets) == []
    assert not site.links.is_marked()
    assert list(storage.list("lake/order_lines/"))
    list(removed(targets))
