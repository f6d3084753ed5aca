"""Everything can be taken away again, and it is proved that it is gone."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from lake.cleanup import LocalFolder, StoredObjects, WholeBucket, remaining
from lake.errors import BucketShared
from lake.storage import LocalStorage, S3Storage, Storage
from tests.integration.lake.lake import Lake
from tests.s3 import new_storage


def put(storage: Storage, key: str, content: bytes = b"x") -> None:
    with storage.write(key, tags={"a": "b"}) as out:
        out.write(content)


@pytest.fixture
def bucket(store: str, tmp_path: Path) -> S3Storage:
    """One that keeps versions."""
    storage = new_storage(store, tmp_path)
    versioning = {"Status": "Enabled"}
    storage.client.put_bucket_versioning(Bucket=storage.bucket, VersioningConfiguration=versioning)
    return storage


@pytest.fixture(params=("folder", "bucket"))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(root=tmp_path / "storage")
    found: Storage = request.getfixturevalue("bucket")
    return found


def test_objects_of_a_prefix_go_and_others_stay(storage: Storage) -> None:
    put(storage, "lake/orders/a.parquet", b"123")
    put(storage, "lake/orders/b.parquet", b"4567")
    put(storage, "originals/ab/abcd")
    target = StoredObjects(name="lake", storage=storage, prefix="lake/")
    assert (target.look().items, target.look().size) == (2, 7)

    target.remove()
    target.remove()

    assert target.look().is_nothing
    assert remaining([target]) == []
    assert [stored.key for stored in storage.list("")] == ["originals/ab/abcd"]


def test_older_versions_markers_and_unfinished_uploads_go(bucket: S3Storage) -> None:
    put(bucket, "backups/a")
    put(bucket, "backups/a", b"newer")
    put(bucket, "backups/gone")
    bucket.delete("backups/gone")
    bucket.client.create_multipart_upload(Bucket=bucket.bucket, Key=f"{bucket.prefix}backups/half")
    target = StoredObjects(name="backups", storage=bucket, prefix="backups/")
    found = target.look()
    assert (found.items, found.older, found.unfinished) == (1, 3, 1)

    target.remove()

    assert target.look().is_nothing


def test_a_bucket_is_emptied_and_deleted(bucket: S3Storage) -> None:
    for key in ("originals/ab/abcd", "lake/orders/a", "lake/orders/a", "loose"):
        put(bucket, key)
    bucket.client.create_multipart_upload(Bucket=bucket.bucket, Key=f"{bucket.prefix}backups/half")
    target = WholeBucket(name="bucket", storage=bucket)
    assert target.look().items == 4

    target.remove()

    assert target.look().is_nothing
    assert bucket.bucket not in {each["Name"] for each in bucket.client.list_buckets()["Buckets"]}
    target.remove()


def test_a_bucket_with_things_of_others_stays(bucket: S3Storage) -> None:
    put(bucket, "lake/orders/a")
    bucket.client.put_object(Bucket=bucket.bucket, Key="somebody/else", Body=b"x")
    target = WholeBucket(name="bucket", storage=bucket)

    for attempt in (target.look, target.remove):
        with pytest.raises(BucketShared, match="somebody/else"):
            attempt()

    assert [stored.key for stored in bucket.list("")] == ["lake/orders/a"]


def test_a_folder_is_emptied_and_links_are_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "output", tmp_path / "outside.txt"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.csv").write_text("12")
    outside.write_text("stays")
    (folder / "link").symlink_to(outside)
    target = LocalFolder(name="local", folder=folder)
    assert target.look().items == 2

    target.remove()

    assert target.look().is_nothing
    assert outside.read_text() == "stays"
    assert folder.is_dir()
    assert LocalFolder(name="local", folder=tmp_path / "nowhere").look().is_nothing


def test_what_is_left_is_told(tmp_path: Path) -> None:
    """As if somebody went on writing."""
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "a.csv").write_text("12")
    target = LocalFolder(name="local", folder=folder)

    assert remaining([target], wait_seconds=0, pause=lambda _: None) == [target]


def test_the_command_asks_lists_removes_and_proves(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    output = settings.LAKEHOUSE_HOME / "output"
    output.mkdir(exist_ok=True)
    (output / "city_payroll.csv").write_text("city\n")

    def said(*words: str) -> str:
        call_command("cleanup", "--what", "local", *words)
        return str(capsys.readouterr().out)

    assert "Nothing was removed" in said("--dry-run")
    monkeypatch.setattr("builtins.input", lambda _question: "yes")
    with pytest.raises(CommandError, match="Nothing was removed"):
        said()
    assert (output / "city_payroll.csv").exists()
    monkeypatch.setattr("builtins.input", lambda _question: "local")
    assert "Listed again: nothing is left." in said()
    assert not (output / "city_payroll.csv").exists()
    assert "There is nothing to remove." in said("--yes")
    with pytest.raises(CommandError, match="goes with --what all"):
        said("--bucket")


def test_tables_that_were_cleaned_away_are_none(lake: Lake) -> None:
    """They are published whole with the next change."""
    lake.order("o1", "2024-05-07")
    lake.bring()
    assert "order_lines" in {table.name for table in lake.tables.facts()}

    for prefix in ("lake/", "hive/"):
        StoredObjects(name="lake", storage=lake.storage, prefix=prefix).remove()
    assert lake.tables.facts() == []
    lake.order("o2", "2024-05-08")
    lake.bring()

    assert "order_lines" in {table.name for table in lake.tables.facts()}
    assert lake.counts() == {(2024, 5, 7): 1, (2024, 5, 8): 1}
