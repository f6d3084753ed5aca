"""What the pipeline did."""

import datetime as dt
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types import Info

from governance.models import Run as RunModel
from governance.repositories import Runs
from lakehouse_project.graphql.pages import Connection, connection_type, page_of_rows
from lakehouse_project.graphql.rows import Context
from lakehouse_project.graphql.scalars import Json
from lakehouse_project.kernel.permissions import require
from lakehouse_project.kernel.services import resolve
from lakehouse_project.kernel.slices import LIMIT

PERMISSION = "governance.view_run"

strawberry.enum(RunModel.State, name="RunState", description="How far a run is.")


@strawberry.type(description="One piece of work of the pipeline.")
class Run:
    id: UUID
    kind: str
    state: str
    progress: float
    inputs: Json
    counts: Json
    message: str
    created_at: dt.datetime
    finished_at: dt.datetime | None


RunConnection: Any = connection_type(Run)


def runs(
    info: Info[Context, None],
    *,
    kind: str | None = None,
    state: RunModel.State | None = None,
    first: int = LIMIT,
    after: str | None = None,
) -> Connection:
    require(info.context.request, PERMISSION)
    rows = resolve(Runs).rows(kind=kind, state=state)
    return page_of_rows("runs", rows, first, after)
