"""How the services of queries over the lake are built."""

import wireup
from django.conf import settings

from lake.sql import services
from lake.sql.domain import MB, Limits
from lake.sql.embedded import EmbeddedEngine
from lake.sql.estimating import Estimator, Guard
from lake.sql.fetching import LocalFiles
from lake.sql.repositories import LakeQueries
from lake.sql.results import Results
from lake.sql.tables import QueriedTables
from lake.storage import Storage
from lake.tables import LakeTables
from lakehouse_project.env import env
from lakehouse_project.kernel.events import EventBus


@wireup.injectable
def estimator(tables: LakeTables) -> Estimator:
    return Estimator(tables=QueriedTables(lake=tables))


@wireup.injectable
def guard() -> Guard:
    return Guard(scan_bytes=_limits().scan_bytes)


@wireup.injectable
def engines() -> services.Engines:
    embedded = EmbeddedEngine(
        limits=_limits(),
        files=LocalFiles(folder=settings.LAKEHOUSE_HOME / "cache" / "lake", megabytes=env().lake_cache_mb),
        temporary=settings.LAKEHOUSE_HOME / "tmp",
    )
    return services.Engines({embedded.name: embedded})


@wireup.injectable
def results(stored: Storage) -> Results:
    return Results(storage=stored)


@wireup.injectable
def lake_queries() -> LakeQueries:
    return LakeQueries()


@wireup.injectable
def estimate_query(finds: Estimator, decides: Guard) -> services.EstimateQuery:
    return services.EstimateQuery(estimator=finds, guard=decides)


@wireup.injectable
def plan_query(finds: Estimator, ways: services.Engines) -> services.PlanQuery:
    return services.PlanQuery(estimator=finds, engines=ways)


@wireup.injectable
def ask_query(
    finds: Estimator, decides: Guard, ways: services.Engines, queries: LakeQueries, bus: EventBus
) -> services.AskQuery:
    return services.AskQuery(estimator=finds, guard=decides, engines=ways, queries=queries, events=bus)


@wireup.injectable
def answer_query(
    finds: Estimator, decides: Guard, ways: services.Engines, queries: LakeQueries, kept: Results
) -> services.AnswerQuery:
    return services.AnswerQuery(estimator=finds, guard=decides, engines=ways, queries=queries, results=kept)


@wireup.injectable
def run_query(
    finds: Estimator, decides: Guard, ways: services.Engines, queries: LakeQueries
) -> services.RunQuery:
    return services.RunQuery(estimator=finds, guard=decides, engines=ways, queries=queries)


def _limits() -> Limits:
    given = env()
    return Limits(
        scan_bytes=given.lake_query_scan_mb * MB,
        seconds=given.lake_query_seconds,
        memory_mb=given.lake_query_memory_mb,
        rows=given.lake_query_rows,
    )


FACTORIES = (
    estimator,
    guard,
    engines,
    results,
    lake_queries,
    estimate_query,
    plan_query,
    ask_query,
    answer_query,
    run_query,
)
