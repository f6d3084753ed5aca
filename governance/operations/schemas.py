"""Operations as callers see them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema, Status

from governance.models import Run
from governance.operations.repositories import OPEN

RETRY_AFTER = 1
"""Seconds: progress is told about as often."""


class Links(Schema):
    """Addresses of this operation. `cancel` is there while it is open, `result` once there is one."""

    self: str
    cancel: str | None = None
    result: str | None = None


class OperationOut(Schema):
    """Work that somebody asked for, and how far it is."""

    id: UUID
    kind: Annotated[str, Field(examples=["export"])]
    state: Annotated[
        str, Field(description="queued, running, succeeded, partial, failed, cancelled", examples=["running"])
    ]
    progress: Annotated[float, Field(description="Share of the work done, 0 to 1.", examples=[0.4])]
    is_cancel_requested: bool
    inputs: dict[str, Any]
    counts: dict[str, Any]
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    links: Links


def present(request: HttpRequest, run: Run) -> OperationOut:
    """The operation, with addresses in the API version of the request."""
    names = [name for name in OperationOut.model_fields if hasattr(run, name)]
    return OperationOut(
        **{name: getattr(run, name) for name in names},
        is_cancel_requested=run.cancel_requested_at is not None,
        links=Links.model_validate(
            {
                "self": address(request, run.pk),
                "cancel": f"{address(request, run.pk)}/cancel" if run.state in OPEN else None,
                "result": result_address(request, run),
            }
        ),
    )


def address(request: HttpRequest, run_id: UUID) -> str:
    return f"{_version(request)}/operations/{run_id}"


def result_address(request: HttpRequest, run: Run) -> str | None:
    """Where the result is: a resource of the API, or the file that was written."""
    if run.state not in (Run.State.SUCCEEDED, Run.State.PARTIAL) or not run.result:
        return None
    place = run.result.get("location")
    return f"{_version(request)}{place}" if place else f"{address(request, run.pk)}/result"


def accepted(request: HttpRequest, response: HttpResponse, run: Run) -> Status[OperationOut]:
    """The one answer of every route that starts work: 202, where to look after it, and when."""
    look_after(request, response, run.pk)
    return Status(202, present(request, run))


def look_after(request: HttpRequest, response: HttpResponse, run_id: UUID | None) -> None:
    """The headers of `accepted`, for answers whose body is what is worked on."""
    if run_id is not None:
        response["Location"] = address(request, run_id)
        response["Retry-After"] = str(RETRY_AFTER)


def _version(request: HttpRequest) -> str:
    """`/api/v1`: the version that the caller speaks."""
    return "/".join(request.path.split("/")[:3])
