"""What every storage does with objects, whatever it is made of."""

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lake.storage import Storage

LONG_AFTER = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)


def keep(storage: Storage, *keys: str) -> None:
    for key in keys:
        with storage.write(key) as out:
            out.write(key.encode())


class Interrupted(Exception):
    pass


def interrupted(storage: Storage, start: bytes) -> None:
    with storage.write("a") as out:
        out.write(start)
        raise Interrupted


def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [stored.key for stored in storage.list(prefix)]


def content(storage: Storage, key: str) -> bytes:
    with storage.open(key) as source:
        return source.read()


def test_what_is_written_is_read(storage: Storage) -> None:
    with storage.write("backups/a b/ü.bin") as out:
        out.write(b"one ")
        out.write(b"two")
    assert (out.size, out.sha256) == (7, hashlib.sha256(b"one two").hexdigest())
    assert content(storage, "backups/a b/ü.bin") == b"one two"
    assert storage.path("backups/a b/ü.bin").read_bytes() == b"one two"
    assert storage.digest("backups/a b/ü.bin") == out.sha256


def test_nothing_is_there_before_the_end(storage: Storage) -> None:
    with storage.write("a/b") as out:
        out.write(b"x")
        assert keys(storage) == []
    assert keys(storage) == ["a/b"]


def test_many_megabytes_go_in_and_out_in_pieces(storage: Storage, tmp_path: Path) -> None:
    """More than one part of a multipart upload."""
    piece = bytes(range(256)) * 4096
    with storage.write("large") as out:
        for _ in range(33):
            out.write(piece)
        out.write(b"end")
    assert storage.head("large").size == 33 * len(piece) + 3
    assert storage.download("large", tmp_path / "copy") == out.sha256
    assert (tmp_path / "copy").read_bytes()[-5:] == b"\xfe\xffend"


@pytest.mark.parametrize("megabytes", [0, 33])
def test_an_error_leaves_everything_as_it_was(storage: Storage, megabytes: int) -> None:
    keep(storage, "a")
    with pytest.raises(Interrupted):
        interrupted(storage, b"new" + bytes(megabytes << 20))
    assert content(storage, "a") == b"a"
    assert list(storage.unfinished()) == []


def test_writing_again_replaces_and_putting_again_does_not(storage: Storage, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.write_bytes(b"new")
    keep(storage, "a")
    storage.put(new, "a")
    assert content(storage, "a") == b"a"
    with storage.write("a") as out:
        out.write(b"newer")
    assert storage.path("a").read_bytes() == b"newer"
    storage.put(new, "b")
    assert storage.path("b").read_bytes() == b"new"


def test_of_several_that_create_an_object_one_succeeds(storage: Storage) -> None:
    made: list[bytes] = []

    def create(content: bytes) -> None:
        try:
            storage.create("log/1.json", content)
        except FileExistsError:
            return
        made.append(content)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, [b"a", b"b", b"c", b"d"]))
    assert [content(storage, "log/1.json")] == made
    with pytest.raises(FileExistsError):
        storage.create("log/1.json", b"later")
    assert keys(storage) == ["log/1.json"]


def test_lists_by_prefix_and_in_order(storage: Storage) -> None:
    keep(storage, "b/2", "b/1", "b.txt", "ba/1", "c", "b/1/deep".replace("1/", "d/"))
    assert keys(storage) == ["b.txt", "b/1", "b/2", "b/d/deep", "ba/1", "c"]
    assert keys(storage, "b/") == ["b/1", "b/2", "b/d/deep"]
    assert keys(storage, "b/d") == ["b/d/deep"]
    assert keys(storage, "nothing/here") == []


def test_size_and_time(storage: Storage) -> None:
    keep(storage, "a/b")
    found = storage.head("a/b")
    assert (found.key, found.size) == ("a/b", 3)
    assert abs(dt.datetime.now(dt.UTC) - found.modified) < dt.timedelta(minutes=1)
    assert [(each.key, each.size) for each in storage.list()] == [("a/b", 3)]


def test_tags(storage: Storage) -> None:
    with storage.write("a/b", tags={"kind": "all + more", "day": "2024-01-31"}) as out:
        out.write(b"x")
    assert storage.tags("a/b") == {"kind": "all + more", "day": "2024-01-31"}
    storage.tag("a/b", {"kind": "verified"})
    assert storage.tags("a/b") == {"kind": "verified"}
    assert keys(storage) == ["a/b"]
    with storage.write("a/b") as out:
        out.write(b"y")
    assert storage.tags("a/b") == {}


def test_what_is_missing(storage: Storage, tmp_path: Path) -> None:
    for ask in (storage.open, storage.path, storage.head, storage.tags, storage.digest):
        with pytest.raises(FileNotFoundError):
            ask("nothing")
    with pytest.raises(FileNotFoundError):
        storage.download("nothing", tmp_path / "copy")
    storage.delete("nothing")
    assert storage.delete_prefix("nothing/") == 0


def test_deletes(storage: Storage) -> None:
    keep(storage, "a/1", "a/b/2", "ab", "c")
    storage.delete("c")
    assert storage.delete_prefix("a/") == 2
    assert keys(storage) == ["ab"]
    assert storage.purge("a") == 1
    assert keys(storage) == []
    with pytest.raises(ValueError, match="everything"):
        storage.delete_prefix("")


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../up", "a/../../b", "a//b", "a/./b"])
def test_no_key_leads_out_of_the_storage(storage: Storage, key: str) -> None:
    with pytest.raises(ValueError, match="no key"), storage.write(key):
        pass
    with pytest.raises(ValueError, match="no key"):
        storage.path(key)


def test_what_a_killed_writer_leaves_is_told_and_removed(storage: Storage) -> None:
    writing: Any = storage.write("a/large")
    out = writing.__enter__()
    out.write(bytes(33 << 20))
    (left,) = storage.unfinished("a/")
    assert keys(storage) == []
    assert storage.abort_unfinished("a/", before=left.modified) == 0
    assert storage.abort_unfinished("a/", before=LONG_AFTER) == 1
    assert list(storage.unfinished()) == []
    assert not writing.__exit__(Interrupted, Interrupted(), None)
