"""Stored queries."""

import datetime as dt
from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from governance.models import Run
from governance.repositories import visible_runs
from lake.sql.domain import Actual, Answer, Estimate
from lake.sql.errors import QueryNotFound
from lake.sql.models import LakeQuery
from lakehouse_project.kernel.rows import Rows

OF_RUN = {"state": "state", "message": "message", "asked_at": "created_at", "finished_at": "finished_at"}
"""What an item says of the run of its query, and the column there."""
OWN = tuple(field.attname for field in LakeQuery._meta.concrete_fields)
COLUMNS = (*OWN, *(f"run__{column}" for column in OF_RUN.values()))


class LakeQueries:
    """Queries, newest first. People see their own, but for those of data sets that they may not see any more."""

    def of(self, user_id: int) -> QuerySet[LakeQuery]:
        return LakeQuery.objects.filter(run__requested_by=user_id, run__in=visible_runs())

    def add(self, run: Run, sql: str, engine: str, estimate: Estimate) -> LakeQuery:
        return LakeQuery.objects.create(
            run=run,
            sql=sql,
            engine=engine,
            estimate=estimate.model_dump(mode="json"),
            estimated_bytes=estimate.bytes,
        )

    def get(self, run_id: UUID) -> LakeQuery:
        """Raises `QueryNotFound`."""
        return self._found(LakeQuery.objects.filter(run_id=run_id), run_id)

    def own(self, run_id: UUID, user_id: int) -> LakeQuery:
        """Raises `QueryNotFound`, also for somebody else's."""
        return self._found(self.of(user_id).filter(run_id=run_id), run_id)

    def item(self, run_id: UUID, user_id: int) -> dict[str, Any]:
        """One of `rows`. Raises `QueryNotFound`, also for somebody else's."""
        found = self.of(user_id).filter(run_id=run_id).values(*COLUMNS).first()
        if found is None:
            raise QueryNotFound(f"You have no query {run_id}.")
        return _with_run(found)

    def rows(self, *, user_id: int) -> Rows:
        """As items with the state of its run in each."""
        return Rows(self.of(user_id), ("-run__created_at", "run_id"), COLUMNS).each(_with_run)

    def answered(self, query: LakeQuery, answer: Answer, key: str) -> None:
        query.actual = answer.actual.model_dump(mode="json")
        query.scanned_bytes = answer.actual.bytes
        query.rows, query.truncated, query.result_key = answer.table.num_rows, answer.truncated, key
        query.save()

    def expired(self, age: dt.timedelta) -> list[LakeQuery]:
        """Those whose results were made longer ago."""
        return list(LakeQuery.objects.filter(run__created_at__lt=timezone.now() - age).exclude(result_key=""))

    def known(self, run_ids: Collection[str]) -> set[str]:
        """Those of the ids that are of queries."""
        return {
            str(pk) for pk in LakeQuery.objects.filter(pk__in=map(UUID, run_ids)).values_list("pk", flat=True)
        }

    def forgot(self, query: LakeQuery) -> None:
        """Its result is gone."""
        query.result_key = ""
        query.save(update_fields=["result_key"])

    def _found(self, rows: Any, run_id: UUID) -> LakeQuery:
        query: LakeQuery | None = rows.select_related("run").first()
        if query is None:
            raise QueryNotFound(f"You have no query {run_id}.")
        return query


def actual_of(query: LakeQuery) -> Actual | None:
    return Actual.model_validate(query.actual) if query.actual else None


def result_address(run_id: UUID) -> str:
    """Below the version of the API."""
    return f"/lake/queries/{run_id}/result"


def _with_run(row: dict[str, Any]) -> dict[str, Any]:
    of_run = {name: row[f"run__{column}"] for name, column in OF_RUN.items()}
    return {**row, "run": row["run_id"], **of_run}
