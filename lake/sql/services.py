"""Use cases of queries."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from governance.models import Run
from governance.services import asker, enqueue, track
from lake.sql.domain import Answer, Verdict
from lake.sql.engines import Engine
from lake.sql.errors import FilesGone
from lake.sql.estimating import Estimator, Guard, Prepared
from lake.sql.models import LakeQuery
from lake.sql.repositories import LakeQueries, result_address
from lake.sql.results import Results
from lakehouse_project.kernel.callers import on_behalf_of
from lakehouse_project.kernel.errors import NotConfigured
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.permissions import require

KIND = "lake query"
PERMISSION = "lake.view_lake"
WANTED = "lake.query_wanted"
KEPT = dt.timedelta(days=7)
"""How long results are kept."""


@dataclass(frozen=True)
class Engines:
    """How the engines that are set up are made, by name."""

    by_name: Mapping[str, Callable[[], Engine]]

    def named(self, name: str) -> Engine:
        """Raises `NotConfigured`."""
        self.require(name)
        return self.by_name[name]()

    def require(self, name: str) -> None:
        """Raises `NotConfigured` for one that is not set up."""
        if name not in self.by_name:
            raise NotConfigured(
                f"There is no engine {name!r}: the lake is queried with {', '.join(self.by_name)}. "
                "Athena needs the lake in a bucket (STORAGE_URL=s3://…)."
            )


@dataclass(frozen=True, kw_only=True)
class EstimateQuery:
    """What a query would read, and whether it may. Runs nothing."""

    estimator: Estimator
    guard: Guard

    def __call__(self, sql: str) -> Verdict:
        return self.guard.verdict(self.estimator(sql).estimate)


@dataclass(frozen=True, kw_only=True)
class PlanQuery:
    """How an engine would run a query, as text."""

    estimator: Estimator
    engines: Engines

    def __call__(self, sql: str, *, engine: str) -> str:
        return self.engines.named(engine).plan(self.estimator(sql))


@dataclass(frozen=True, kw_only=True)
class AskQuery:
    """Take a query that may run, for a worker. Raises `QueryRefused` for another one."""

    estimator: Estimator
    guard: Guard
    engines: Engines
    queries: LakeQueries
    events: EventBus

    def __call__(self, sql: str, *, engine: str, user_id: int | None) -> LakeQuery:
        self.engines.require(engine)
        prepared = self.estimator(sql)
        self.guard.require(prepared.estimate)
        run = enqueue(KIND, user_id=user_id, **_inputs(engine, prepared))
        query = self.queries.add(run, sql, engine, prepared.estimate)
        self.events.publish(WANTED, run_id=str(query.pk))
        return query


@dataclass(frozen=True, kw_only=True)
class AnswerQuery:
    """Run a query that was taken, keep its result, and record what it read beside the estimate."""

    estimator: Estimator
    guard: Guard
    engines: Engines
    queries: LakeQueries
    results: Results

    def __call__(self, run_id: str) -> None:
        query = self.queries.get(UUID(run_id))
        if query.run.state != Run.State.QUEUED:
            return
        with track(KIND, run_id=run_id) as run:
            with on_behalf_of(asker(query.run)) as request:
                require(request, PERMISSION)
                answer = self._answer(query)
            self.queries.answered(query, answer, self.results.keep(run_id, answer.table))
            run.counts = {"rows": answer.table.num_rows, "bytes": answer.actual.bytes}
            run.result = {"location": result_address(query.pk)}
        self._forget_old_results()

    def _answer(self, query: LakeQuery) -> Answer:
        """The table may have grown since it was asked for, and its data sets may be restricted: all is looked at again."""
        prepared = self.estimator(query.sql)
        self.guard.require(prepared.estimate)
        with _looking_anew(self.estimator, prepared):
            return self.engines.named(query.engine).run(prepared)

    def _forget_old_results(self) -> None:
        for query in self.queries.expired(KEPT):
            self.results.remove(query)
            self.queries.forgot(query)
        self.results.sweep(self.queries.known)


@dataclass(frozen=True)
class Answered:
    """A query and its result."""

    prepared: Prepared
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class RunQuery:
    """Run a query here and now, for the command line. It is recorded like any other; its result is not kept."""

    estimator: Estimator
    guard: Guard
    engines: Engines
    queries: LakeQueries

    def __call__(self, sql: str, *, engine: str) -> Answered:
        chosen = self.engines.named(engine)
        prepared = self.estimator(sql)
        self.guard.require(prepared.estimate)
        with track(KIND, **_inputs(engine, prepared)) as run:
            query = self.queries.add(run, sql, engine, prepared.estimate)
            with _looking_anew(self.estimator, prepared):
                answer = chosen.run(prepared)
            self.queries.answered(query, answer, key="")
            run.counts = {"rows": answer.table.num_rows, "bytes": answer.actual.bytes}
        return Answered(prepared, answer)


@contextmanager
def _looking_anew(estimator: Estimator, prepared: Prepared) -> Iterator[None]:
    """After files that are gone: the next query finds out what has become of their tables."""
    try:
        yield
    except FilesGone:
        estimator.forget(prepared)
        raise


def _inputs(engine: str, prepared: Prepared) -> dict[str, Any]:
    """What the run says of the query; by its data sets it is hidden from who may not see one of them."""
    return {"engine": engine, "datasets": sorted(prepared.datasets)}
