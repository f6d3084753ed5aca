"""A publish that is killed, meets another one, or whose storage fails: the next one makes it good."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from governance.models import Run
from lake.delta import DeltaLog
from lake.domain import DataFile
from lake.errors import LakeUnavailable
from lake.services import PublishTable, publishing
from lake.storage import LocalStorage
from tests.integration.lake.lake import Lake

BEFORE = {(2021, 1, 5): 1}
AFTER = {(2021, 1, 5): 1, (2021, 1, 6): 1}


class Killed(BaseException):
    """Nothing handles it, as nothing handles a SIGKILL."""


@dataclass(frozen=True, kw_only=True)
class DyingStorage(LocalStorage):
    """Dies when a key that begins so is written."""

    dies_at: str
    is_after: bool = False

    @contextmanager
    def write(self, key: str, **options: Any) -> Iterator[Any]:
        if key.startswith(self.dies_at) and not self.is_after:
            raise Killed
        with super().write(key, **options) as out:
            yield out
        if key.startswith(self.dies_at):
            raise Killed


def killed_at(lake: Lake, key: str, *, is_after: bool = False) -> None:
    dying = DyingStorage(root=lake.storage.root, dies_at=key, is_after=is_after)  # type: ignore[attr-defined]
    lake.refine()
    with pytest.raises(Killed):
        lake.publisher(storage=dying)()


@pytest.mark.parametrize(
    ("key", "is_after", "seen"),
    [
        ("lake/order_lines/", False, BEFORE),
        ("lake/order_lines/", True, BEFORE),
        ("hive/order_lines", False, AFTER),
        ("hive/order_lines", True, AFTER),
    ],
)
def test_a_publish_that_is_killed_between_two_steps(lake: Lake, key: str, is_after: bool, seen: Any) -> None:
    """Before and after the files, after the commit, after the catalogue and before the watermark."""
    lake.order("o1", "2021-01-05")
    lake.bring()
    lake.order("o2", "2021-01-06")
    killed_at(lake, key, is_after=is_after)
    assert lake.counts() == seen
    lake.publish()
    assert lake.counts() == AFTER
    state = lake.tables.state("order_lines")
    assert lake.tables.manifest("order_lines")["version"] == state.version == 1
    assert lake.publish().is_nothing


def test_a_storage_that_fails_is_told_and_tried_again(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.bring()
    log = lake.storage.root / "lake" / "order_lines" / "_delta_log" / "00000000000000000000.json"
    content = log.read_text()
    log.write_text("{")
    lake.storage.path("hive/order_lines.json").write_text("{")
    lake.order("o2", "2021-01-06")
    with pytest.raises(LakeUnavailable, match="Cannot read the table order_lines in"):
        lake.bring()
    run = Run.objects.filter(kind="lake").latest("created_at")
    assert run.state == "failed"
    assert "tried again" in run.message
    log.write_text(content)
    lake.publish()
    assert lake.counts() == AFTER


def test_of_two_publishers_at_once_one_leaves_the_work_to_the_other(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.refine()
    published: list[Any] = []
    threads = [threading.Thread(target=lambda: published.append(publish_and_close(lake))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lake.publish()
    assert lake.counts() == BEFORE
    assert len(lake.tables.state("order_lines").files) == 1


def publish_and_close(lake: Lake) -> Any:
    from django.db import connection  # noqa: PLC0415

    try:
        return lake.publish()
    finally:
        connection.close()


def test_a_publisher_that_another_overtakes_reads_anew(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one whose lock was lost with its connection: it would add the rows of the other one a second time."""
    lake.order("o1", "2021-01-05")
    lake.bring()
    lake.order("o2", "2021-01-06")
    lake.refine()
    overtaking = Overtaken(lake)
    slow = replace(lake.publish, publish=overtaking)
    slow()
    assert overtaking.was_overtaken
    assert lake.counts() == AFTER
    assert [file.rows for file in lake.tables.state("order_lines").files] == [1, 1]


class Overtaken(PublishTable):
    """After the files are stored, and before the commit, another one publishes the same."""

    def __init__(self, lake: Lake) -> None:
        super().__init__(storage=lake.storage)
        object.__setattr__(self, "lake", lake)
        object.__setattr__(self, "was_overtaken", False)

    def _publish(self, source: Any, wanted: Any) -> Any:
        if source.spec.name != "order_lines" or self.was_overtaken:
            return super()._publish(source, wanted)
        object.__setattr__(self, "was_overtaken", True)
        log = DeltaLog(storage=self.storage, name="order_lines")
        opened = log.open()
        assert opened
        work = publishing._Work(self.storage, source, opened.state.by_partition(wanted))
        work.run(wanted)
        PublishTable(storage=self.storage)(source, wanted)
        log.replace(opened, source.spec, work.added, work.removed)
        raise AssertionError("the commit of the one that was overtaken went through")


def test_files_of_former_versions_stay_for_the_grace_time_and_go_then(lake: Lake) -> None:
    lake.order("o1", "2021-01-05")
    lake.bring()
    lake.order("o2", "2021-01-05")
    lake.bring()
    lake.order("o3", "2021-01-06")
    killed_at(lake, "lake/order_lines/", is_after=True)
    paths = {stored.key for stored in lake.storage.list("lake/order_lines/year")}
    assert len(paths) == 3
    assert lake.vacuum(hours=1) == 0
    assert lake.vacuum(hours=0) >= 2
    left = {
        stored.key.removeprefix("lake/order_lines/") for stored in lake.storage.list("lake/order_lines/year")
    }
    assert left == {file.path for file in lake.tables.state("order_lines").files}
    parts = [stored.key for stored in lake.storage.list("lake/order_lines/_hive/")]
    assert len(parts) == 1
    assert lake.counts() == {(2021, 1, 5): 2}


def test_the_catalogue_names_counts_and_sha256_of_each_file(lake: Lake) -> None:
    for number in range(3):
        lake.order(f"o{number}", f"2021-01-0{number % 2 + 5}")
    lake.bring()
    manifest = json.loads(lake.storage.path("hive/order_lines.json").read_bytes())
    assert (manifest["rows"], manifest["partition_count"], manifest["file_count"]) == (3, 2, 2)
    (month,) = manifest["parts"]
    assert month["values"] == {"year": 2021, "month": 1}
    part = json.loads(lake.storage.path(f"lake/order_lines/{month['path']}").read_bytes())
    assert len(part["partitions"]) == 2
    for partition in part["partitions"]:
        folder = lake.storage.list(f"lake/order_lines/{partition['location']}")
        assert [stored.key for stored in folder] == [
            f"lake/order_lines/{file['path']}" for file in partition["files"]
        ]
        for file in partition["files"]:
            assert lake.storage.digest(f"lake/order_lines/{file['path']}") == file["sha256"]


def test_a_file_knows_its_sha256() -> None:
    file = DataFile("year=2024/20240101T000000-abc/part-0000-0af1.parquet", 1, 1)
    assert file.sha256 == "0af1"
    assert file.folder == "year=2024/20240101T000000-abc"
