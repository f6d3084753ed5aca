"""Queries on Athena: what is sent, what comes back, and what is said when it does not."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from lake.athena.clients import connect
from lake.athena.engine import AthenaEngine
from lake.athena.errors import (
    AthenaForbidden,
    AthenaNotSetUp,
    AthenaQueryCancelled,
    AthenaQueryFailed,
    AthenaUnavailable,
)
from lake.athena.queries import AthenaQueries
from lake.athena.site import AthenaSite
from lake.s3 import Access
from lake.sql.errors import QueryRefused, QueryTooLong
from lake.sql.tables import QueriedTables
from lake.tables import LakeTables
from tests import lake_tables
from tests.integration.athena import published
from tests.s3 import access_to

pytestmark = pytest.mark.django_db

SQL = "SELECT status, sum(amount) AS total FROM order_lines WHERE year = 2023 AND day = 2 GROUP BY status"


def test_the_same_query_is_estimated_and_answered_on_either_engine(
    lake: LakeTables, site: AthenaSite, store: str, tmp_path: Path
) -> None:
    query = lake_tables.estimator_over(QueriedTables(lake=lake))(SQL)
    assert (query.estimate.partitions, query.estimate.partitions_total) == (1, 4)
    here = lake_tables.engine_in(tmp_path).run(query)
    assert here.actual.bytes == query.estimate.bytes > 0
    rows = [(row["status"], str(row["total"])) for row in here.table.to_pylist()]

    site.set_up()
    published.answer_next(store, [("status", "varchar"), ("total", "decimal")], rows)
    there = AthenaEngine(queries=site.queries, rows=1000).run(query)
    assert there.table.to_pylist() == here.table.to_pylist()
    sent = site.athena.list_query_executions(WorkGroup=site.workgroup)["QueryExecutionIds"]
    assert SQL in [
        site.athena.get_query_execution(QueryExecutionId=each)["QueryExecution"]["Query"] for each in sent
    ]


def test_files_of_a_bucket_are_fetched_once_and_only_those_that_are_needed(
    lake: LakeTables, tmp_path: Path
) -> None:
    estimator, engine = lake_tables.estimator_over(QueriedTables(lake=lake)), lake_tables.engine_in(tmp_path)
    engine.run(estimator(SQL))
    [copy] = (tmp_path / "cache").rglob("*.parquet")
    before = copy.stat().st_ino
    engine.run(estimator(SQL))
    assert [each.stat().st_ino for each in (tmp_path / "cache").rglob("*.parquet")] == [before]
    engine.run(estimator(SQL.replace("day = 2", "day IN (2, 3)")))
    assert len(list((tmp_path / "cache").rglob("*.parquet"))) == 2


def test_the_guard_refuses_before_athena_is_asked(lake: LakeTables) -> None:
    with pytest.raises(QueryRefused):
        lake_tables.ANY.require(
            lake_tables.estimator_over(QueriedTables(lake=lake))("SELECT * FROM order_lines").estimate
        )


def test_values_come_in_their_types_and_the_rest_is_cut_off(site: AthenaSite, store: str) -> None:
    columns = [("n", "bigint"), ("x", "double"), ("yes", "boolean"), ("day", "date"), ("at", "timestamp")]
    rows = [[str(number), "1.5", "true", "2024-01-02", "2024-01-02 03:04:05.000"] for number in range(3)]
    site.set_up()
    published.answer_next(store, columns, [*rows, [None] * 5])
    execution = site.queries.run("SELECT 1")
    table, truncated = site.queries.rows(execution, 3)
    assert (table.num_rows, truncated) == (3, True)
    assert [str(field.type) for field in table.schema] == ["int64", "double", "bool", "date32[day]", "string"]
    assert table.column("n").to_pylist() == [0, 1, 2]


def stubbed(*answers: Any, seconds: float = 5) -> AthenaQueries:
    client = connect(access_to("http://127.0.0.1:1")).athena
    stub = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, str):
            code, message = answer.split(": ", 1)
            stub.add_client_error(operation, code, message)
        else:
            stub.add_response(operation, answer)
    stub.activate()
    return published.queries(client, seconds=seconds)


STARTED = ("start_query_execution", {"QueryExecutionId": "1"})


def ended(state: str, **status: str) -> tuple[str, Any]:
    statistics = {"DataScannedInBytes": 12345, "TotalExecutionTimeInMillis": 678}
    return "get_query_execution", {
        "QueryExecution": {"Status": {"State": state, **status}, "Statistics": statistics}
    }


def test_what_it_scanned_is_told_once_it_has_ended() -> None:
    execution = stubbed(STARTED, ended("QUEUED"), ended("RUNNING"), ended("SUCCEEDED")).run(SQL)
    assert (execution.scanned, execution.milliseconds) == (12345, 678)


def test_a_query_that_fails_or_is_cancelled_says_why() -> None:
    with pytest.raises(AthenaQueryFailed, match="Athena says: SYNTAX_ERROR: line 1"):
        stubbed(STARTED, ended("FAILED", StateChangeReason="SYNTAX_ERROR: line 1")).run(SQL)
    with pytest.raises(AthenaQueryCancelled, match="cancelled"):
        stubbed(STARTED, ended("CANCELLED")).run(SQL)


def test_a_query_that_takes_too_long_is_stopped_there() -> None:
    with pytest.raises(QueryTooLong, match="LAKE_QUERY_SECONDS"):
        stubbed(STARTED, ended("RUNNING"), ("stop_query_execution", {}), seconds=0).run(SQL)


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        ("AccessDeniedException: not authorized", AthenaForbidden, "lack the right to StartQueryExecution"),
        ("UnrecognizedClientException: bad token", AthenaForbidden, "not known or have expired"),
        ("ThrottlingException: slow down", AthenaUnavailable, "slow down"),
        (
            "InvalidRequestException: WorkGroup lakehouse is not found.",
            AthenaNotSetUp,
            "lakehouse lake athena setup",
        ),
        (
            "InvalidRequestException: Unable to verify/create output bucket in region us-west-1",
            AthenaNotSetUp,
            "Set AWS_REGION to the region of the bucket",
        ),
        ("SomethingNew: odd", AthenaNotSetUp, "odd"),
    ],
)
def test_what_aws_refuses_is_told_with_what_to_do(error: str, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        stubbed(("start_query_execution", error)).run(SQL)


def test_without_keys_or_an_answer_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    boto3.setup_default_session()
    nobody = connect(Access(endpoint_url="http://127.0.0.1:1", region="us-east-1")).athena
    with pytest.raises(AthenaForbidden, match="AWS_ACCESS_KEY_ID"):
        published.queries(nobody).run(SQL)
    with pytest.raises(AthenaNotSetUp, match="AWS_REGION"):
        connect(Access())
    away = connect(access_to("http://127.0.0.1:1")).athena
    with pytest.raises(AthenaUnavailable, match="does not answer"):
        published.queries(away).run(SQL)
