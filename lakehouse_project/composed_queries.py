"""How the services of queries over the lake are built."""

from collections.abc import Callable
from functools import cache

import wireup
from django.conf import settings
from django.db import transaction

from lake.athena.clients import Clients, connect
from lake.athena.engine import AthenaEngine
from lake.athena.following import FollowPublish
from lake.athena.glue import GlueCatalogue
from lake.athena.links import Links
from lake.athena.queries import AthenaQueries
from lake.athena.site import AthenaSite
from lake.sql import services
from lake.sql.children import Children
from lake.sql.domain import MB, Limits
from lake.sql.embedded import EmbeddedEngine
from lake.sql.engines import Engine
from lake.sql.estimating import Estimator, Guard
from lake.sql.examples import RunExamples
from lake.sql.fetching import LocalFiles
from lake.sql.planning import Planner
from lake.sql.repositories import LakeQueries
from lake.sql.results import Results
from lake.sql.tables import QueriedTables
from lake.storage import Storage
from lake.tables import LakeTables
from lakehouse_project.env import env
from lakehouse_project.kernel.errors import NotConfigured
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.services import resolve
from lakehouse_project.stores import access


@wireup.injectable
def estimator(tables: LakeTables) -> Estimator:
    return Estimator(tables=QueriedTables(lake=tables), planner=Planner(_children()))


@wireup.injectable
def guard() -> Guard:
    return Guard(scan_bytes=_limits().scan_bytes)


@wireup.injectable
def engines(stored: Storage) -> services.Engines:
    ways: dict[str, Callable[[], Engine]] = {EmbeddedEngine.name: _embedded}
    if _is_bucket(stored):
        ways[AthenaEngine.name] = _athena
    return services.Engines(ways)


def _embedded() -> EmbeddedEngine:
    return EmbeddedEngine(
        limits=_limits(),
        files=LocalFiles(folder=settings.LAKEHOUSE_HOME / "cache" / "lake", megabytes=env().lake_cache_mb),
        temporary=settings.LAKEHOUSE_HOME / "tmp",
        children=_children(),
    )


@cache
def _children() -> Children:
    return Children(_limits().memory_mb)


def _athena() -> AthenaEngine:
    return AthenaEngine(queries=_athena_queries(_clients()), rows=_limits().rows)


def _athena_queries(clients: Clients) -> AthenaQueries:
    return AthenaQueries(
        client=clients.athena,
        database=env().athena_database,
        workgroup=env().athena_workgroup,
        seconds=_limits().seconds,
    )


@cache
def _clients() -> Clients:
    return connect(access())


def _is_bucket(stored: Storage) -> bool:
    return stored.where.startswith("s3://")


@wireup.injectable
def links(stored: Storage) -> Links:
    return Links(storage=stored)


@wireup.injectable
def athena_site(stored: Storage, tables: LakeTables, lists: Links) -> AthenaSite:
    if not _is_bucket(stored):
        raise NotConfigured(
            "Athena reads a lake in a bucket: set STORAGE_URL=s3://bucket/prefix and publish it there."
        )
    clients = _clients()
    return AthenaSite(
        athena=clients.athena,
        glue=GlueCatalogue(client=clients.glue, database=env().athena_database),
        queries=_athena_queries(clients),
        lake=tables,
        links=lists,
        workgroup=env().athena_workgroup,
        results=env().athena_results_url or f"{stored.where}/athena-results/",
        scan_bytes=_limits().scan_bytes,
    )


@wireup.injectable
def follow_publish(lists: Links) -> FollowPublish:
    return FollowPublish(links=lists, site=lambda: resolve(AthenaSite), atomic=transaction.atomic)


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


@wireup.injectable
def run_examples(finds: Estimator, runs: services.RunQuery) -> RunExamples:
    return RunExamples(estimator=finds, run=runs)


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
    links,
    athena_site,
    follow_publish,
    results,
    lake_queries,
    estimate_query,
    plan_query,
    ask_query,
    answer_query,
    run_query,
    run_examples,
)
