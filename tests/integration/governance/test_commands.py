"""`lakehouse export` and `lakehouse operations`, as they are typed."""

from pathlib import Path

import polars as pl
import pytest
from django.db import connections

from governance.models import Run
from governance.services import enqueue, track
from tests.integration.bronze.intake import Intake
from tests.integration.bronze.test_commands import Shell

pytestmark = pytest.mark.django_db

USER = {
    "user_id": "1",
    "full_name": "Ada Long",
    "email": "ada@example.org",
    "city": "Bonn",
    "postal_code": "53111",
    "country": "DE",
    "created_at": "2024-05-17T18:20:00Z",
}


@pytest.fixture
def lakehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.setattr(connections, "close_all", lambda: None)  # as for the commands of bronze
    return Shell(tmp_path, monkeypatch, capsys)


@pytest.fixture
def users(tmp_path: Path) -> None:
    Intake(tmp_path).rows("users", USER, USER | {"user_id": "2", "city": "Lyon"})


def test_a_list_is_written_to_a_file(lakehouse: Shell, users: None, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    chosen = ("--filters", "city=Bonn", "--fields", "user_id,email", "--ordering=-user_id")
    ended = lakehouse("export", "bronze/users", "--format", "parquet", "--output", output, *chosen)
    assert (ended.code, ended.out) == (0, f"1 rows, {output.stat().st_size:,} bytes: {output}\n")
    assert pl.read_parquet(output).rows() == [("1", "a•••")]
    lakehouse("export", "bronze/users", "--format", "parquet", "--output", output, *chosen, "--clear")
    assert pl.read_parquet(output).rows() == [("1", "ada@example.org")]
    assert Run.objects.filter(kind="export", state="succeeded", counts__rows=1).count() == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("bronze/nothing",), "There is no list 'bronze/nothing'. Known: bronze/"),
        (("bronze/users", "--fields", "town"), "fields names 'town', which is not known"),
        (("bronze/users", "--format", "arrow", "--compression", "gzip"), "leave `compression` out"),
    ],
)
def test_what_cannot_be_exported_is_told_and_leaves_the_old_file(
    lakehouse: Shell, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    output = tmp_path / "out"
    output.write_text("old")
    ended = lakehouse("export", *arguments, "--output", output)
    assert ended.code == 1
    assert told in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert output.read_text() == "old"


def test_a_folder_that_is_not_there(lakehouse: Shell, tmp_path: Path) -> None:
    assert "There is no folder" in lakehouse("export", "bronze/jobs", "--output", tmp_path / "no" / "out").err


def test_operations_are_listed_shown_and_cancelled(lakehouse: Shell) -> None:
    assert lakehouse("operations").out == "There is none.\n"
    with track("rebuild", layer="gold") as run:
        run.counts = {"rows": 1200}
    waiting = enqueue("seed", scale=1)
    first, second = lakehouse("operations", "list").out.splitlines()
    assert first.split() == [str(waiting.pk), "seed", "queued", "0%"]
    assert second.split() == [str(run.pk), "rebuild", "succeeded", "100%", "1,200", "rows"]
    assert lakehouse("operations", "list", "--kind", "seed", "--state", "failed").out == "There is none.\n"
    assert "layer gold" in lakehouse("operations", "show", run.pk).out
    assert lakehouse("operations", "cancel", waiting.pk).out == "Cancelled before it began.\n"
    again = lakehouse("operations", "cancel", waiting.pk)
    assert (again.code, "it is cancelled" in again.err) == (1, True)
