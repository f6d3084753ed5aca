"""Starting a stage of the pipeline, or the rebuild of a layer."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict, model_validator

from governance.idempotency import idempotent
from governance.operations.schemas import OperationOut, accepted
from governance.services import enqueue_once
from lakehouse_project.kernel.events import EventBus
from lakehouse_project.kernel.permissions import permitted
from lakehouse_project.kernel.problem import Problem
from lakehouse_project.kernel.services import resolve

router = Router(tags=["pipeline"])

LAYER_OF = {"refine": "silver", "refresh": "gold", "project": "search", "publish": "lake"}


class PipelineIn(Schema):
    """What to do. The clock does the first four by itself, every few seconds, where there is news."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"step": "rebuild", "layer": "silver"}}
    )

    step: Annotated[
        Literal["refine", "refresh", "project", "publish", "rebuild"],
        Field(
            description="refine: raw records into the star schema; refresh: marts, views and their files; project: search "
            "documents; publish: changed partitions of the lake; rebuild: a whole layer anew from the ones below it."
        ),
    ]
    layer: Annotated[Literal["silver", "gold", "lake"] | None, Field(description="What to rebuild.")] = None

    @model_validator(mode="after")
    def _a_layer_is_rebuilt(self) -> "PipelineIn":
        if (self.step == "rebuild") != (self.layer is not None):
            raise ValueError("`layer` says what `rebuild` builds, and goes with no other step")
        return self

    @property
    def target(self) -> str:
        return self.layer or LAYER_OF[self.step]


@router.post(
    "/runs",
    response={202: OperationOut, 403: Problem, 409: Problem, 422: Problem},
    operation_id="start_pipeline_run",
    summary="Start a stage of the pipeline, or rebuild a layer",
    description="The same that waits already, or is at work, is answered with.",
)
@permitted("governance.start_pipeline")
@idempotent
def start_pipeline_run(
    request: HttpRequest, response: HttpResponse, wanted: PipelineIn
) -> Status[OperationOut]:
    is_rebuild = wanted.step == "rebuild"
    kind, inputs = (
        ("rebuild", {"layer": wanted.target}) if is_rebuild else ("pipeline", {"step": wanted.step})
    )
    run, is_new = enqueue_once(kind, user_id=request.user.pk, **inputs)
    if is_new:
        payload: dict[str, Any] = {} if wanted.target == "search" else {"everything": is_rebuild}
        resolve(EventBus).publish(f"{wanted.target}.run_wanted", run_id=str(run.pk), **payload)
    return accepted(request, response, run)
