"""`lakehouse lake query`: the result on standard output, what was read on standard error."""

import csv
import io
import json

import pytest
from django.core.management import call_command

from lake.sql.errors import QueryRefused
from lake.sql.models import LakeQuery

SQL = "SELECT status, count(*) AS n FROM asked_orders WHERE year = 2024 AND day < 3 GROUP BY ALL ORDER BY 1"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("table")]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("lake", *arguments, stdout=out)
    return out.getvalue()


def test_a_table_is_shown_and_what_was_read_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert "returned" in run("query", SQL)
    told = capsys.readouterr().err
    assert "2 of 62 partitions" in told
    assert "$0.000050 at $5 per TB" in told
    query = LakeQuery.objects.get()
    assert query.scanned_bytes == query.estimated_bytes


def test_csv_and_json_can_be_read_by_programs() -> None:
    assert json.loads(run("query", SQL, "--format", "json"))[0] == {"status": "paid", "n": 8}
    assert list(csv.reader(io.StringIO(run("query", SQL, "--format", "csv"))))[:2] == [
        ["status", "n"],
        ["paid", "8"],
    ]


def test_explain_runs_nothing() -> None:
    told = run("query", SQL, "--explain")
    assert "Would read 2 of 62 partitions" in told
    assert "Parquet" in told
    assert not LakeQuery.objects.exists()


def test_a_refusal_says_what_to_add() -> None:
    with pytest.raises(QueryRefused, match="Add to its conditions: year = 2024"):
        run("query", "SELECT * FROM asked_orders")
    assert "Refused." in run("query", "SELECT * FROM asked_orders", "--explain")
