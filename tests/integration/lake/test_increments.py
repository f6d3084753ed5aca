"""Publishing on top of the catalogue: what it counts is what the log says, whatever was published before."""

import random
from typing import Any

import polars as pl
import pytest

from lake.delta import CHECKPOINT_INTERVAL, DeltaLog, table_key
from lake.domain import Values
from lake.manifests import Catalogue
from lake.services import PublishTable
from lake.storage import Storage
from tests.integration.lake.memory import Numbers

DAYS = [(2024, month, day) for month in (1, 2) for day in (1, 2, 3)]
ROUNDS = CHECKPOINT_INTERVAL + 5


def rows(storage: Storage) -> dict[Values, tuple[int, int]]:
    """As polars reads the table: how many in each partition, and their round."""
    table = pl.scan_delta(storage.uri(table_key("numbers")), storage_options=storage.options() or None)
    grouped = table.group_by("year", "month", "day").agg(pl.len(), pl.col("round").max()).collect()
    return {(year, month, day): (count, number) for year, month, day, count, number in grouped.rows()}


def test_the_catalogue_is_the_log(anywhere: Storage) -> None:
    """Partitions that come, change, go, and months that empty; past a checkpoint."""
    chance, source, publish = random.Random(7), Numbers(), PublishTable(storage=anywhere)
    publish(source, None)
    for number in range(1, ROUNDS + 1):
        touched = chance.sample(DAYS, 2)
        for day in touched:
            if chance.random() < 0.4:
                source.content.pop(day, None)
            else:
                source.content[day] = (chance.randint(1, 5), number)
        change = publish(source, touched)
        if number % 6:
            continue
        catalogue = Catalogue(storage=anywhere, name="numbers")
        state, root = DeltaLog(storage=anywhere, name="numbers").state(), catalogue.root()
        assert state is not None
        assert root is not None
        assert root.head == state.head == change.head
        assert root.transaction == state.transaction
        assert catalogue.files(root, DAYS) == state.by_partition()
    assert rows(anywhere) == source.content
    assert list(anywhere.list(f"{table_key('numbers')}/_delta_log/_last_checkpoint"))


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_catalogue_that_is_behind_or_lost_is_made_anew(anywhere: Storage, is_lost: bool) -> None:
    source, publish = Numbers({DAYS[0]: (1, 0), DAYS[3]: (1, 0)}), PublishTable(storage=anywhere)
    publish(source, None)
    catalogue = Catalogue(storage=anywhere, name="numbers")
    with anywhere.open("hive/numbers.json") as file:
        before = file.read()
    source.content[DAYS[0]] = (2, 1)
    publish(source, [DAYS[0]])
    if is_lost:
        for stored in list(anywhere.list(f"{table_key('numbers')}/_hive/")):
            anywhere.delete(stored.key)
    else:
        with anywhere.write("hive/numbers.json") as out:
            out.write(before)
    source.content[DAYS[3]] = (3, 2)
    assert publish(source, [DAYS[3]]).partitions == 1
    assert rows(anywhere) == source.content
    assert {each["rows"] for each in catalogue.read()["partitions"]} == {2, 3}


class Overtaken(PublishTable):
    """Another one publishes the same after it has looked at the catalogue."""

    def _on_top(self, work: Any, *known: Any) -> Any:
        if work.publish not in self.__dict__:
            self.__dict__[work.publish] = True
            if len(self.__dict__) == 2:  # the storage, and this one
                PublishTable(storage=self.storage)(work.source, list(work.source.content))
        return super()._on_top(work, *known)


def test_of_two_that_look_at_the_same_catalogue_one_reads_anew(anywhere: Storage) -> None:
    source = Numbers({DAYS[0]: (1, 0)})
    PublishTable(storage=anywhere)(source, None)
    source.content[DAYS[0]] = (2, 1)
    assert Overtaken(storage=anywhere)(source, [DAYS[0]]).partitions == 0
    state = DeltaLog(storage=anywhere, name="numbers").state()
    assert state is not None
    assert (state.version, state.rows, rows(anywhere)) == (1, 2, source.content)
