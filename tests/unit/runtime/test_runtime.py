"""The runtime without servers: secrets, checks before the start, logs, the guard's protocol."""

import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lakehouse_project.runtime import guard, preflight
from lakehouse_project.runtime.errors import RuntimeProblem
from lakehouse_project.runtime.ports import LOOPBACK, free_port, is_free
from lakehouse_project.runtime.process import rotate, tail
from lakehouse_project.runtime.secrets import load_secrets
from lakehouse_project.runtime.state import StateFolder


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first = load_secrets(tmp_path / "home")

    assert load_secrets(tmp_path / "home") == first
    assert (tmp_path / "home" / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len(first.field_key_bytes) == 64
    assert first.postgres_password not in repr(first)


def test_secrets_made_by_several_at_once_are_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(load_secrets, [tmp_path] * 8))) == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"field_key": 1}'])
def test_damaged_secrets_are_reported_and_never_replaced(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(damage)

    with pytest.raises(RuntimeProblem, match="is damaged"):
        load_secrets(tmp_path)

    assert path.read_text() == damage


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    path = tmp_path / "secrets.json"
    content = json.loads(path.read_text())
    del content["valkey_password"]
    path.write_text(json.dumps(content))

    with pytest.raises(RuntimeProblem, match="valkey_password missing"):
        load_secrets(tmp_path)


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7)])
def test_an_unsupported_python_is_refused(version: tuple[int, int]) -> None:
    with pytest.raises(RuntimeProblem, match=r"runs on Python 3\.11, 3\.12 and 3\.13"):
        preflight.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_supported_python_is_accepted(version: tuple[int, int]) -> None:
    preflight.check_python(version)


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeProblem, match="MB are free on the disk of"):
        preflight.check_disk(tmp_path, least_mb=10**12)


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(RuntimeProblem, match=rf"Port {port} on 127.0.0.1 is in use; .* --port"):
            preflight.check_port(LOOPBACK, port)


def test_a_free_port_is_free() -> None:
    assert is_free(LOOPBACK, free_port())


def test_a_host_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RuntimeProblem, match="not an address of this machine"):
        is_free("no-such-host.invalid", 8000)


@pytest.mark.parametrize("blocked_by", ["file", "file in the way of a parent"])
def test_a_state_folder_that_cannot_be_made_is_refused(tmp_path: Path, blocked_by: str) -> None:
    blocker = tmp_path / "blocker"
    blocker.touch()
    home = blocker if blocked_by == "file" else blocker / "home"

    with pytest.raises(RuntimeProblem, match=r"cannot be used .*; set LAKEHOUSE_HOME"):
        StateFolder(home).create()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_state_folder_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(RuntimeProblem, match=r"cannot be used .*; set LAKEHOUSE_HOME"):
        StateFolder(tmp_path).create()


def test_a_long_log_is_moved_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 10)
        rotate(log, limit=20)
        writer.write(b"new\n")

    assert log.read_text() == "new\n"
    assert (tmp_path / "part.log.1").read_text() == "old\n" * 10


def test_a_short_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("one\ntwo\n")

    rotate(log, limit=20)

    assert tail(log, lines=1) == ["two"]
    assert tail(tmp_path / "none.log") == []


def test_the_guard_keeps_the_groups_that_have_not_ended() -> None:
    assert guard.follow(["12 0\n", "13 10.0\n", "-12\n", "-99\n", "14 0\n"]) == {13: 10.0, 14: 0.0}
