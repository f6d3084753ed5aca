"""Stored queries."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.utils import timezone

from governance.models import Run
from lake.sql.domain import Actual, Answer, Estimate
from lake.sql.errors import QueryNotFound
from lake.sql.models import LakeQuery
from lakehouse_project.kernel.pagination import PageOf


class LakeQueries:
    """Queries, newest first. People see their own."""

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
        return self._found(LakeQuery.objects.filter(run_id=run_id, run__requested_by=user_id), run_id)

    def page(self, window: slice, *, user_id: int) -> PageOf:
        rows = LakeQuery.objects.select_related("run").filter(run__requested_by=user_id)
        return PageOf(list(rows[window]), rows.count())

    def answered(self, query: LakeQuery, answer: Answer, key: str) -> None:
        query.actual = answer.actual.model_dump(mode="json")
        query.scanned_bytes = answer.actual.bytes
        query.rows, query.truncated, query.result_key = answer.table.num_rows, answer.truncated, key
        query.save()

    def expired(self, age: dt.timedelta) -> list[LakeQuery]:
        """Those whose results were made longer ago."""
        return list(LakeQuery.objects.filter(run__created_at__lt=timezone.now() - age).exclude(result_key=""))

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
